package media

import (
	"fmt"
	"image"

	"golang.org/x/image/draw"
)

// WithHoles returns a copy whose alpha is the mask: what is repainted becomes
// transparent and keeps its colour, as ComfyUI's image loader wants it. Alpha
// that the picture had is gone.
func WithHoles(img *image.NRGBA, m *Mask) (*image.NRGBA, error) {
	if err := sameSize(img, m); err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rect(0, 0, m.Width, m.Height))
	inRows(m.Height, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			row := out.Pix[y*out.Stride:][:4*m.Width]
			copy(row, img.Pix[y*img.Stride:])
			for x, v := range m.row(y) {
				row[4*x+3] = 255 - v
			}
		}
	})
	return out, nil
}

func sameSize(img *image.NRGBA, m *Mask) error {
	if img.Rect.Dx() != m.Width || img.Rect.Dy() != m.Height {
		return fmt.Errorf("a mask of %d x %d does not fit a picture of %d x %d", m.Width, m.Height, img.Rect.Dx(), img.Rect.Dy())
	}
	return nil
}

// Flatten puts a picture on white, for workflows that take no alpha. One
// without alpha is returned as it is.
func Flatten(img *image.NRGBA) *image.NRGBA {
	if opaque(img) {
		return img
	}
	out := image.NewNRGBA(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()))
	inRows(out.Rect.Dy(), func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			src, row := img.Pix[y*img.Stride:][:out.Stride], out.Pix[y*out.Stride:][:out.Stride]
			for i := 0; i < len(row); i += 4 {
				a := src[i+3]
				row[i], row[i+1], row[i+2], row[i+3] = blend(255, src[i], a), blend(255, src[i+1], a), blend(255, src[i+2], a), 255
			}
		}
	})
	return out
}

// blend goes from a to b by share of 255; 0 and 255 give a and b exactly.
func blend(a, b, share uint8) uint8 {
	return uint8((uint32(a)*uint32(255-share) + uint32(b)*uint32(share) + 127) / 255)
}

// PreviewOver shows a mask over a picture in red.
func PreviewOver(img *image.NRGBA, m *Mask) (*image.NRGBA, error) {
	if err := sameSize(img, m); err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rect(0, 0, m.Width, m.Height))
	const strength = 153 // 60 %
	inRows(m.Height, func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			row := out.Pix[y*out.Stride:][:4*m.Width]
			copy(row, img.Pix[y*img.Stride:])
			for x, v := range m.row(y) {
				p := row[4*x : 4*x+4]
				share := blend(0, strength, v)
				p[0], p[1], p[2], p[3] = blend(p[0], 255, share), blend(p[1], 32, share), blend(p[2], 64, share), max(p[3], v)
			}
		}
	})
	return out, nil
}

// Composite puts the repainted area of a generated picture into a picture, at
// the picture's size. crop is the part of the generated picture (see
// Canvas.Crop) that shows the part at of the picture; it is scaled when its
// size differs. at holds all that the mask repaints. Where the mask is 0 the
// picture stays as it is, bit by bit; after an error all of it does.
func Composite(picture *image.NRGBA, at image.Rectangle, generated image.Image, crop image.Rectangle, m *Mask) error {
	if err := sameSize(picture, m); err != nil {
		return err
	}
	if crop.Empty() || !crop.In(generated.Bounds()) {
		return fmt.Errorf("the area %v does not lie in a generated picture of %v", crop, generated.Bounds())
	}
	area := m.Bounds()
	switch {
	case area.Empty():
		return nil
	case !area.In(at):
		return fmt.Errorf("the mask repaints %v, and only %v was generated", area, at)
	}
	painted := scaledPart(generated, crop, at, area)
	inRows(area.Dy(), func(y0, y1 int) {
		for y := area.Min.Y + y0; y < area.Min.Y+y1; y++ {
			mask := m.row(y)
			src := painted.Pix[painted.PixOffset(area.Min.X, y):]
			row := picture.Pix[picture.PixOffset(area.Min.X, y):]
			for x := range area.Dx() {
				if share := mask[area.Min.X+x]; share > 0 {
					mix(row[4*x:4*x+4], src[4*x:4*x+4], share)
				}
			}
		}
	})
	return nil
}

// scaledPart scales crop of a picture to whole and computes only area of it,
// with premultiplied alpha.
func scaledPart(img image.Image, crop, whole, area image.Rectangle) *image.RGBA {
	out := image.NewRGBA(area)
	src, ok := img.(*image.NRGBA)
	switch {
	case crop.Size() == whole.Size():
		draw.Draw(out, area, img, crop.Min.Add(area.Min.Sub(whole.Min)), draw.Src)
		return out
	case !ok:
		src = image.NewNRGBA(crop)
		draw.Draw(src, crop, img, crop.Min, draw.Src)
	}
	part := resample(src, crop, whole, area)
	draw.Draw(out, area, part, area.Min, draw.Src)
	return out
}

// mix changes a pixel with straight alpha towards one with premultiplied alpha.
func mix(to, from []uint8, share uint8) {
	if from[3] == 255 && (to[3] == 255 || share == 255) {
		to[0], to[1], to[2], to[3] = blend(to[0], from[0], share), blend(to[1], from[1], share), blend(to[2], from[2], share), 255
		return
	}
	alpha := uint32(to[3])*uint32(255-share) + uint32(from[3])*uint32(share) // of 255 * 255
	if alpha == 0 {
		clear(to)
		return
	}
	for i := range 3 {
		premultiplied := uint32(to[i]) * uint32(to[3]) * uint32(255-share) // of 255 * 255 * 255
		premultiplied += uint32(from[i]) * 255 * uint32(share)
		to[i] = uint8(min(255, (premultiplied+alpha/2)/alpha))
	}
	to[3] = uint8((alpha + 127) / 255)
}
