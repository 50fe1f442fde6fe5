package media

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

// ErrEmptyMask is the failure of a mask that would repaint nothing.
var ErrEmptyMask = errors.New("the mask is empty: nothing would be repainted")

// A Mask says how much of each pixel of a picture is repainted: 255 all of it,
// 0 nothing. It has the picture's size.
type Mask struct {
	Width, Height int
	Pix           []uint8 // row by row, without gaps
}

// NewMask returns a mask of nothing.
func NewMask(width, height int) *Mask {
	return &Mask{Width: width, Height: height, Pix: make([]uint8, width*height)}
}

func (m *Mask) row(y int) []uint8 { return m.Pix[y*m.Width:][:m.Width] }

// Image gives the mask as a gray picture that shares its pixels.
func (m *Mask) Image() *image.Gray {
	return &image.Gray{Pix: m.Pix, Stride: m.Width, Rect: image.Rect(0, 0, m.Width, m.Height)}
}

// Bounds is the smallest rectangle around all that is repainted.
func (m *Mask) Bounds() image.Rectangle {
	b := image.Rectangle{Min: image.Pt(m.Width, m.Height)}
	for y := range m.Height {
		row := m.row(y)
		first := 0
		for first < m.Width && row[first] == 0 {
			first++
		}
		if first == m.Width {
			continue
		}
		last := m.Width - 1
		for row[last] == 0 {
			last--
		}
		b.Min.X, b.Max.X = min(b.Min.X, first), max(b.Max.X, last+1)
		b.Min.Y, b.Max.Y = min(b.Min.Y, y), y+1
	}
	if b.Max == (image.Point{}) {
		return image.Rectangle{}
	}
	return b
}

// Part is the mask of a part of the picture, which lies within it.
func (m *Mask) Part(r image.Rectangle) *Mask {
	if r == image.Rect(0, 0, m.Width, m.Height) {
		return m
	}
	out := NewMask(r.Dx(), r.Dy())
	for y := range out.Height {
		copy(out.row(y), m.row(r.Min.Y + y)[r.Min.X:])
	}
	return out
}

// Check refuses a mask of nothing (ErrEmptyMask).
func (m *Mask) Check() error {
	if m.Bounds().Empty() {
		return ErrEmptyMask
	}
	return nil
}

// Invert repaints what was kept, and the other way round.
func (m *Mask) Invert() {
	for i, v := range m.Pix {
		m.Pix[i] = 255 - v
	}
}

// Union adds what another mask of the same size repaints.
func (m *Mask) Union(o *Mask) error {
	if m.Width != o.Width || m.Height != o.Height {
		return fmt.Errorf("a mask of %d x %d does not fit one of %d x %d", o.Width, o.Height, m.Width, m.Height)
	}
	for i, v := range o.Pix {
		m.Pix[i] = max(m.Pix[i], v)
	}
	return nil
}

// Fill adds a shape.
func (m *Mask) Fill(s Shape) {
	r := s.Within(m.Width, m.Height).Intersect(image.Rect(0, 0, m.Width, m.Height))
	if !s.Ellipse {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			fill(m.row(y)[r.Min.X:r.Max.X])
		}
		return
	}
	whole := s.Within(m.Width, m.Height)
	a, b := float64(whole.Dx())/2, float64(whole.Dy())/2
	cx, cy := float64(whole.Min.X)+a, float64(whole.Min.Y)+b
	for y := r.Min.Y; y < r.Max.Y; y++ {
		dy := (float64(y) + 0.5 - cy) / b
		half := a * math.Sqrt(max(0, 1-dy*dy))
		x0, x1 := int(math.Ceil(cx-half-0.5)), int(math.Floor(cx+half-0.5))+1
		x0, x1 = max(x0, r.Min.X), min(x1, r.Max.X)
		if x0 < x1 {
			fill(m.row(y)[x0:x1])
		}
	}
}

func fill(p []uint8) {
	for i := range p {
		p[i] = 255
	}
}

