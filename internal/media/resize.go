package media

import (
	"image"
	"math"
)

// Resize scales a picture with a Catmull-Rom filter, widened when it shrinks
// so that nothing is skipped. It keeps no copy larger than a row.
func Resize(img *image.NRGBA, width, height int) *image.NRGBA {
	if img.Rect.Dx() == width && img.Rect.Dy() == height {
		return img
	}
	whole := image.Rect(0, 0, width, height)
	return resample(img, img.Rect, whole, whole)
}

// resample scales the crop of a picture to whole and computes only area of it.
// (The scalers of x/image/draw hold 32 bytes a pixel of the whole picture.)
func resample(img *image.NRGBA, crop, whole, area image.Rectangle) *image.NRGBA {
	out := image.NewNRGBA(area)
	columns := newTaps(crop.Min.X, crop.Max.X, whole.Dx(), area.Min.X-whole.Min.X, area.Max.X-whole.Min.X)
	rows := newTaps(crop.Min.Y, crop.Max.Y, whole.Dy(), area.Min.Y-whole.Min.Y, area.Max.Y-whole.Min.Y)
	straight := !opaque(img)
	left, right := columns.span()
	inRows(area.Dy(), func(y0, y1 int) {
		line := make([]float32, 4*(right-left))
		for y := y0; y < y1; y++ {
			clear(line)
			for i, weight := range rows.weights[y] {
				at := img.PixOffset(left, rows.first[y]+i)
				add(line, img.Pix[at:at+len(line)], weight, straight)
			}
			columns.sum(out.Pix[y*out.Stride:][:out.Stride], line, left, straight)
		}
	})
	return out
}

// taps say which source positions make each position of one axis, and how
// strongly.
type taps struct {
	first   []int // the first source position of each
	weights [][]float32
}

// newTaps scales the positions from..to to n and describes those from lo to hi.
func newTaps(from, to, n, lo, hi int) taps {
	step := float64(to-from) / float64(n)
	wide := max(1, step)
	var t taps
	for i := lo; i < hi; i++ {
		centre := float64(from) + (float64(i)+0.5)*step - 0.5
		first := max(from, int(math.Ceil(centre-2*wide)))
		last := min(to-1, int(math.Floor(centre+2*wide)))
		weights := make([]float32, last-first+1)
		sum := 0.0
		for j := range weights {
			w := catmullRom(math.Abs(float64(first+j)-centre) / wide)
			weights[j] = float32(w)
			sum += w
		}
		for j := range weights {
			weights[j] /= float32(sum) // at the border part of the filter is missing
		}
		t.first, t.weights = append(t.first, first), append(t.weights, weights)
	}
	return t
}

func catmullRom(x float64) float64 {
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}

// span is the range of source positions that are used.
func (t taps) span() (first, end int) {
	last := len(t.first) - 1
	return t.first[0], t.first[last] + len(t.weights[last])
}

// add adds a weighted row of pixels; straight alpha is multiplied in, so that
// the colour of transparent pixels does not bleed.
func add(line []float32, row []uint8, weight float32, straight bool) {
	line = line[:len(row)]
	if !straight {
		for i, v := range row {
			line[i] += weight * float32(v)
		}
		return
	}
	for i := 0; i+3 < len(row); i += 4 {
		a := weight * float32(row[i+3])
		share := a / 255
		line[i] += share * float32(row[i])
		line[i+1] += share * float32(row[i+1])
		line[i+2] += share * float32(row[i+2])
		line[i+3] += a
	}
}

// sum makes a row of pixels from a line of sums that begins at column left.
func (t taps) sum(row []uint8, line []float32, left int, straight bool) {
	for x, weights := range t.weights {
		var r, g, b, a float32
		at := line[4*(t.first[x]-left):]
		for i, w := range weights {
			p := at[4*i : 4*i+4]
			r += w * p[0]
			g += w * p[1]
			b += w * p[2]
			a += w * p[3]
		}
		if straight && a > 0 {
			r, g, b = r*255/a, g*255/a, b*255/a
		}
		p := row[4*x : 4*x+4]
		p[0], p[1], p[2], p[3] = clamp8(r), clamp8(g), clamp8(b), clamp8(a)
	}
}

func clamp8(v float32) uint8 { return uint8(max(0, min(255, v+0.5))) }
