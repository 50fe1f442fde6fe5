package nodes

import (
	"context"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/painter"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func latentClasses() []*Class {
	return []*Class{
		{
			Name: "EmptyLatentImage", Display: "Empty Latent Image", Category: "latent", Module: "nodes",
			Required: []Input{
				integer("width", 512, 16, maxSide, 8),
				integer("height", 512, 16, maxSide, 8),
				integer("batch_size", 1, 1, 4096, 0),
			},
			Outputs: []string{"LATENT"},
			Run:     emptyLatent(8),
		},
		{
			Name: "EmptySD3LatentImage", Display: "", Category: "latent/sd3", Module: "comfy_extras.nodes_sd3",
			Required: []Input{
				integer("width", 1024, 16, maxSide, 16),
				integer("height", 1024, 16, maxSide, 16),
				integer("batch_size", 1, 1, 4096, 0),
			},
			Outputs: []string{"LATENT"},
			Run:     emptyLatent(8),
		},
		{
			Name: "EmptyFlux2LatentImage", Display: "Empty Flux 2 Latent", Category: "latent", Module: "comfy_extras.nodes_flux",
			Required: []Input{
				integer("width", 1024, 16, maxSide, 16),
				integer("height", 1024, 16, maxSide, 16),
				integer("batch_size", 1, 1, 4096, 0),
			},
			Outputs: []string{"LATENT"},
			Run:     emptyLatent(16),
		},
		{
			Name: "VAEEncode", Display: "VAE Encode", Category: "latent", Module: "nodes",
			Required: []Input{
				link("pixels", "IMAGE"),
				link("vae", "VAE"),
			},
			Outputs: []string{"LATENT"},
			Run:     runVAEEncode,
		},
		{
			Name: "VAEDecode", Display: "VAE Decode", Category: "latent", Module: "nodes",
			Required: []Input{
				link("samples", "LATENT"),
				link("vae", "VAE"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runVAEDecode,
		},
		{
			Name: "VAEEncodeTiled", Display: "VAE Encode (Tiled)", Category: "_for_testing", Module: "nodes",
			Required: []Input{
				link("pixels", "IMAGE"),
				link("vae", "VAE"),
				integer("tile_size", 512, 64, 4096, 64),
				integer("overlap", 64, 0, 4096, 32),
				integer("temporal_size", 64, 8, 4096, 4),
				integer("temporal_overlap", 8, 4, 4096, 4),
			},
			Outputs: []string{"LATENT"},
			Run:     runVAEEncode,
		},
		{
			Name: "VAEDecodeTiled", Display: "VAE Decode (Tiled)", Category: "_for_testing", Module: "nodes",
			Required: []Input{
				link("samples", "LATENT"),
				link("vae", "VAE"),
				integer("tile_size", 512, 64, 4096, 32),
				integer("overlap", 64, 0, 4096, 32),
				integer("temporal_size", 64, 8, 4096, 4),
				integer("temporal_overlap", 8, 4, 4096, 4),
			},
			Outputs: []string{"IMAGE"},
			Run:     runVAEDecode,
		},
		{
			Name: "VAEEncodeForInpaint", Display: "VAE Encode (for Inpainting)", Category: "latent/inpaint", Module: "nodes",
			Required: []Input{
				link("pixels", "IMAGE"),
				link("vae", "VAE"),
				link("mask", "MASK"),
				integer("grow_mask_by", 6, 0, 64, 1),
			},
			Outputs: []string{"LATENT"},
			Run:     runVAEEncodeForInpaint,
		},
		{
			Name: "SetLatentNoiseMask", Display: "Set Latent Noise Mask", Category: "latent/inpaint", Module: "nodes",
			Required: []Input{
				link("samples", "LATENT"),
				link("mask", "MASK"),
			},
			Outputs: []string{"LATENT"},
			Run:     runSetLatentNoiseMask,
		},
		{
			Name: "LatentUpscale", Display: "Upscale Latent", Category: "latent", Module: "nodes",
			Required: []Input{
				link("samples", "LATENT"),
				combo("upscale_method", "nearest-exact", "bilinear", "area", "bicubic", "bislerp"),
				integer("width", 512, 0, maxSide, 8),
				integer("height", 512, 0, maxSide, 8),
				combo("crop", "disabled", "center"),
			},
			Outputs: []string{"LATENT"},
			Run:     runLatentUpscale,
		},
		{
			Name: "LatentUpscaleBy", Display: "Upscale Latent By", Category: "latent", Module: "nodes",
			Required: []Input{
				link("samples", "LATENT"),
				combo("upscale_method", "nearest-exact", "bilinear", "area", "bicubic", "bislerp"),
				number("scale_by", 1.5, 0.01, 8, 0.01),
			},
			Outputs: []string{"LATENT"},
			Run:     runLatentUpscaleBy,
		},
		{
			Name: "RepeatLatentBatch", Display: "Repeat Latent Batch", Category: "latent/batch", Module: "nodes",
			Required: []Input{
				link("samples", "LATENT"),
				integer("amount", 1, 1, 64, 0),
			},
			Outputs: []string{"LATENT"},
			Run:     runRepeatLatentBatch,
		},
	}
}

// emptyLatent makes latents whose sides are cut down to a multiple of the
// model family's compression.
func emptyLatent(grid int) func(context.Context, *Call) ([]any, error) {
	return func(_ context.Context, c *Call) ([]any, error) {
		a := c.args()
		l := &latent{width: a.int("width") / grid * grid, height: a.int("height") / grid * grid, count: a.int("batch_size")}
		return []any{l}, a.err
	}
}

// gridded cuts the sides to a multiple of n, equally at both ends, as a VAE does.
func gridded(f *raster.Frames, n int) *raster.Frames {
	width, height := f.Width/n*n, f.Height/n*n
	if width == f.Width && height == f.Height || width == 0 || height == 0 {
		return f
	}
	x, y := f.Width%n/2, f.Height%n/2
	return f.Each(func(r *raster.Raster) *raster.Raster { return r.Crop(x, y, width, height) })
}

// encoded is what a VAE makes of a picture: the colours, cut to its grid.
func encoded(picture *raster.Frames) *latent {
	pixels := gridded(picture, 8)
	if pixels.Channels() != 3 {
		pixels = pixels.Each(func(r *raster.Raster) *raster.Raster { return r.WithChannels(3) })
	}
	return &latent{width: pixels.Width, height: pixels.Height, count: pixels.Count, pixels: pixels}
}

func runVAEEncode(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture := a.frames("pixels")
	given[*vae](a, "vae")
	if a.err != nil {
		return nil, a.err
	}
	return []any{encoded(picture)}, nil
}

func runVAEDecode(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l := a.latent("samples")
	given[*vae](a, "vae")
	if a.err != nil {
		return nil, a.err
	}
	return []any{l.decoded(c.Seed)}, nil
}

// decoded is the picture in a latent, with the noise that is still in it. An
// empty latent decodes to a flat grey.
func (l *latent) decoded(seed uint64) *raster.Frames {
	pixels := l.pixels
	if pixels == nil {
		grey := raster.New(l.width, l.height, 3).Fill(0.5)
		pixels = &raster.Frames{Width: l.width, Height: l.height, Count: max(1, l.count), Draw: func(int) *raster.Raster { return grey }}
	}
	if l.noise <= 0 {
		return pixels
	}
	return pixels.Each(func(r *raster.Raster) *raster.Raster { return painter.Noisy(r, l.noise, seed) })
}

// runVAEEncodeForInpaint greys out what is masked and grows the mask, so that
// the seam is painted too.
func runVAEEncodeForInpaint(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, mask, grow := a.frames("pixels"), a.frames("mask"), a.int("grow_mask_by")
	if a.err != nil {
		return nil, a.err
	}
	mask = gridded(mask.Fitted(picture.Width, picture.Height), 8).Each(func(r *raster.Raster) *raster.Raster {
		return r.Mapped(func(v float32) float32 {
			if v > 0.5 {
				return 1
			}
			return 0
		})
	})
	l := encoded(picture)
	l.pixels = l.pixels.With(mask, func(p, m *raster.Raster) *raster.Raster {
		return raster.MixMasked(p, raster.New(p.Width, p.Height, 3).Fill(0.5), m)
	})
	l.mask = mask.Each(func(r *raster.Raster) *raster.Raster { return spread(r, grow/2, false, false) })
	return []any{l}, nil
}

func runSetLatentNoiseMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l, mask := a.latent("samples"), a.frames("mask")
	if a.err != nil {
		return nil, a.err
	}
	out := l.copy()
	out.mask = mask
	return []any{out}, nil
}

// resized is the latent at another size, with what it holds.
func (l *latent) resized(width, height int, method, crop string) (*latent, error) {
	out := l.copy()
	out.width, out.height = width/8*8, height/8*8
	if l.pixels == nil {
		return out, nil
	}
	var err error
	out.pixels, err = l.pixels.Upscale(max(8, out.width), max(8, out.height), method, crop)
	return out, err
}

func runLatentUpscale(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l, width, height := a.latent("samples"), a.int("width"), a.int("height")
	method, crop := a.text("upscale_method"), a.text("crop")
	if a.err != nil {
		return nil, a.err
	}
	switch {
	case width == 0 && height == 0:
		return []any{l}, nil
	case width == 0:
		height = max(64, height)
		width = max(64, nearest(float64(l.width*height)/float64(l.height)))
	case height == 0:
		width = max(64, width)
		height = max(64, nearest(float64(l.height*width)/float64(l.width)))
	default:
		width, height = max(64, width), max(64, height)
	}
	return one(l.resized(width, height, method, crop))
}

func runLatentUpscaleBy(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l, method, factor := a.latent("samples"), a.text("upscale_method"), a.float("scale_by")
	if a.err != nil {
		return nil, a.err
	}
	side := func(n int) int { return nearest(float64(n/8)*factor) * 8 }
	return one(l.resized(side(l.width), side(l.height), method, "disabled"))
}

func runRepeatLatentBatch(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	l, times := a.latent("samples"), a.int("amount")
	if a.err != nil {
		return nil, a.err
	}
	out := l.copy()
	out.count = l.count * times
	if l.pixels != nil {
		pixels := l.pixels
		out.pixels = &raster.Frames{
			Width: pixels.Width, Height: pixels.Height, Count: out.count,
			Draw: func(i int) *raster.Raster { return pixels.At(i % pixels.Count) },
		}
	}
	return []any{out}, nil
}
