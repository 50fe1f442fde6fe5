package nodes

import (
	"context"
	"math"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func scaleClasses() []*Class {
	return []*Class{
		{
			Name: "ImageScale", Display: "Upscale Image", Category: "image/upscaling", Module: "nodes",
			Required: []Input{
				link("image", "IMAGE"),
				combo("upscale_method", scaleMethods()...),
				integer("width", 512, 0, maxSide, 1),
				integer("height", 512, 0, maxSide, 1),
				combo("crop", "disabled", "center"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageScale,
		},
		{
			Name: "ImageScaleBy", Display: "Upscale Image By", Category: "image/upscaling", Module: "nodes",
			Required: []Input{
				link("image", "IMAGE"),
				combo("upscale_method", scaleMethods()...),
				number("scale_by", 1, 0.01, 8, 0.01),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageScaleBy,
		},
		{
			Name: "ImageScaleToTotalPixels", Display: "", Category: "image/upscaling", Module: "comfy_extras.nodes_post_processing",
			Required: []Input{
				link("image", "IMAGE"),
				combo("upscale_method", scaleMethods()...),
				number("megapixels", 1, 0.01, 16, 0.01),
			},
			Optional: []Input{integer("resolution_steps", 1, 1, 256, 0)}, // required by later servers
			Outputs:  []string{"IMAGE"},
			Run:      runImageScaleToTotalPixels,
		},
		{
			Name: "ImageScaleToMaxDimension", Display: "ImageScaleToMaxDimension", Category: "image/upscaling", Module: "comfy_extras.nodes_images",
			Required: []Input{
				link("image", "IMAGE"),
				combo("upscale_method", "area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic"),
				integer("largest_size", 512, 0, maxSide, 1),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageScaleToMaxDimension,
		},
		{
			Name: "FluxKontextImageScale", Display: "", Category: "advanced/conditioning/flux", Module: "comfy_extras.nodes_flux",
			Required: []Input{
				link("image", "IMAGE"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runFluxKontextImageScale,
		},
		{
			Name: "ImageUpscaleWithModel", Display: "Upscale Image (using Model)", Category: "image/upscaling", Module: "comfy_extras.nodes_upscale_model",
			Required: []Input{
				link("upscale_model", "UPSCALE_MODEL"),
				link("image", "IMAGE"),
			},
			Outputs: []string{"IMAGE"},
			Run:     runImageUpscaleWithModel,
		},
	}
}

// scaled is what the scaling nodes share. Zero for a side means: by the other
// one; zero for both: unchanged.
func scaled(a *arguments, width, height int, crop string) ([]any, error) {
	picture, method := a.frames("image"), a.text("upscale_method")
	if a.err != nil {
		return nil, a.err
	}
	return one(picture.Upscale(width, height, method, crop))
}

// nearest rounds halves to even, as Python does.
func nearest(v float64) int { return int(math.RoundToEven(v)) }

func runImageScale(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, width, height, crop := a.frames("image"), a.int("width"), a.int("height"), a.text("crop")
	if a.err != nil {
		return nil, a.err
	}
	switch {
	case width == 0 && height == 0:
		return []any{picture}, nil
	case width == 0:
		width = max(1, nearest(float64(picture.Width*height)/float64(picture.Height)))
	case height == 0:
		height = max(1, nearest(float64(picture.Height*width)/float64(picture.Width)))
	}
	return scaled(a, width, height, crop)
}

func runImageScaleBy(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, factor := a.frames("image"), a.float("scale_by")
	if a.err != nil {
		return nil, a.err
	}
	return scaled(a, nearest(float64(picture.Width)*factor), nearest(float64(picture.Height)*factor), "disabled")
}

func runImageScaleToTotalPixels(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, megapixels, multiple := a.frames("image"), a.float("megapixels"), a.int("resolution_steps")
	if a.err != nil {
		return nil, a.err
	}
	total := math.Trunc(megapixels * 1024 * 1024)
	factor := math.Sqrt(total / float64(picture.Width*picture.Height))
	side := func(n int) int { return nearest(float64(n)*factor/float64(max(multiple, 1))) * max(multiple, 1) }
	return scaled(a, side(picture.Width), side(picture.Height), "disabled")
}

func runImageScaleToMaxDimension(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture, largest := a.frames("image"), a.int("largest_size")
	if a.err != nil {
		return nil, a.err
	}
	width, height := largest, largest
	if w, h := float64(picture.Width), float64(picture.Height); h > w {
		width = nearest(w / h * float64(largest))
	} else if w > h {
		height = nearest(h / w * float64(largest))
	}
	return scaled(a, width, height, "disabled")
}

func runFluxKontextImageScale(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	picture := a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	width, height := kontextSize(picture.Width, picture.Height)
	return one(picture.Upscale(width, height, "lanczos", "center"))
}

// kontextSize is the size that Flux Kontext was trained on with the proportion
// nearest to the given one; the narrower one when two are as near.
func kontextSize(width, height int) (int, int) {
	sizes := [][2]int{
		{672, 1568},
		{688, 1504},
		{720, 1456},
		{752, 1392},
		{800, 1328},
		{832, 1248},
		{880, 1184},
		{944, 1104},
		{1024, 1024},
		{1104, 944},
		{1184, 880},
		{1248, 832},
		{1328, 800},
		{1392, 752},
		{1456, 720},
		{1504, 688},
		{1568, 672},
	}
	best, least := sizes[0], math.Inf(1)
	for _, s := range sizes {
		if d := math.Abs(float64(width)/float64(height) - float64(s[0])/float64(s[1])); d < least {
			best, least = s, d
		}
	}
	return best[0], best[1]
}

// runImageUpscaleWithModel enlarges smoothly by the factor of the model's name.
func runImageUpscaleWithModel(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	upscaler, picture := given[*modelPatch](a, "upscale_model"), a.frames("image")
	if a.err != nil {
		return nil, a.err
	}
	n := upscaleFactor(upscaler.file)
	if err := raster.RoomFor(max(1, len(picture.Drawn)), picture.Width*n, picture.Height*n); err != nil {
		return nil, err
	}
	return []any{picture.Each(func(r *raster.Raster) *raster.Raster {
		return raster.Convolve(r, raster.CatmullRomTaps(r.Width, r.Width*n), raster.CatmullRomTaps(r.Height, r.Height*n)).Mapped(unit)
	})}, nil
}

// unit clamps a sample to 0..1.
func unit(v float32) float32 { return min(max(v, 0), 1) }

// upscaleFactor reads "4x" or "x4" in a model's file name; without one it is 4.
func upscaleFactor(file string) int {
	name := strings.ToLower(stem(file))
	for i := range len(name) {
		digit := name[i] >= '1' && name[i] <= '8'
		if digit && i+1 < len(name) && name[i+1] == 'x' || digit && i > 0 && name[i-1] == 'x' {
			return int(name[i] - '0')
		}
	}
	return 4
}
