package media

import (
	"fmt"
	"image"
)

// A Canvas is a picture placed on a larger one whose sides a model can take,
// and how to get back.
type Canvas struct {
	Image   *image.NRGBA
	Content image.Rectangle // where the picture lies on it
}

// Part is a part of a picture, which lies within it, as a picture of its own
// that shares the pixels.
func Part(img *image.NRGBA, r image.Rectangle) *image.NRGBA {
	return &image.NRGBA{Pix: img.Pix[img.PixOffset(r.Min.X, r.Min.Y):], Stride: img.Stride, Rect: image.Rectangle{Max: r.Size()}}
}

// FitGrid pads a picture to the right and below so that both sides are
// multiples of grid (8 or 16 for most models). The border repeats the last
// pixels, so that a model sees no edge. A picture that fits is returned as it is.
func FitGrid(img *image.NRGBA, grid int) Canvas {
	up := func(n int) int { return (n + grid - 1) / grid * grid }
	w, h := img.Rect.Dx(), img.Rect.Dy()
	if grid <= 1 || up(w) == w && up(h) == h {
		return Canvas{img, img.Rect}
	}
	return place(img, image.Rect(0, 0, up(w), up(h)), image.Point{})
}

// Mask places a mask of the picture on the canvas. The border repeats the
// mask's last values: what is repainted up to the picture's edge goes on
// beyond it, instead of growing around a strip of what was there.
func (c Canvas) Mask(m *Mask) *Mask {
	if c.Content == c.Image.Rect {
		return m
	}
	out := NewMask(c.Image.Rect.Dx(), c.Image.Rect.Dy())
	for y := range out.Height {
		src := m.row(min(max(y-c.Content.Min.Y, 0), m.Height-1))
		row := out.row(y)
		copy(row[c.Content.Min.X:], src)
		for x := range c.Content.Min.X {
			row[x] = src[0]
		}
		for x := c.Content.Max.X; x < out.Width; x++ {
			row[x] = src[m.Width-1]
		}
	}
	return out
}

// Crop is the picture's part of a generated picture, which may have another
// size than the canvas.
func (c Canvas) Crop(generated image.Rectangle) image.Rectangle {
	size := c.Image.Rect.Size()
	scaled := func(v, from, to int) int { return (v*to + from/2) / from }
	return image.Rect(
		scaled(c.Content.Min.X, size.X, generated.Dx()), scaled(c.Content.Min.Y, size.Y, generated.Dy()),
		scaled(c.Content.Max.X, size.X, generated.Dx()), scaled(c.Content.Max.Y, size.Y, generated.Dy()),
	).Add(generated.Min)
}

// Expand makes a picture larger for outpainting, and the mask of what is new.
// The new area repeats the border's pixels. A canvas of more than 100 million
// pixels, and margins of nothing, are errors.
func Expand(img *image.NRGBA, m Margins) (*image.NRGBA, *Mask, error) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	left, top := m.Left.Of(w), m.Top.Of(h)
	out := image.Rect(0, 0, left+w+m.Right.Of(w), top+h+m.Bottom.Of(h))
	if out.Size() == img.Rect.Size() {
		return nil, nil, ErrEmptyMask
	}
	if limit := (Limits{}).pixels(); int64(out.Dx()) > limit/int64(out.Dy()) {
		return nil, nil, fmt.Errorf("%d x %d pixels are more than the limit of %d million", out.Dx(), out.Dy(), limit/1_000_000)
	}
	c := place(img, out, image.Pt(left, top))
	mask := NewMask(out.Dx(), out.Dy())
	fill(mask.Pix)
	for y := c.Content.Min.Y; y < c.Content.Max.Y; y++ {
		clear(mask.row(y)[c.Content.Min.X:c.Content.Max.X])
	}
	return c.Image, mask, nil
}

// place copies a picture onto a canvas and repeats its border around it.
func place(img *image.NRGBA, canvas image.Rectangle, at image.Point) Canvas {
	out := image.NewNRGBA(canvas)
	content := image.Rectangle{at, at.Add(img.Rect.Size())}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	inRows(canvas.Dy(), func(y0, y1 int) {
		for y := y0; y < y1; y++ {
			src := img.Pix[min(max(y-at.Y, 0), h-1)*img.Stride:][:4*w]
			row := out.Pix[y*out.Stride:][:4*canvas.Dx()]
			copy(row[4*content.Min.X:], src)
			for x := range content.Min.X {
				copy(row[4*x:], src[:4])
			}
			for x := content.Max.X; x < canvas.Dx(); x++ {
				copy(row[4*x:4*x+4], src[4*w-4:])
			}
		}
	})
	return Canvas{out, content}
}
