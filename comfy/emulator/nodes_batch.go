package emulator

import (
	"context"
	"strings"
)

func batchClasses() []*class {
	return []*class{
		{
			name: "ImageBatch", display: "Batch Images", category: "image", module: "nodes",
			required: []input{
				link("image1", "IMAGE"),
				link("image2", "IMAGE"),
			},
			outputs: []string{"IMAGE"},
			run:     runImageBatch,
		},
		{
			name: "RepeatImageBatch", display: "RepeatImageBatch", category: "image/batch", module: "comfy_extras.nodes_images",
			required: []input{
				link("image", "IMAGE"),
				integer("amount", 1, 1, 4096, 0),
			},
			outputs: []string{"IMAGE"},
			run:     runRepeatImageBatch,
		},
		{
			name: "ImageFromBatch", display: "ImageFromBatch", category: "image/batch", module: "comfy_extras.nodes_images",
			required: []input{
				link("image", "IMAGE"),
				integer("batch_index", 0, 0, 4095, 0),
				integer("length", 1, 1, 4096, 0),
			},
			outputs: []string{"IMAGE"},
			run:     runImageFromBatch,
		},
		{
			name: "ImageStitch", display: "Image Stitch", category: "image/transform", module: "comfy_extras.nodes_images",
			required: []input{
				link("image1", "IMAGE"),
				combo("direction", "right", "down", "left", "up").with("default", "right"),
				boolean("match_image_size", true),
				integer("spacing_width", 0, 0, 1024, 2),
				combo("spacing_color", "white", "black", "red", "green", "blue").with("default", "white"),
			},
			optional: []input{
				link("image2", "IMAGE"),
			},
			outputs: []string{"IMAGE"},
			run:     runImageStitch,
		},
		{
			name: "GetImageSize", display: "Get Image Size", category: "image", module: "comfy_extras.nodes_images",
			required: []input{
				link("image", "IMAGE"),
			},
			hidden:      []string{"UNIQUE_ID"},
			outputs:     []string{"INT", "INT", "INT"},
			outputNames: []string{"width", "height", "batch_size"},
			run:         runGetImageSize,
		},
		{
			// From 0.8 on, where the pictures grow on demand.
			name: "BatchImagesNode", display: "Batch Images", category: "image", module: "comfy_extras.nodes_post_processing",
			required: growing("images.image", 0, 2),
			optional: growing("images.image", 2, 48),
			outputs:  []string{"IMAGE"},
			run:      runBatchImagesNode,
		},
	}
}

// joined puts pictures one after another, all in the size of the first.
func joined(pictures ...*frames) (*frames, error) {
	all := pictures[0]
	for _, p := range pictures[1:] {
		if p.width != all.width || p.height != all.height {
			var err error
			if p, err = p.upscale(all.width, all.height, "bilinear", "center"); err != nil {
				return nil, err
			}
		}
		all = all.then(p)
	}
	return all, nil
}

func runImageBatch(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	first, second := a.frames("image1"), a.frames("image2")
	if a.err != nil {
		return nil, a.err
	}
	return one(joined(first, second))
}

func runBatchImagesNode(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	pictures := a.grown("images.image", 0, 50)
	if a.err != nil || len(pictures) == 0 {
		return nil, a.err
	}
	return one(joined(pictures...))
}

func runRepeatImageBatch(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	picture, amount := a.frames("image"), a.int("amount")
	if a.err != nil {
		return nil, a.err
	}
	return []any{&frames{
		width: picture.width, height: picture.height, count: picture.count * amount,
		draw: func(i int) *raster { return picture.at(i % picture.count) },
	}}, nil
}

func runImageFromBatch(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	picture, from, length := a.frames("image"), a.int("batch_index"), a.int("length")
	if a.err != nil {
		return nil, a.err
	}
	from = min(from, picture.count-1)
	return []any{picture.slice(from, min(length, picture.count-from))}, nil
}

func runGetImageSize(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	return []any{int64(picture.width), int64(picture.height), int64(picture.count)}, nil
}

func runImageStitch(_ context.Context, c *call) ([]any, error) {
	a := c.args()
	first, second := a.frames("image1"), maybe[*frames](a, "image2")
	direction, match := a.text("direction"), a.bool("match_image_size")
	spacing, colour := a.int("spacing_width"), a.text("spacing_color")
	if a.err != nil {
		return nil, a.err
	}
	if second == nil {
		return []any{first}, nil
	}
	across := direction == "left" || direction == "right"
	if match {
		width, height := int(float64(first.height)*float64(second.width)/float64(second.height)), first.height
		if !across {
			width, height = first.width, int(float64(first.width)/(float64(second.width)/float64(second.height)))
		}
		var err error
		if second, err = second.upscale(width, height, "lanczos", "disabled"); err != nil {
			return nil, err
		}
	}
	spacing += spacing % 2
	count := max(first.count, second.count)
	joint := func(i int) *raster {
		x, y := first.at(i), second.at(i)
		channels := max(x.channels, y.channels)
		x, y = x.withChannels(channels), y.withChannels(channels)
		if direction == "left" || direction == "up" {
			x, y = y, x
		}
		return stitched(x, y, across, spacing, colour)
	}
	rasters := make([]*raster, count)
	for i := range rasters {
		rasters[i] = joint(i)
	}
	return []any{framesOf(rasters...)}, nil
}

// stitched sets two pictures side by side or one above the other, centred on
// each other, with a coloured gap. Beside a smaller picture the field is white
// if the gap is, else black.
func stitched(x, y *raster, across bool, spacing int, colour string) *raster {
	width, height := x.width+spacing+y.width, max(x.height, y.height)
	if !across {
		width, height = max(x.width, y.width), x.height+spacing+y.height
	}
	out := newRaster(width, height, x.channels)
	gap := map[string][3]float32{"white": {1, 1, 1}, "red": {1, 0, 0}, "green": {0, 1, 0}, "blue": {0, 0, 1}}[colour]
	if strings.HasPrefix(colour, "white") {
		out.fill(1)
	}
	for line := range height {
		for column := range width {
			inGap := column >= x.width && column < x.width+spacing
			if !across {
				inGap = line >= x.height && line < x.height+spacing
			}
			if inGap {
				p := out.at(column, line)
				copy(p, gap[:])
				if len(p) == 4 {
					p[3] = 1
				}
			}
		}
	}
	if across {
		out.paste(x, 0, (height-x.height)/2)
		out.paste(y, x.width+spacing, (height-y.height)/2)
	} else {
		out.paste(x, (width-x.width)/2, 0)
		out.paste(y, (width-y.width)/2, x.height+spacing)
	}
	return out
}
