package media

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// Colour between two samples is three parts of the nearer and one of the
// farther, in each direction.
func TestChromaIsInterpolated(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422} {
		for _, size := range []image.Point{{2, 1}, {3, 2}, {4, 4}, {7, 5}, {16, 9}} {
			src := image.NewYCbCr(image.Rectangle{Max: size}, ratio)
			for i := range src.Cb {
				src.Cb[i], src.Cr[i] = uint8(rnd.IntN(256)), uint8(rnd.IntN(256))
			}
			c := newChroma(src)
			if c == nil {
				t.Fatalf("%v of %v is not interpolated", ratio, size)
			}
			for y := range size.Y {
				c.row(y)
				for x := range size.X {
					cb, cr := between(src, src.Cb, x, y), between(src, src.Cr, x, y)
					if math.Abs(cb-float64(c.cb[x])) > 1 || math.Abs(cr-float64(c.cr[x])) > 1 {
						t.Fatalf("%v of %v: pixel %d, %d has colour %d, %d, want %.1f, %.1f", ratio, size, x, y, c.cb[x], c.cr[x], cb, cr)
					}
				}
			}
		}
	}
}

// between works a pixel's colour out from the samples around it.
func between(src *image.YCbCr, samples []uint8, x, y int) float64 {
	size := src.Rect.Size()
	columns, rows := (size.X+1)/2, size.Y
	nearX, farX := x/2, x/2-1+2*(x%2)
	nearY, farY := y, y
	if src.SubsampleRatio == image.YCbCrSubsampleRatio420 {
		rows = (size.Y + 1) / 2
		nearY, farY = y/2, y/2-1+2*(y%2)
	}
	at := func(x, y int) float64 {
		x, y = min(max(x, 0), columns-1), min(max(y, 0), rows-1)
		return float64(samples[y*src.CStride+x])
	}
	return (9*at(nearX, nearY) + 3*at(farX, nearY) + 3*at(nearX, farY) + at(farX, farY)) / 16
}

func TestChromaAsStored(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]*image.YCbCr{
		"a sample for each pixel": image.NewYCbCr(image.Rect(0, 0, 4, 4), image.YCbCrSubsampleRatio444),
		"a part of a picture":     image.NewYCbCr(image.Rect(2, 0, 6, 4), image.YCbCrSubsampleRatio420),
		"a single column":         image.NewYCbCr(image.Rect(0, 0, 1, 4), image.YCbCrSubsampleRatio420),
	} {
		if newChroma(src) != nil {
			t.Errorf("%s is interpolated", name)
		}
	}
}

// Black and red of a lossy WebP, which stores neither 0 nor 255.
func TestWebPRange(t *testing.T) {
	t.Parallel()
	f, err := os.Open(filepath.Join("testdata", "range.webp"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := Load(f, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range map[int]color.NRGBA{2: {0, 0, 0, 255}, 29: {254, 0, 0, 255}} {
		got := p.Image.NRGBAAt(x, 5)
		far := max(distance(got.R, want.R), distance(got.G, want.G), distance(got.B, want.B))
		if far > 3 || got.A != 255 {
			t.Errorf("column %d is %v, want %v", x, got, want)
		}
	}
}

func distance(a, b uint8) uint8 { return max(a, b) - min(a, b) }
