package media

import (
	"image"
	"image/color"
	"testing"

	"golang.org/x/image/draw"
)

// waves is a picture with detail, by a rule.
func waves(w, h int, alpha bool) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(x * 255 / w), uint8(y * 255 / h), uint8((x*x + y*3) / 7 % 200), 255}
			if alpha {
				c.A = uint8((x + y) * 255 / (w + h))
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func TestResizeAgreesWithOthers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		width, height int
		alpha         bool
	}{
		{"smaller", 41, 29, false},
		{"larger", 333, 222, false},
		{"wider and lower", 301, 20, false},
		{"one pixel", 1, 1, false},
		{"with alpha", 61, 47, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			src := waves(120, 90, test.alpha)
			got := Resize(src, test.width, test.height)
			want := image.NewNRGBA(got.Rect)
			draw.CatmullRom.Scale(want, want.Rect, src, src.Rect, draw.Src, nil)
			worst := 0
			for i, v := range got.Pix {
				if got.Pix[i|3] < 32 {
					continue // where hardly anything is seen, colour is rounding
				}
				worst = max(worst, int(v)-int(want.Pix[i]), int(want.Pix[i])-int(v))
			}
			if limit := 2; worst > limit && !test.alpha || worst > 10 {
				t.Errorf("a value differs by %d from the reference scaler", worst)
			}
		})
	}
}

func TestResizeKeepsOneColour(t *testing.T) {
	t.Parallel()
	src := image.NewNRGBA(image.Rect(0, 0, 57, 31))
	draw.Draw(src, src.Rect, image.NewUniform(color.NRGBA{12, 200, 99, 255}), image.Point{}, draw.Src)
	for _, size := range []image.Point{{300, 200}, {13, 7}} {
		img := Resize(src, size.X, size.Y)
		for i, v := range img.Pix {
			if want := src.Pix[i%4]; v != want {
				t.Fatalf("%v: value %d is %d, want %d", size, i, v, want)
			}
		}
	}
}

// A part is what the same place of the whole is.
func TestResamplePart(t *testing.T) {
	t.Parallel()
	src := waves(90, 70, false)
	whole := image.Rect(0, 0, 211, 173)
	all := resample(src, image.Rect(5, 3, 85, 63), whole, whole)
	area := image.Rect(40, 100, 97, 170)
	part := resample(src, image.Rect(5, 3, 85, 63), whole, area)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if part.NRGBAAt(x, y) != all.NRGBAAt(x, y) {
				t.Fatalf("%d,%d is %v, want %v", x, y, part.NRGBAAt(x, y), all.NRGBAAt(x, y))
			}
		}
	}
}
