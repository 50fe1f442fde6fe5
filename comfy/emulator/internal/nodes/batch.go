package nodes

import (
	"context"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func batchClasses() []*Class {
	return []*Class{
		{
			Name: "ImageBatch", Display: "Batch Images", Category: "image", Module: "nodes",
			Required: []Input{
				link("image1", "IMAGE"),
				link("image2", "IMAGE"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageBatch,
		},
		{
			Name: "RepeatImageBatch", Display: "RepeatImageBatch", Category: "image/batch", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image", "IMAGE"),
				integer("amount", 1, 1, 4096, 0),
			},
			Outputs: []string{"IMAGE"},
			Run:     runRepeatImageBatch,
		},
		{
			Name: "ImageFromBatch", Display: "ImageFromBatch", Category: "image/batch", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image", "IMAGE"),
				integer("batch_index", 0, 0, 4095, 0),
				integer("length", 1, 1, 4096, 0),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageFromBatch,
		},
		{
			Name: "ImageStitch", Display: "Image Stitch", Category: "image/transform", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image1", "IMAGE"),
				combo("direction", "right", "down", "left", "up").with("default", "right"),
				boolean("match_image_size", true),
				integer("spacing_width", 0, 0, 1024, 2),
				combo("spacing_color", "white", "black", "red", "green", "blue").with("default", "white"),
			},
			Optional: []Input{
				link("image2", "IMAGE"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageStitch,
		},
		{
			Name: "GetImageSize", Display: "Get Image Size", Category: "image", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image", "IMAGE"),
			},
			Hidden:      []string{"UNIQUE_ID"},
			Outputs:     []string{"INT", "INT", "INT"},
			OutputNames: []string{"width", "height", "batch_size"},
			Run:         runGetImageSize,
		},
		{
			// From 0.8 on, where the pictures grow on demand.
			Name: "BatchImagesNode", Display: "Batch Images", Category: "image", Module: "comfy_extras.nodes_post_processing",
			Required: growing("images.image", 0, 2),
			Optional: growing("images.image", 2, 48),
			Outputs:  []string{"IMAGE"},
			Run:      runBatchImagesNode,
		},
	}
}

// joined puts pictures one after another, all in the size of the first.
func joined(pictures ...*raster.Frames) (*raster.Frames, error) {
	all := pictures[0]
	for _, p := range pictures[1:] {
		if p.Width != all.Width || p.Height != all.Height {
			var err error
			if p, err = p.Upscale(all.Width, all.Height, "bilinear", "center"); err != nil {
				return nil, err
			}
		}
		all = all.Then(p)
	}
	return all, nil
}

func runImageBatch(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	first, second := a.frames("image1"), a.frames("image2")
	if a.err != nil {
		return nil, a.err
	}
	return one(joined(first, second))
}

func runBatchImagesNode(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	pictures := a.grown("images.image", 0, 50)
	if a.err != nil || len(pictures) == 0 {
		return nil, a.err
	}
	return one(joined(pictures...))
}

func runRepeatImageBatch(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, amount := a.frames("image"), a.int("amount")
	if a.err != nil {
		return nil, a.err
	}
	return []any{&raster.Frames{
		Width: picture.Width, Height: picture.Height, Count: picture.Count * amount,
		Draw: func(i int) *raster.Raster { return picture.At(i % picture.Count) },
	}}, nil
}

func runImageFromBatch(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, from, length := a.frames("image"), a.int("batch_index"), a.int("length")
	if a.err != nil {
		return nil, a.err
	}
	from = min(from, picture.Count-1)
	return []any{picture.Slice(from, min(length, picture.Count-from))}, nil
}

func runGetImageSize(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	return []any{int64(picture.Width), int64(picture.Height), int64(picture.Count)}, nil
}

func runImageStitch(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	first, second := a.frames("image1"), maybe[*raster.Frames](a, "image2")
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
		width, height := int(float64(first.Height)*float64(second.Width)/float64(second.Height)), first.Height
		if !across {
			width, height = first.Width, int(float64(first.Width)/(float64(second.Width)/float64(second.Height)))
		}
		var err error
		if second, err = second.Upscale(width, height, "lanczos", "disabled"); err != nil {
			return nil, err
		}
	}
	spacing += spacing % 2
	count := max(first.Count, second.Count)
	joint := func(i int) *raster.Raster {
		x, y := first.At(i), second.At(i)
		channels := max(x.Channels, y.Channels)
		x, y = x.WithChannels(channels), y.WithChannels(channels)
		if direction == "left" || direction == "up" {
			x, y = y, x
		}
		return stitched(x, y, across, spacing, colour)
	}
	rasters := make([]*raster.Raster, count)
	for i := range rasters {
		rasters[i] = joint(i)
	}
	return []any{raster.FramesOf(rasters...)}, nil
}

// stitched sets two pictures side by side or one above the other, centred on
// each other, with a coloured gap. Beside a smaller picture the field is white
// if the gap is, else black.
func stitched(x, y *raster.Raster, across bool, spacing int, colour string) *raster.Raster {
	width, height := x.Width+spacing+y.Width, max(x.Height, y.Height)
	if !across {
		width, height = max(x.Width, y.Width), x.Height+spacing+y.Height
	}
	out := raster.New(width, height, x.Channels)
	gap := map[string][3]float32{"white": {1, 1, 1}, "red": {1, 0, 0}, "green": {0, 1, 0}, "blue": {0, 0, 1}}[colour]
	if strings.HasPrefix(colour, "white") {
		out.Fill(1)
	}
	for line := range height {
		for column := range width {
			inGap := column >= x.Width && column < x.Width+spacing
			if !across {
				inGap = line >= x.Height && line < x.Height+spacing
			}
			if inGap {
				p := out.At(column, line)
				copy(p, gap[:])
				if len(p) == 4 {
					p[3] = 1
				}
			}
		}
	}
	if across {
		out.Paste(x, 0, (height-x.Height)/2)
		out.Paste(y, x.Width+spacing, (height-y.Height)/2)
	} else {
		out.Paste(x, (width-x.Width)/2, 0)
		out.Paste(y, (width-y.Width)/2, x.Height+spacing)
	}
	return out
}
