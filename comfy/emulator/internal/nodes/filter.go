package nodes

import (
	"context"
	"fmt"
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func filterClasses() []*Class {
	return []*Class{
		{
			Name: "ImageBlur", Display: "", Category: "image/postprocessing", Module: "comfy_extras.nodes_post_processing",
			Required: []Input{
				link("image", "IMAGE"),
				integer("blur_radius", 1, 1, 31, 1),
				number("sigma", 1, 0.1, 10, 0.1),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageBlur,
		},
		{
			Name: "ImageSharpen", Display: "", Category: "image/postprocessing", Module: "comfy_extras.nodes_post_processing",
			Required: []Input{
				link("image", "IMAGE"),
				integer("sharpen_radius", 1, 1, 31, 1),
				number("sigma", 1, 0.1, 10, 0.01),
				number("alpha", 1, 0, 5, 0.01),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageSharpen,
		},
		{
			Name: "ImageBlend", Display: "", Category: "image/postprocessing", Module: "comfy_extras.nodes_post_processing",
			Required: []Input{
				link("image1", "IMAGE"),
				link("image2", "IMAGE"),
				number("blend_factor", 0.5, 0, 1, 0.01),
				combo("blend_mode", "normal", "multiply", "screen", "overlay", "soft_light", "difference"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageBlend,
		},
		{
			Name: "Canny", Display: "", Category: "image/preprocessors", Module: "comfy_extras.nodes_canny",
			Required: []Input{
				link("image", "IMAGE"),
				number("low_threshold", 0.4, 0.01, 0.99, 0.01),
				number("high_threshold", 0.8, 0.01, 0.99, 0.01),
			},
			Outputs: []string{"IMAGE"},
			Run:     runCanny,
		},
	}
}

func runImageBlur(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, radius, sigma := a.frames("image"), a.int("blur_radius"), a.float("sigma")
	if a.err != nil || radius == 0 {
		return []any{picture}, a.err
	}
	if err := reflectable(picture, radius, picture.At(0).Channels); err != nil {
		return nil, err
	}
	kernel := bell(radius, sigma)
	return []any{picture.Each(func(r *raster.Raster) *raster.Raster { return smoothed(r, kernel) })}, nil
}

// runImageSharpen is an unsharp mask with ten times alpha, as on the server.
func runImageSharpen(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, radius, sigma, alpha := a.frames("image"), a.int("sharpen_radius"), a.float("sigma"), a.float("alpha")
	if a.err != nil || radius == 0 {
		return []any{picture}, a.err
	}
	if err := reflectable(picture, radius, picture.At(0).Channels); err != nil {
		return nil, err
	}
	kernel, strength := bell(radius, sigma), float32(alpha*10)
	return []any{picture.Each(func(r *raster.Raster) *raster.Raster {
		out := smoothed(r, kernel)
		for i, v := range r.Pix {
			out.Pix[i] = unit(v + (v-out.Pix[i])*strength)
		}
		return out
	})}, nil
}

// reflectable refuses radii for which the border cannot be mirrored.
func reflectable(f *raster.Frames, radius, channels int) error {
	argument, dimension := 4, 3
	if radius < f.Width {
		if radius < f.Height {
			return nil
		}
		argument, dimension = 6, 2
	}
	return &pyval.Exception{Type: "RuntimeError", Message: fmt.Sprintf("Argument #%d: Padding size should be less than the corresponding input dimension, "+
		"but got: padding (%d, %d) at dimension %d of input [%d, %d, %d, %d]", argument, radius, radius, dimension, f.Count, channels, f.Height, f.Width)}
}

// bell is the server's Gaussian: sigma counts in units of the radius. The square
// kernel is the product of this one with itself.
func bell(radius int, sigma float64) []float32 {
	weights := make([]float64, 2*radius+1)
	sum := 0.0
	for i := range weights {
		x := float64(i-radius) / float64(radius)
		weights[i] = math.Exp(-x * x / (2 * sigma * sigma))
		sum += weights[i]
	}
	out := make([]float32, len(weights))
	for i, w := range weights {
		out[i] = float32(w / sum)
	}
	return out
}

// smoothed convolves along both axes and mirrors what lies outside.
func smoothed(r *raster.Raster, kernel []float32) *raster.Raster {
	return raster.Convolve(r, mirroredTaps(r.Width, kernel), mirroredTaps(r.Height, kernel))
}

func mirroredTaps(size int, kernel []float32) []raster.Taps {
	radius := len(kernel) / 2
	out := make([]raster.Taps, size)
	for i := range out {
		low, high := max(i-radius, 0), min(i+radius, size-1)
		// What is mirrored may reach further in than the kernel itself.
		if i < radius {
			high = min(max(high, radius-i), size-1)
		}
		if i+radius >= size {
			low = max(0, min(low, 2*(size-1)-i-radius))
		}
		weights := make([]float32, high-low+1)
		for k, w := range kernel {
			at := i + k - radius
			if at < 0 {
				at = -at
			}
			if at >= size {
				at = 2*(size-1) - at
			}
			weights[at-low] += w
		}
		out[i] = raster.Taps{First: low, Weights: weights}
	}
	return out
}

func runImageBlend(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	first, second := a.frames("image1"), a.frames("image2")
	factor, mode := float32(a.float("blend_factor")), a.text("blend_mode")
	if a.err != nil {
		return nil, a.err
	}
	if first.Width != second.Width || first.Height != second.Height {
		var err error
		if second, err = second.Upscale(first.Width, first.Height, "bicubic", "center"); err != nil {
			return nil, err
		}
	}
	if first, second, a.err = raster.Broadcast(first, second); a.err != nil {
		return nil, a.err
	}
	blend, err := blendMode(mode)
	if err != nil {
		return nil, err
	}
	return []any{first.With(second, func(x, y *raster.Raster) *raster.Raster {
		y = y.WithChannels(x.Channels)
		out := raster.New(x.Width, x.Height, x.Channels)
		for i, v := range x.Pix {
			out.Pix[i] = unit(v*(1-factor) + blend(v, y.Pix[i])*factor)
		}
		return out
	})}, nil
}

// blendMode returns the formulas of the W3C compositing specification, but
// "difference" keeps its sign.
func blendMode(name string) (func(a, b float32) float32, error) {
	switch name {
	case "normal":
		return func(_, b float32) float32 { return b }, nil
	case "multiply":
		return func(a, b float32) float32 { return a * b }, nil
	case "screen":
		return func(a, b float32) float32 { return 1 - (1-a)*(1-b) }, nil
	case "overlay":
		return func(a, b float32) float32 {
			if a <= 0.5 {
				return 2 * a * b
			}
			return 1 - 2*(1-a)*(1-b)
		}, nil
	case "soft_light":
		return func(a, b float32) float32 {
			if b <= 0.5 {
				return a - (1-2*b)*a*(1-a)
			}
			bright := float32(math.Sqrt(float64(a)))
			if a <= 0.25 {
				bright = ((16*a-12)*a + 4) * a
			}
			return a + (2*b-1)*(bright-a)
		}, nil
	case "difference":
		return func(a, b float32) float32 { return a - b }, nil
	}
	return nil, &pyval.Exception{Type: "ValueError", Message: "Unsupported blend mode: " + name}
}

// runCanny finds edges: Gaussian, Sobel, thinning along the gradient, and
// hysteresis between the thresholds, in the details as kornia of 2026; older
// ones treat ties and the border otherwise.
func runCanny(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, low, high := a.frames("image"), a.float("low_threshold"), a.float("high_threshold")
	if a.err != nil {
		return nil, a.err
	}
	if low > high {
		return nil, &pyval.Exception{Type: "kornia.core.exceptions.BaseError", Message: "Invalid input thresholds. low_threshold should be " +
			"smaller than or equal to the high_threshold. Got: " + pyval.Str(low) + ">" + pyval.Str(high)}
	}
	if err := reflectable(picture, 2, 1); err != nil {
		return nil, err
	}
	return []any{picture.Each(func(r *raster.Raster) *raster.Raster { return edges(r, float32(low), float32(high)).WithChannels(3) })}, nil
}

// edges returns a mask of one-pixel lines.
func edges(r *raster.Raster, low, high float32) *raster.Raster {
	strength, turn := gradients(r)
	w, h := r.Width, r.Height
	around := [8][2]int{{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}}
	flat := float32(math.Sqrt(gradientFloor))
	beyond := func(x, y, direction int) bool { // is (x, y) an edge against its neighbour there
		nx, ny, other := x+around[direction][0], y+around[direction][1], flat
		if nx >= 0 && ny >= 0 && nx < w && ny < h {
			other = strength.Pix[ny*w+nx]
		}
		s := strength.Pix[y*w+x]
		// Of two equals across a step the left and the upper one stay.
		return s > other || s == other && (direction == 0 || direction == 2)
	}
	out, weak := raster.New(w, h, 1), make([]bool, w*h)
	var queue []int
	for i, s := range strength.Pix {
		x, y, t := i%w, i/w, int(turn[i])
		if s <= low || s <= flat || !beyond(x, y, t) || !beyond(x, y, (t+4)%8) {
			continue
		}
		weak[i] = true
		if s > high {
			out.Pix[i] = 1
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 { // weak edges that touch a strong one
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, d := range around {
			x, y := i%w+d[0], i/w+d[1]
			if x < 0 || y < 0 || x >= w || y >= h {
				continue
			}
			if n := y*w + x; weak[n] && out.Pix[n] == 0 {
				out.Pix[n] = 1
				queue = append(queue, n)
			}
		}
	}
	return out
}

// gradientFloor is what the square of a gradient has even where there is none.
const gradientFloor = 1e-6

// gradients gives how steep the smoothed brightness is, and which way up in
// eighths of a turn from the right over down.
func gradients(r *raster.Raster) (strength *raster.Raster, turn []uint8) {
	w, h := r.Width, r.Height
	grey := raster.New(w, h, 1)
	for i := range grey.Pix {
		p := r.Pix[i*r.Channels:]
		grey.Pix[i] = 0.299*p[0] + 0.587*p[1] + 0.114*p[2]
	}
	grey = smoothed(grey, bell(2, 0.5))
	strength, turn = raster.New(w, h, 1), make([]uint8, w*h)
	for y := range h {
		above, here, below := grey.Row(max(y-1, 0)), grey.Row(y), grey.Row(min(y+1, h-1))
		for x := range w {
			left, right := max(x-1, 0), min(x+1, w-1)
			gx := above[right] + 2*here[right] + below[right] - above[left] - 2*here[left] - below[left]
			gy := below[left] + 2*below[x] + below[right] - above[left] - 2*above[x] - above[right]
			strength.Pix[y*w+x] = float32(math.Sqrt(float64(gx*gx + gy*gy + gradientFloor)))
			turn[y*w+x] = uint8(math.RoundToEven(math.Atan2(float64(gy), float64(gx))/(math.Pi/4))+8) % 8
		}
	}
	return strength, turn
}
