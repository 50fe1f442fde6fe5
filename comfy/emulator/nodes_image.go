package emulator

import (
	"context"
	"strings"
)

func imageClasses() []*class {
	return []*class{
		{
			name: "EmptyImage", display: "EmptyImage", category: "image", module: "nodes",
			required: []input{
				integer("width", 512, 1, maxSide, 1),
				integer("height", 512, 1, maxSide, 1),
				integer("batch_size", 1, 1, 4096, 0),
				integer("color", 0, 0, 16777215, 1).with("display", "color"),
			},
			outputs: []string{"IMAGE"},
			run:     runEmptyImage,
		},
		{
			name: "ImageInvert", display: "Invert Image", category: "image", module: "nodes",
			required: []input{
				link("image", "IMAGE"),
			},
			outputs: []string{"IMAGE"},
			run:     runImageInvert,
		},
		{
			name: "ImageCrop", display: "Image Crop", category: "image/transform", module: "comfy_extras.nodes_images",
			required: []input{
				link("image", "IMAGE"),
				integer("width", 512, 1, maxSide, 1),
				integer("height", 512, 1, maxSide, 1),
				integer("x", 0, 0, maxSide, 1),
				integer("y", 0, 0, maxSide, 1),
			},
			outputs: []string{"IMAGE"},
			run:     runImageCrop,
		},
		{
			name: "ImagePadForOutpaint", display: "Pad Image for Outpainting", category: "image", module: "nodes",
			required: []input{
				link("image", "IMAGE"),
				integer("left", 0, 0, maxSide, 8),
				integer("top", 0, 0, maxSide, 8),
				integer("right", 0, 0, maxSide, 8),
				integer("bottom", 0, 0, maxSide, 8),
				integer("feathering", 40, 0, maxSide, 1),
			},
			outputs: []string{"IMAGE", "MASK"},
			run:     runImagePadForOutpaint,
		},
		{
			name: "ImageCompositeMasked", display: "ImageCompositeMasked", category: "image", module: "comfy_extras.nodes_mask",
			required: []input{
				link("destination", "IMAGE"),
				link("source", "IMAGE"),
				integer("x", 0, 0, maxSide, 1),
				integer("y", 0, 0, maxSide, 1),
				boolean("resize_source", false),
			},
			optional: []input{
				link("mask", "MASK"),
			},
			outputs: []string{"IMAGE"},
			run:     runImageCompositeMasked,
		},
		{
			name: "ImageFlip", display: "ImageFlip", category: "image/transform", module: "comfy_extras.nodes_images",
			required: []input{
				link("image", "IMAGE"),
				combo("flip_method", "x-axis: vertically", "y-axis: horizontally"),
			},
			outputs: []string{"IMAGE"},
			run:     runImageFlip,
		},
		{
			name: "ImageRotate", display: "ImageRotate", category: "image/transform", module: "comfy_extras.nodes_images",
			required: []input{
				link("image", "IMAGE"),
				combo("rotation", "none", "90 degrees", "180 degrees", "270 degrees"),
			},
			outputs: []string{"IMAGE"},
			run:     runImageRotate,
		},
		{
			name: "JoinImageWithAlpha", display: "Join Image with Alpha", category: "mask/compositing", module: "comfy_extras.nodes_compositing",
			required: []input{
				link("image", "IMAGE"),
				link("alpha", "MASK"),
			},
			outputs: []string{"IMAGE"},
			run:     runJoinImageWithAlpha,
		},
		{
			name: "SplitImageWithAlpha", display: "Split Image with Alpha", category: "mask/compositing", module: "comfy_extras.nodes_compositing",
			required: []input{
				link("image", "IMAGE"),
			},
			outputs: []string{"IMAGE", "MASK"},
			run:     runSplitImageWithAlpha,
		},
	}
}

func runEmptyImage(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	width, height, count, colour := a.int("width"), a.int("height"), a.int("batch_size"), a.int("color")
	if a.err != nil {
		return nil, a.err
	}
	if err := roomFor(1, width, height); err != nil {
		return nil, err
	}
	out := newRaster(width, height, 3)
	for i := range out.pix {
		out.pix[i] = float32(colour>>(16-8*(i%3))&255) / 255
	}
	return []any{&frames{width: width, height: height, count: count, draw: func(int) *raster { return out }}}, nil
}

// onImage is the frame of nodes with one image in and one out.
func onImage(c *call, f func(*raster) *raster) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	return []any{picture.each(f)}, nil
}

func runImageInvert(_ context.Context, c *call) ([]any, error) {
	return onImage(c, func(r *raster) *raster { return r.mapped(inverted) })
}

