package emulator

import (
	"fmt"
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// resize scales r with one of the server's methods. They are those of PyTorch's
// interpolate (no antialiasing, pixel centres aligned) and Pillow's Lanczos.
func resize(r *raster, width, height int, method string) (*raster, error) {
	switch method {
	case "nearest-exact":
		return convolve(r, nearestTaps(r.width, width), nearestTaps(r.height, height)), nil
	case "bilinear":
		return convolve(r, linearTaps(r.width, width), linearTaps(r.height, height)), nil
	case "area":
		return convolve(r, areaTaps(r.width, width), areaTaps(r.height, height)), nil
	case "bicubic", "bislerp": // bislerp turns vectors of latents, which are pixels here
		return convolve(r, cubicTaps(r.width, width), cubicTaps(r.height, height)), nil
	case "lanczos":
		// Pillow works on 8 bits and rounds after each direction.
		out := r.mapped(func(v float32) float32 { return float32(level(v)) / 255 })
		out = convolve(out, lanczosTaps(r.width, width), nil).mapped(rounded)
		return convolve(out, nil, lanczosTaps(r.height, height)).mapped(rounded), nil
	}
	return nil, fmt.Errorf("unknown upscale method %q", method)
}

// rounded is the nearest sample that 8 bits can hold.
func rounded(v float32) float32 {
	return float32(math.Floor(float64(min(max(v, 0), 1))*255+0.5)) / 255
}

// taps say which source samples make one target sample.
type taps struct {
	first   int
	weights []float32
}

// convolve applies the taps along x, then along y; nil leaves a direction alone.
func convolve(r *raster, across, down []taps) *raster {
	n := r.channels
	if across != nil {
		out := newRaster(len(across), r.height, n)
		for y := range r.height {
			src, dst := r.row(y), out.row(y)
			for x, t := range across {
				for k := range n {
					sum := float32(0)
					for i, w := range t.weights {
						sum += w * src[(t.first+i)*n+k]
					}
					dst[x*n+k] = sum
				}
			}
		}
		r = out
	}
	if down != nil {
		out := newRaster(r.width, len(down), n)
		for y, t := range down {
			dst := out.row(y)
			for i, w := range t.weights {
				for k, v := range r.row(t.first + i) {
					dst[k] += w * v
				}
			}
		}
		r = out
	}
	return r
}

func nearestTaps(from, to int) []taps {
	out := make([]taps, to)
	scale := float32(from) / float32(to) // the server's precision decides ties
	for i := range out {
		out[i] = taps{min(int((float32(i)+0.5)*scale), from-1), []float32{1}}
	}
	return out
}

func linearTaps(from, to int) []taps {
	out := make([]taps, to)
	scale := float64(from) / float64(to)
	for i := range out {
		at := math.Max(0, (float64(i)+0.5)*scale-0.5)
		first := min(int(at), from-1)
		f := float32(at - float64(first))
		if first == from-1 {
			out[i] = taps{first, []float32{1}}
			continue
		}
		out[i] = taps{first, []float32{1 - f, f}}
	}
	return out
}

// areaTaps average the source samples that a target sample touches (adaptive
// average pooling).
func areaTaps(from, to int) []taps {
	out := make([]taps, to)
	for i := range out {
		first, last := i*from/to, ((i+1)*from+to-1)/to
		weights := make([]float32, last-first)
		for k := range weights {
			weights[k] = 1 / float32(len(weights))
		}
		out[i] = taps{first, weights}
	}
	return out
}

// cubicTaps use the cubic convolution kernel with a = -0.75.
func cubicTaps(from, to int) []taps {
	return edged(from, to, func(t float64) float64 { return cubic(t, -0.75) })
}

// catmullRomTaps are smooth and sharp; the upscale models draw with them.
func catmullRomTaps(from, to int) []taps {
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
func edged(from, to int, kernel func(float64) float64) []taps {
	out := make([]taps, to)
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
		out[i] = taps{low, weights}
	}
	return out
}

// lanczosTaps widen the kernel when shrinking, as Pillow does.
func lanczosTaps(from, to int) []taps {
	const lobes = 3
	out := make([]taps, to)
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
		out[i] = taps{low, weights}
	}
	return out
}

// upscale is common to all scaling nodes: an optional centre crop to the target
// proportion, then resize.
func (f *frames) upscale(width, height int, method, crop string) (*frames, error) {
	if width < 1 || height < 1 {
		if method == "lanczos" {
			return nil, &pyval.Exception{Type: "ValueError", Message: "height and width must be > 0"}
		}
		return nil, &pyval.Exception{Type: "RuntimeError", Message: fmt.Sprintf("Input and output sizes should be greater than 0, but got input "+
			"(H: %d, W: %d) output (H: %d, W: %d)", f.height, f.width, height, width)}
	}
	if err := roomFor(len(f.drawn), width, height); err != nil {
		return nil, err
	}
	if !knownMethod(method) {
		return nil, &pyval.Exception{Type: "NotImplementedError", Message: "Input Error: Only 3D, 4D and 5D input Tensors supported (got 4D) for the modes: " +
			"nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got " + method + ")"}
	}
	x, y := 0, 0
	if crop == "center" {
		was, is := float64(f.width)/float64(f.height), float64(width)/float64(height)
		switch {
		case was > is:
			x = int(math.RoundToEven((float64(f.width) - float64(f.width)*(is/was)) / 2))
		case was < is:
			y = int(math.RoundToEven((float64(f.height) - float64(f.height)*(was/is)) / 2))
		}
	}
	return f.each(func(r *raster) *raster {
		if x > 0 || y > 0 {
			r = r.crop(x, y, r.width-2*x, r.height-2*y)
		}
		if r.width == width && r.height == height && method != "lanczos" {
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

// fitted scales to exactly this size, bilinearly.
func (f *frames) fitted(width, height int) *frames {
	if f.width == width && f.height == height {
		return f
	}
	return f.each(func(r *raster) *raster {
		return convolve(r, linearTaps(r.width, width), linearTaps(r.height, height))
	})
}

// covering scales a picture to fill the size and cuts off what hangs over.
func covering(r *raster, width, height int) *raster {
	f, err := framesOf(r).upscale(width, height, "bilinear", "center")
	if err != nil { // sizes are the drawing's own
		panic(err)
	}
	return f.at(0)
}