// MaskFromAlpha repaints what is transparent, as ComfyUI's image loader does.
func MaskFromAlpha(img *image.NRGBA) *Mask {
	m := NewMask(img.Rect.Dx(), img.Rect.Dy())
	inRows(m.Height, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			src := img.Pix[y*img.Stride:]
			for x := range m.row(y) {
				m.Pix[y*m.Width+x] = 255 - src[4*x+3]
			}
		}
	})
	return m
}

// MaskFromColor repaints the pixels that differ from a colour by at most
// tolerance (0 to 255) in each of red, green and blue, and are not transparent.
func MaskFromColor(img *image.NRGBA, c color.NRGBA, tolerance uint8) *Mask {
	m := NewMask(img.Rect.Dx(), img.Rect.Dy())
	near := func(a, b uint8) bool { return max(a, b)-min(a, b) <= tolerance }
	inRows(m.Height, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			src := img.Pix[y*img.Stride:]
			row := m.row(y)
			for x := range row {
				p := src[4*x : 4*x+4]
				if p[3] > 0 && near(p[0], c.R) && near(p[1], c.G) && near(p[2], c.B) {
					row[x] = 255
				}
			}
		}
	})
	return m
}

// MaskFromPicture reads a mask file for a picture of the given size: white is
// repainted, by brightness, on black where it is transparent. A file that shows
// no gray drawing but has holes (a photo with an erased area, or black of
// varying alpha) is taken by its alpha: transparent is repainted. A file of
// another size is scaled; notes tell what is not as usual.
func MaskFromPicture(p *Picture, width, height int) (m *Mask, notes []string) {
	img := p.Image
	if p.HadAlpha && !isDrawing(img) {
		m = MaskFromAlpha(img)
		notes = append(notes, "the mask was taken from the alpha of its file: transparent is repainted")
	} else {
		m = brightness(img)
	}
	if m.Width == width && m.Height == height {
		return m, notes
	}
	if a, b := m.Width*height, m.Height*width; max(a, b)-min(a, b) > max(a, b)/50 {
		notes = append(notes, fmt.Sprintf("the mask of %d x %d pixels was stretched to the picture's %d x %d", m.Width, m.Height, width, height))
	}
	return m.Scale(width, height), notes
}

// isDrawing: what is visible is gray and not all black.
func isDrawing(img *image.NRGBA) bool {
	const tint = 24 // compression tints gray a little
	bright := false
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:4*img.Rect.Dx()]
		for i := 0; i < len(row); i += 4 {
			r, g, b, a := row[i], row[i+1], row[i+2], row[i+3]
			if a < 16 {
				continue
			}
			if max(r, g, b)-min(r, g, b) > tint {
				return false
			}
			bright = bright || r > 127
		}
	}
	return bright
}

// brightness is the luma (ITU-R BT.601, as PIL's "L") on black.
func brightness(img *image.NRGBA) *Mask {
	m := NewMask(img.Rect.Dx(), img.Rect.Dy())
	inRows(m.Height, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			src := img.Pix[y*img.Stride:]
			row := m.row(y)
			for x := range row {
				p := src[4*x : 4*x+4]
				luma := (19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16
				row[x] = uint8((luma*uint32(p[3]) + 127) / 255)
			}
		}
	})
	return m
}

// Scale returns the mask at another size.
func (m *Mask) Scale(width, height int) *Mask {
	out := NewMask(width, height)
	src := m.Image()
	// The scaler has no fast way into gray: go through colour, in strips.
	const strip = 256
	inRows((height+strip-1)/strip, func(s0, s1 int) {
		buf := image.NewRGBA(image.Rect(0, 0, width, strip))
		for s := s0; s < s1; s++ {
			y0, y1 := s*strip, min((s+1)*strip, height)
			part := &image.RGBA{Pix: buf.Pix, Stride: buf.Stride, Rect: image.Rect(0, y0, width, y1)}
			draw.ApproxBiLinear.Scale(part, image.Rect(0, 0, width, height), src, src.Rect, draw.Src, nil)
			for y := y0; y < y1; y++ {
				line := part.Pix[(y-y0)*part.Stride:]
				row := out.row(y)
				for x := range row {
					row[x] = line[4*x]
				}
			}
		}
	})
	return out
}
