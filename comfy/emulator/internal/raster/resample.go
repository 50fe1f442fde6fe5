package raster

import (
	"fmt"
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// resize scales r with one of the server's methods. They are those of PyTorch's
// interpolate (no antialiasing, pixel centres aligned) and Pillow's Lanczos.
func resize(r *Raster, width, height int, method string) (*Raster, error) {
	switch method {
	case "nearest-exact":
		return Convolve(r, nearestTaps(r.Width, width), nearestTaps(r.Height, height)), nil
	case "bilinear":
		return Convolve(r, linearTaps(r.Width, width), linearTaps(r.Height, height)), nil
	case "area":
		return Convolve(r, areaTaps(r.Width, width), areaTaps(r.Height, height)), nil
	case "bicubic", "bislerp": // bislerp turns vectors of latents, which are pixels here
		return Convolve(r, cubicTaps(r.Width, width), cubicTaps(r.Height, height)), nil
	case "lanczos":
		// Pillow works on 8 bits and rounds after each direction.
		out := r.Mapped(func(v float32) float32 { return float32(Level(v)) / 255 })
		out = Convolve(out, lanczosTaps(r.Width, width), nil).Mapped(rounded)
		return Convolve(out, nil, lanczosTaps(r.Height, height)).Mapped(rounded), nil
	}
	return nil, fmt.Errorf("unknown upscale method %q", method)
}

// rounded is the nearest sample that 8 bits can hold.
func rounded(v float32) float32 {
	return float32(math.Floor(float64(min(max(v, 0), 1))*255+0.5)) / 255
}

// Taps say which source samples make one target sample.
type Taps struct {
	First   int
	Weights []float32
}

// Convolve applies the taps along x, then along y; nil leaves a direction alone.
func Convolve(r *Raster, across, down []Taps) *Raster {
	n := r.Channels
	if across != nil {
		out := New(len(across), r.Height, n)
		for y := range r.Height {
			src, dst := r.Row(y), out.Row(y)
			for x, t := range across {
				for k := range n {
					sum := float32(0)
					for i, w := range t.Weights {
						sum += w * src[(t.First+i)*n+k]
					}
					dst[x*n+k] = sum
				}
			}
		}
		r = out
	}
	if down != nil {
		out := New(r.Width, len(down), n)
		for y, t := range down {
			dst := out.Row(y)
			for i, w := range t.Weights {
				for k, v := range r.Row(t.First + i) {
					dst[k] += w * v
				}
			}
		}
		r = out
	}
	return r
}

func nearestTaps(from, to int) []Taps {
	out := make([]Taps, to)
	scale := float32(from) / float32(to) // the server's precision decides ties
	for i := range out {
		out[i] = Taps{min(int((float32(i)+0.5)*scale), from-1), []float32{1}}
	}
	return out
}

func linearTaps(from, to int) []Taps {
	out := make([]Taps, to)
	scale := float64(from) / float64(to)
	for i := range out {
		at := math.Max(0, (float64(i)+0.5)*scale-0.5)
		first := min(int(at), from-1)
		f := float32(at - float64(first))
		if first == from-1 {
			out[i] = Taps{first, []float32{1}}
			continue
		}
		out[i] = Taps{first, []float32{1 - f, f}}
	}
	return out
}

// areaTaps average the source samples that a target sample touches (adaptive
// average pooling).
func areaTaps(from, to int) []Taps {
	out := make([]Taps, to)
	for i := range out {
		first, last := i*from/to, ((i+1)*from+to-1)/to
		weights := make([]float32, last-first)
		for k := range weights {
			weights[k] = 1 / float32(len(weights))
		}
		out[i] = Taps{first, weights}
	}
	return out
}

// cubicTaps use the cubic convolution kernel with a = -0.75.
func cubicTaps(from, to int) []Taps {
	return edged(from, to, func(t float64) float64 { return cubic(t, -0.75) })
}

// CatmullRomTaps are smooth and sharp; the upscale models draw with them.
func CatmullRomTaps(from, to int) []Taps {
	return edged(from, to, func(t float64) float64 { return cubic(t, -0.5) })
}

func cubic(t, a float64) float64 {
	t = math.Abs(t)
	switch {
	case t <= 1:
		return ((a+2)*t-(a+3))*t*t + 1
	case t < 2:
		return ((a*t-5*a)*t+8*a)*t - 4*a
	}
	return 0
}

// edged builds four taps per sample and folds those past the border onto it.
func edged(from, to int, kernel func(float64) float64) []Taps {
	out := make([]Taps, to)
	scale := float64(from) / float64(to)
	for i := range out {
		at := (float64(i)+0.5)*scale - 0.5
		base := int(math.Floor(at))
		low, high := max(base-1, 0), min(base+2, from-1)
		low = min(low, from-1)
		high = max(high, low)
		weights := make([]float32, high-low+1)
		for k := base - 1; k <= base+2; k++ {
			weights[min(max(k, low), high)-low] += float32(kernel(at - float64(k)))
		}
		out[i] = Taps{low, weights}
	}
	return out
}

// lanczosTaps widen the kernel when shrinking, as Pillow does.
func lanczosTaps(from, to int) []Taps {
	const lobes = 3
	out := make([]Taps, to)
	scale := float64(from) / float64(to)
	wide := math.Max(scale, 1)
	sinc := func(x float64) float64 {
		if x == 0 {
			return 1
		}
		return math.Sin(math.Pi*x) / (math.Pi * x)
	}
	for i := range out {
		centre := (float64(i) + 0.5) * scale
		low := max(int(centre-lobes*wide+0.5), 0)
		high := min(int(centre+lobes*wide+0.5), from)
		weights := make([]float32, high-low)
		sum := 0.0
		for k := range weights {
			x := (float64(low+k) + 0.5 - centre) / wide
			if math.Abs(x) < lobes {
				w := sinc(x) * sinc(x/lobes)
				weights[k] = float32(w)
				sum += w
			}
		}
		for k := range weights {
			weights[k] /= float32(sum)
		}
		out[i] = Taps{low, weights}
	}
	return out
}

// Upscale is common to all scaling nodes: an optional centre crop to the target
// proportion, then resize.
func (f *Frames) Upscale(width, height int, method, crop string) (*Frames, error) {
	if width < 1 || height < 1 {
		if method == "lanczos" {
			return nil, &pyval.Exception{Type: "ValueError", Message: "height and width must be > 0"}
		}
		return nil, &pyval.Exception{Type: "RuntimeError", Message: fmt.Sprintf("Input and output sizes should be greater than 0, but got input "+
			"(H: %d, W: %d) output (H: %d, W: %d)", f.Height, f.Width, height, width)}
	}
	if err := RoomFor(len(f.Drawn), width, height); err != nil {
		return nil, err
	}
	if !knownMethod(method) {
		return nil, &pyval.Exception{Type: "NotImplementedError", Message: "Input Error: Only 3D, 4D and 5D input Tensors supported (got 4D) for the modes: " +
			"nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got " + method + ")"}
	}
	x, y := 0, 0
	if crop == "center" {
		was, is := float64(f.Width)/float64(f.Height), float64(width)/float64(height)
		switch {
		case was > is:
			x = int(math.RoundToEven((float64(f.Width) - float64(f.Width)*(is/was)) / 2))
		case was < is:
			y = int(math.RoundToEven((float64(f.Height) - float64(f.Height)*(was/is)) / 2))
		}
	}
	return f.Each(func(r *Raster) *Raster {
		if x > 0 || y > 0 {
			r = r.Crop(x, y, r.Width-2*x, r.Height-2*y)
		}
		if r.Width == width && r.Height == height && method != "lanczos" {
			return r
		}
		out, err := resize(r, width, height, method)
		if err != nil { // checked above
			panic(err)
		}
		return out
	}), nil
}

func knownMethod(method string) bool {
	switch method {
	case "nearest-exact", "bilinear", "area", "bicubic", "bislerp", "lanczos":
		return true
	}
	return false
}

// Fitted scales to exactly this size, bilinearly.
func (f *Frames) Fitted(width, height int) *Frames {
	if f.Width == width && f.Height == height {
		return f
	}
	return f.Each(func(r *Raster) *Raster {
		return Convolve(r, linearTaps(r.Width, width), linearTaps(r.Height, height))
	})
}

// Covering scales a picture to fill the size and cuts off what hangs over.
func Covering(r *Raster, width, height int) *Raster {
	f, err := FramesOf(r).Upscale(width, height, "bilinear", "center")
	if err != nil { // sizes are the drawing's own
		panic(err)
	}
	return f.At(0)
}
