package nodes

import (
	"context"
	"fmt"
	"math"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func maskClasses() []*Class {
	return []*Class{
		{
			Name: "MaskToImage", Display: "Convert Mask to Image", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("mask", "MASK"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runMaskToImage,
		},
		{
			Name: "ImageToMask", Display: "Convert Image to Mask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("image", "IMAGE"),
				combo("channel", "red", "green", "blue", "alpha"),
			},
			Outputs: []string{"MASK"},
			Run:     runImageToMask,
		},
		{
			Name: "InvertMask", Display: "InvertMask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("mask", "MASK"),
			},
			Outputs: []string{"MASK"},
			Run:     runInvertMask,
		},
		{
			Name: "GrowMask", Display: "GrowMask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("mask", "MASK"),
				integer("expand", 0, -16384, maxSide, 1),
				boolean("tapered_corners", true),
			},
			Outputs: []string{"MASK"},
			Run:     runGrowMask,
		},
		{
			Name: "FeatherMask", Display: "FeatherMask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("mask", "MASK"),
				integer("left", 0, 0, maxSide, 1),
				integer("top", 0, 0, maxSide, 1),
				integer("right", 0, 0, maxSide, 1),
				integer("bottom", 0, 0, maxSide, 1),
			},
			Outputs: []string{"MASK"},
			Run:     runFeatherMask,
		},
		{
			Name: "SolidMask", Display: "SolidMask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				number("value", 1, 0, 1, 0.01),
				integer("width", 512, 1, maxSide, 1),
				integer("height", 512, 1, maxSide, 1),
			},
			Outputs: []string{"MASK"},
			Run:     runSolidMask,
		},
		{
			Name: "CropMask", Display: "CropMask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("mask", "MASK"),
				integer("x", 0, 0, maxSide, 1),
				integer("y", 0, 0, maxSide, 1),
				integer("width", 512, 1, maxSide, 1),
				integer("height", 512, 1, maxSide, 1),
			},
			Outputs: []string{"MASK"},
			Run:     runCropMask,
		},
		{
			Name: "MaskComposite", Display: "MaskComposite", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("destination", "MASK"),
				link("source", "MASK"),
				integer("x", 0, 0, maxSide, 1),
				integer("y", 0, 0, maxSide, 1),
				combo("operation", "multiply", "add", "subtract", "and", "or", "xor"),
			},
			Outputs: []string{"MASK"},
			Run:     runMaskComposite,
		},
		{
			Name: "ThresholdMask", Display: "ThresholdMask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("mask", "MASK"),
				number("value", 0.5, 0, 1, 0.01),
			},
			Outputs: []string{"MASK"},
			Run:     runThresholdMask,
		},
		{
			Name: "ImageColorToMask", Display: "ImageColorToMask", Category: "mask", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("image", "IMAGE"),
				integer("color", 0, 0, 16777215, 1).with("display", "color"),
			},
			Outputs: []string{"MASK"},
			Run:     runImageColorToMask,
		},
	}
}

// onMask is the frame of most mask nodes: one mask in, one out.
func onMask(c *Call, f func(*raster.Raster) *raster.Raster) ([]any, error) {
	a := c.args()
	mask := a.frames("mask")
	if a.err != nil {
		return nil, a.err
	}
	return []any{mask.Each(f)}, nil
}

func runMaskToImage(_ context.Context, c *Call) ([]any, error) {
	return onMask(c, func(r *raster.Raster) *raster.Raster { return r.WithChannels(3) })
}

func runImageToMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, name := a.frames("image"), a.text("channel")
	if a.err != nil {
		return nil, a.err
	}
	k := map[string]int{"red": 0, "green": 1, "blue": 2, "alpha": 3}[name]
	if k >= picture.Channels() {
		return nil, &pyval.Exception{Type: "IndexError", Message: "index 3 is out of bounds for dimension 3 with size 3"}
	}
	return []any{picture.Each(func(r *raster.Raster) *raster.Raster { return r.Channel(k) })}, nil
}

func runInvertMask(_ context.Context, c *Call) ([]any, error) {
	return onMask(c, func(r *raster.Raster) *raster.Raster { return r.Mapped(inverted) })
}

func inverted(v float32) float32 { return 1 - v }

func runGrowMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	by, tapered := a.int("expand"), a.bool("tapered_corners")
	if a.err != nil {
		return nil, a.err
	}
	return onMask(c, func(r *raster.Raster) *raster.Raster {
		if by < 0 {
			return spread(r, -by, tapered, true)
		}
		return spread(r, by, tapered, false)
	})
}

// spread dilates a mask n times by one pixel, or erodes it. With tapered corners
// a step goes to the four direct neighbours, else to all eight. What lies
// outside mirrors the edge and so changes nothing.
func spread(r *raster.Raster, n int, tapered, erode bool) *raster.Raster {
	pick := func(a, b float32) float32 { return max(a, b) }
	if erode {
		pick = func(a, b float32) float32 { return min(a, b) }
	}
	// Enough steps to cross the mask reach every pixel.
	for range min(n, r.Width+r.Height) {
		across := raster.New(r.Width, r.Height, 1)
		for y := range r.Height {
			src, dst := r.Row(y), across.Row(y)
			for x, v := range src {
				dst[x] = pick(v, pick(src[max(x-1, 0)], src[min(x+1, r.Width-1)]))
			}
		}
		down := r // of four neighbours: columns of the mask itself
		if !tapered {
			down = across
		}
		out := raster.New(r.Width, r.Height, 1)
		for y := range r.Height {
			up, below, here, dst := down.Row(max(y-1, 0)), down.Row(min(y+1, r.Height-1)), across.Row(y), out.Row(y)
			for x, v := range here {
				dst[x] = pick(v, pick(up[x], below[x]))
			}
		}
		r = out
	}
	return r
}