func runImageCrop(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	width, height, x, y := a.int("width"), a.int("height"), a.int("x"), a.int("y")
	if a.err != nil {
		return nil, a.err
	}
	return onImage(c, func(r *raster) *raster { return r.crop(min(x, r.width-1), min(y, r.height-1), width, height) })
}

// runImagePadForOutpaint adds grey borders and returns with them a mask of what
// is to be painted: the border, fading over feathering pixels into the image.
func runImagePadForOutpaint(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	left, top, right, bottom, feathering := a.int("left"), a.int("top"), a.int("right"), a.int("bottom"), a.int("feathering")
	if a.err != nil {
		return nil, a.err
	}
	width, height := picture.width+left+right, picture.height+top+bottom
	if err := roomFor(1, width, height); err != nil {
		return nil, err
	}
	padded := picture.each(func(r *raster) *raster {
		out := newRaster(width, height, r.channels).fill(0.5)
		out.paste(r, left, top)
		return out
	})
	inner := newRaster(picture.width, picture.height, 1)
	if feathering > 0 && feathering*2 < inner.height && feathering*2 < inner.width {
		for y := range inner.height {
			for x := range inner.width {
				d := feathering // distance to the nearest padded side
				for _, side := range []struct{ pad, distance int }{
					{top, y}, {bottom, inner.height - y}, {left, x}, {right, inner.width - x},
				} {
					if side.pad != 0 {
						d = min(d, side.distance)
					}
				}
				v := float32(feathering-d) / float32(feathering)
				inner.pix[y*inner.width+x] = v * v
			}
		}
	}
	mask := newRaster(width, height, 1).fill(1)
	mask.paste(inner, left, top)
	return []any{padded, framesOf(mask)}, nil
}

func runImageCompositeMasked(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	destination, source, mask := a.frames("destination"), a.frames("source"), maybe[*frames](a, "mask")
	x, y, resize := a.int("x"), a.int("y"), a.bool("resize_source")
	if a.err != nil {
		return nil, a.err
	}
	if resize {
		source = source.fitted(destination.width, destination.height)
	}
	if mask != nil {
		mask = mask.fitted(source.width, source.height)
	}
	channels := max(destination.channels(), 3)
	return []any{destination.numbered(func(i int, to *raster) *raster {
		to, from := to.withChannels(channels), source.at(i).withChannels(channels)
		if mask == nil {
			out := to.clone()
			if x < to.width && y < to.height {
				out.paste(from, x, y)
			}
			return out
		}
		return composited(to, from, mask.at(i), x, y)
	})}, nil
}

// composited lays from over to at x, y where the mask says so.
func composited(to, from, mask *raster, x0, y0 int) *raster {
	out := to.clone()
	n := to.channels
	for y := y0; y < min(y0+from.height, to.height); y++ {
		src, dst, share := from.row(y-y0), out.row(y), mask.row(y-y0)
		for x := x0; x < min(x0+from.width, to.width); x++ {
			m := share[x-x0]
			for k := range n {
				dst[x*n+k] = m*src[(x-x0)*n+k] + (1-m)*dst[x*n+k]
			}
		}
	}
	return out
}

func runImageFlip(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	method := a.text("flip_method")
	if a.err != nil {
		return nil, a.err
	}
	return onImage(c, func(r *raster) *raster {
		if strings.HasPrefix(method, "x") {
			return r.turned(4)
		}
		return r.turned(2)
	})
}

func runImageRotate(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	rotation := a.text("rotation")
	if a.err != nil {
		return nil, a.err
	}
	return onImage(c, func(r *raster) *raster {
		switch {
		case strings.HasPrefix(rotation, "90"):
			return r.turned(6)
		case strings.HasPrefix(rotation, "180"):
			return r.turned(3)
		case strings.HasPrefix(rotation, "270"):
			return r.turned(8)
		}
		return r
	})
}

func runJoinImageWithAlpha(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	picture, alpha := a.frames("image"), a.frames("alpha")
	if a.err != nil {
		return nil, a.err
	}
	count := min(picture.count, alpha.count)
	alpha = alpha.fitted(picture.width, picture.height)
	return []any{picture.slice(0, count).with(alpha, func(p, m *raster) *raster {
		out := p.withChannels(3).withChannels(4)
		for i, v := range m.pix {
			out.pix[i*4+3] = 1 - v
		}
		return out
	})}, nil
}

func runSplitImageWithAlpha(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	colours := picture.each(func(r *raster) *raster { return r.withChannels(3) })
	alpha := picture.each(func(r *raster) *raster { return r.withChannels(4).channel(3).mapped(inverted) })
	return []any{colours, alpha}, nil
}
