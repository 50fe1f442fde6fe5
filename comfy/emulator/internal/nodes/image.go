package nodes

import (
	"context"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func imageClasses() []*Class {
	return []*Class{
		{
			Name: "EmptyImage", Display: "EmptyImage", Category: "image", Module: "nodes",
			Required: []Input{
				integer("width", 512, 1, maxSide, 1),
				integer("height", 512, 1, maxSide, 1),
				integer("batch_size", 1, 1, 4096, 0),
				integer("color", 0, 0, 16777215, 1).with("display", "color"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runEmptyImage,
		},
		{
			Name: "ImageInvert", Display: "Invert Image", Category: "image", Module: "nodes",
			Required: []Input{
				link("image", "IMAGE"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageInvert,
		},
		{
			Name: "ImageCrop", Display: "Image Crop", Category: "image/transform", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image", "IMAGE"),
				integer("width", 512, 1, maxSide, 1),
				integer("height", 512, 1, maxSide, 1),
				integer("x", 0, 0, maxSide, 1),
				integer("y", 0, 0, maxSide, 1),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageCrop,
		},
		{
			Name: "ImagePadForOutpaint", Display: "Pad Image for Outpainting", Category: "image", Module: "nodes",
			Required: []Input{
				link("image", "IMAGE"),
				integer("left", 0, 0, maxSide, 8),
				integer("top", 0, 0, maxSide, 8),
				integer("right", 0, 0, maxSide, 8),
				integer("bottom", 0, 0, maxSide, 8),
				integer("feathering", 40, 0, maxSide, 1),
			},
			Outputs: []string{"IMAGE", "MASK"},
			Run:     runImagePadForOutpaint,
		},
		{
			Name: "ImageCompositeMasked", Display: "ImageCompositeMasked", Category: "image", Module: "comfy_extras.nodes_mask",
			Required: []Input{
				link("destination", "IMAGE"),
				link("source", "IMAGE"),
				integer("x", 0, 0, maxSide, 1),
				integer("y", 0, 0, maxSide, 1),
				boolean("resize_source", false),
			},
			Optional: []Input{
				link("mask", "MASK"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageCompositeMasked,
		},
		{
			Name: "ImageFlip", Display: "ImageFlip", Category: "image/transform", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image", "IMAGE"),
				combo("flip_method", "x-axis: vertically", "y-axis: horizontally"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageFlip,
		},
		{
			Name: "ImageRotate", Display: "ImageRotate", Category: "image/transform", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image", "IMAGE"),
				combo("rotation", "none", "90 degrees", "180 degrees", "270 degrees"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageRotate,
		},
		{
			Name: "JoinImageWithAlpha", Display: "Join Image with Alpha", Category: "mask/compositing", Module: "comfy_extras.nodes_compositing",
			Required: []Input{
				link("image", "IMAGE"),
				link("alpha", "MASK"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runJoinImageWithAlpha,
		},
		{
			Name: "SplitImageWithAlpha", Display: "Split Image with Alpha", Category: "mask/compositing", Module: "comfy_extras.nodes_compositing",
			Required: []Input{
				link("image", "IMAGE"),
			},
			Outputs: []string{"IMAGE", "MASK"},
			Run:     runSplitImageWithAlpha,
		},
	}
}

func runEmptyImage(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	width, height, count, colour := a.int("width"), a.int("height"), a.int("batch_size"), a.int("color")
	if a.err != nil {
		return nil, a.err
	}
	if err := raster.RoomFor(1, width, height); err != nil {
		return nil, err
	}
	out := raster.New(width, height, 3)
	for i := range out.Pix {
		out.Pix[i] = float32(colour>>(16-8*(i%3))&255) / 255
	}
	return []any{&raster.Frames{Width: width, Height: height, Count: count, Draw: func(int) *raster.Raster { return out }}}, nil
}

// onImage is the frame of nodes with one image in and one out.
func onImage(c *Call, f func(*raster.Raster) *raster.Raster) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	return []any{picture.Each(f)}, nil
}

func runImageInvert(_ context.Context, c *Call) ([]any, error) {
	return onImage(c, func(r *raster.Raster) *raster.Raster { return r.Mapped(inverted) })
}

func runImageCrop(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	width, height, x, y := a.int("width"), a.int("height"), a.int("x"), a.int("y")
	if a.err != nil {
		return nil, a.err
	}
	return onImage(c, func(r *raster.Raster) *raster.Raster {
		return r.Crop(min(x, r.Width-1), min(y, r.Height-1), width, height)
	})
}

// runImagePadForOutpaint adds grey borders and returns with them a mask of what
// is to be painted: the border, fading over feathering pixels into the image.
func runImagePadForOutpaint(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	left, top, right, bottom, feathering := a.int("left"), a.int("top"), a.int("right"), a.int("bottom"), a.int("feathering")
	if a.err != nil {
		return nil, a.err
	}
	width, height := picture.Width+left+right, picture.Height+top+bottom
	if err := raster.RoomFor(1, width, height); err != nil {
		return nil, err
	}
	padded := picture.Each(func(r *raster.Raster) *raster.Raster {
		out := raster.New(width, height, r.Channels).Fill(0.5)
		out.Paste(r, left, top)
		return out
	})
	inner := raster.New(picture.Width, picture.Height, 1)
	if feathering > 0 && feathering*2 < inner.Height && feathering*2 < inner.Width {
		for y := range inner.Height {
			for x := range inner.Width {
				d := feathering // distance to the nearest padded side
				for _, side := range []struct{ pad, distance int }{
					{top, y}, {bottom, inner.Height - y}, {left, x}, {right, inner.Width - x},
				} {
					if side.pad != 0 {
						d = min(d, side.distance)
					}
				}
				v := float32(feathering-d) / float32(feathering)
				inner.Pix[y*inner.Width+x] = v * v
			}
		}
	}
	mask := raster.New(width, height, 1).Fill(1)
	mask.Paste(inner, left, top)
	return []any{padded, raster.FramesOf(mask)}, nil
}

func runImageCompositeMasked(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	destination, source, mask := a.frames("destination"), a.frames("source"), maybe[*raster.Frames](a, "mask")
	x, y, resize := a.int("x"), a.int("y"), a.bool("resize_source")
	if a.err != nil {
		return nil, a.err
	}
	if resize {
		source = source.Fitted(destination.Width, destination.Height)
	}
	if mask != nil {
		mask = mask.Fitted(source.Width, source.Height)
	}
	channels := max(destination.Channels(), 3)
	return []any{destination.Numbered(func(i int, to *raster.Raster) *raster.Raster {
		to, from := to.WithChannels(channels), source.At(i).WithChannels(channels)
		if mask == nil {
			out := to.Clone()
			if x < to.Width && y < to.Height {
				out.Paste(from, x, y)
			}
			return out
		}
		return composited(to, from, mask.At(i), x, y)
	})}, nil
}

// composited lays from over to at x, y where the mask says so.
func composited(to, from, mask *raster.Raster, x0, y0 int) *raster.Raster {
	out := to.Clone()
	n := to.Channels
	for y := y0; y < min(y0+from.Height, to.Height); y++ {
		src, dst, share := from.Row(y-y0), out.Row(y), mask.Row(y-y0)
		for x := x0; x < min(x0+from.Width, to.Width); x++ {
			m := share[x-x0]
			for k := range n {
				dst[x*n+k] = m*src[(x-x0)*n+k] + (1-m)*dst[x*n+k]
			}
		}
	}
	return out
}

func runImageFlip(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	method := a.text("flip_method")
	if a.err != nil {
		return nil, a.err
	}
	return onImage(c, func(r *raster.Raster) *raster.Raster {
		if strings.HasPrefix(method, "x") {
			return r.Turned(4)
		}
		return r.Turned(2)
	})
}

func runImageRotate(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	rotation := a.text("rotation")
	if a.err != nil {
		return nil, a.err
	}
	return onImage(c, func(r *raster.Raster) *raster.Raster {
		switch {
		case strings.HasPrefix(rotation, "90"):
			return r.Turned(6)
		case strings.HasPrefix(rotation, "180"):
			return r.Turned(3)
		case strings.HasPrefix(rotation, "270"):
			return r.Turned(8)
		}
		return r
	})
}

func runJoinImageWithAlpha(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, alpha := a.frames("image"), a.frames("alpha")
	if a.err != nil {
		return nil, a.err
	}
	count := min(picture.Count, alpha.Count)
	alpha = alpha.Fitted(picture.Width, picture.Height)
	return []any{picture.Slice(0, count).With(alpha, func(p, m *raster.Raster) *raster.Raster {
		out := p.WithChannels(3).WithChannels(4)
		for i, v := range m.Pix {
			out.Pix[i*4+3] = 1 - v
		}
		return out
	})}, nil
}

func runSplitImageWithAlpha(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	colours := picture.Each(func(r *raster.Raster) *raster.Raster { return r.WithChannels(3) })
	alpha := picture.Each(func(r *raster.Raster) *raster.Raster { return r.WithChannels(4).Channel(3).Mapped(inverted) })
	return []any{colours, alpha}, nil
}