// runFeatherMask fades the edges. On the right and at the bottom the server
// starts one pixel too late until 0.22.0 (its index -0 is the first pixel); so
// does this.
func runFeatherMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	left, top, right, bottom := a.int("left"), a.int("top"), a.int("right"), a.int("bottom")
	if a.err != nil {
		return nil, a.err
	}
	return onMask(c, func(r *raster.Raster) *raster.Raster {
		out := r.Clone()
		column := func(x int, rate float32) {
			for y := range out.Height {
				out.Row(y)[x] *= rate
			}
		}
		line := func(y int, rate float32) {
			row := out.Row(y)
			for x := range row {
				row[x] *= rate
			}
		}
		fade := func(n, size int, apply func(int, float32), fromEnd bool) {
			n = min(n, size)
			for i := range n {
				at := i
				if fromEnd {
					at = (size - i) % size
				}
				apply(at, float32(i+1)/float32(n))
			}
		}
		fade(left, out.Width, column, false)
		fade(right, out.Width, column, true)
		fade(top, out.Height, line, false)
		fade(bottom, out.Height, line, true)
		return out
	})
}

func runSolidMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	value, width, height := a.float("value"), a.int("width"), a.int("height")
	if a.err != nil {
		return nil, a.err
	}
	if err := raster.RoomFor(1, width, height); err != nil {
		return nil, err
	}
	return []any{raster.FramesOf(raster.New(width, height, 1).Fill(float32(value)))}, nil
}

func runCropMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	x, y, width, height := a.int("x"), a.int("y"), a.int("width"), a.int("height")
	mask := a.frames("mask")
	if a.err != nil {
		return nil, a.err
	}
	if x >= mask.Width || y >= mask.Height {
		return nil, &pyval.Exception{Type: "RuntimeError", Message: "the crop lies outside the mask and would be empty"}
	}
	return onMask(c, func(r *raster.Raster) *raster.Raster { return r.Crop(x, y, width, height) })
}

func runMaskComposite(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	destination, source := a.frames("destination"), a.frames("source")
	x0, y0, operation := a.int("x"), a.int("y"), a.text("operation")
	if a.err != nil {
		return nil, a.err
	}
	if destination.Count == 1 && source.Count > 1 {
		return nil, &pyval.Exception{Type: "RuntimeError", Message: fmt.Sprintf(
			"The expanded size of the tensor (1) must match the existing size (%d) at non-singleton dimension 0.", source.Count)}
	}
	if _, _, err := raster.Broadcast(destination, source); err != nil {
		return nil, err
	}
	// Past the border the server cuts the source at a negative length, which
	// is one from its end; what is left then meets nothing.
	for _, past := range []struct{ by, size, dimension int }{{x0 - destination.Width, source.Width, 2}, {y0 - destination.Height, source.Height, 1}} {
		if past.by > 0 && past.size-past.by > 1 {
			return nil, raster.SizesDiffer(0, past.size-past.by, past.dimension)
		}
	}
	combine := maskOperation(operation)
	return []any{destination.With(source, func(to, from *raster.Raster) *raster.Raster {
		out := to.Clone()
		for y := y0; y < min(y0+from.Height, to.Height); y++ {
			src, dst := from.Row(y-y0), out.Row(y)
			for x := x0; x < min(x0+from.Width, to.Width); x++ {
				dst[x] = unit(combine(dst[x], src[x-x0]))
			}
		}
		return out
	})}, nil
}

func maskOperation(name string) func(a, b float32) float32 {
	logic := func(f func(a, b bool) bool) func(a, b float32) float32 {
		return func(a, b float32) float32 {
			// Half rounds to even, which is zero.
			if f(math.RoundToEven(float64(a)) != 0, math.RoundToEven(float64(b)) != 0) {
				return 1
			}
			return 0
		}
	}
	switch name {
	case "multiply":
		return func(a, b float32) float32 { return a * b }
	case "add":
		return func(a, b float32) float32 { return a + b }
	case "subtract":
		return func(a, b float32) float32 { return a - b }
	case "and":
		return logic(func(a, b bool) bool { return a && b })
	case "or":
		return logic(func(a, b bool) bool { return a || b })
	default:
		return logic(func(a, b bool) bool { return a != b })
	}
}

func runThresholdMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	value := a.float("value")
	if a.err != nil {
		return nil, a.err
	}
	return onMask(c, func(r *raster.Raster) *raster.Raster {
		return r.Mapped(func(v float32) float32 {
			if float64(v) > value {
				return 1
			}
			return 0
		})
	})
}

func runImageColorToMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, colour := a.frames("image"), a.int("color")
	if a.err != nil {
		return nil, a.err
	}
	return []any{picture.Each(func(r *raster.Raster) *raster.Raster {
		out := raster.New(r.Width, r.Height, 1)
		for i := range out.Pix {
			value := 0
			for _, v := range r.Pix[i*r.Channels : i*r.Channels+3] {
				value = value<<8 | nearest(float64(unit(v)*255))
			}
			if value == colour {
				out.Pix[i] = 1
			}
		}
		return out
	})}, nil
}
