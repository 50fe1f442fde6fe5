package nodes

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// What PyTorch, Pillow and kornia said to inputs that do not go together, as
// recorded from ComfyUI 0.3.64.
func TestNodeErrorsRecordedFromServer(t *testing.T) {
	t.Parallel()
	pictures := func(width, height, count int) *raster.Frames {
		list := make([]*raster.Raster, count)
		for i := range list {
			list[i] = raster.New(width, height, 3)
		}
		return raster.FramesOf(list...)
	}
	mask := func(width, height, count int) *raster.Frames {
		return pictures(width, height, count).Each(func(r *raster.Raster) *raster.Raster { return raster.New(r.Width, r.Height, 1) })
	}
	composite := func(to, from *raster.Frames, x, y int64) in {
		return in{"destination": to, "source": from, "x": x, "y": y, "operation": "add"}
	}
	tests := []struct {
		name, class string
		inputs      in
		want        string // "" = it runs
	}{
		{
			"a text for a picture", "ImageCrop",
			in{"image": "text", "width": int64(8), "height": int64(8), "x": int64(0), "y": int64(0)},
			"AttributeError: 'str' object has no attribute 'shape'",
		},
		{
			"blur wider than the picture", "ImageBlur",
			in{"image": pictures(7, 5, 1), "blur_radius": int64(7), "sigma": 1.0},
			"RuntimeError: Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (7, 7) at dimension 3 of input [1, 3, 5, 7]",
		},
		{
			"blur higher than the picture", "ImageBlur",
			in{"image": pictures(7, 5, 1), "blur_radius": int64(5), "sigma": 1.0},
			"RuntimeError: Argument #6: Padding size should be less than the corresponding input dimension, but got: padding (5, 5) at dimension 2 of input [1, 3, 5, 7]",
		},
		{
			"edges of a line", "Canny",
			in{"image": pictures(300, 1, 1), "low_threshold": 0.1, "high_threshold": 0.2},
			"RuntimeError: Argument #6: Padding size should be less than the corresponding input dimension, but got: padding (2, 2) at dimension 2 of input [1, 1, 1, 300]",
		},
		{
			"thresholds", "Canny",
			in{"image": pictures(9, 9, 1), "low_threshold": 0.51, "high_threshold": 0.483},
			"kornia.core.exceptions.BaseError: Invalid input thresholds. low_threshold should be smaller than or equal to the high_threshold. Got: 0.51>0.483",
		},
		{
			"blend two with three", "ImageBlend",
			in{"image1": pictures(8, 8, 2), "image2": pictures(9, 7, 3), "blend_factor": 0.5, "blend_mode": "normal"},
			"RuntimeError: The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
		},
		{
			"blend mode", "ImageBlend",
			in{"image1": pictures(8, 8, 1), "image2": pictures(8, 8, 1), "blend_factor": 0.5, "blend_mode": "burn"},
			"ValueError: Unsupported blend mode: burn",
		},
		{
			"masks of two with three", "MaskComposite", composite(mask(8, 8, 2), mask(8, 8, 3), 0, 0),
			"RuntimeError: The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0",
		},
		{
			"far right of the mask", "MaskComposite", composite(mask(30, 30, 1), mask(10, 10, 1), 31, 0),
			"RuntimeError: The size of tensor a (0) must match the size of tensor b (9) at non-singleton dimension 2",
		},
		{
			"far below the mask", "MaskComposite", composite(mask(30, 30, 1), mask(5, 12, 1), 0, 40),
			"RuntimeError: The size of tensor a (0) must match the size of tensor b (2) at non-singleton dimension 1",
		},
		{"right at the border", "MaskComposite", composite(mask(30, 30, 1), mask(10, 10, 1), 30, 30), ""},
		{"so far that nothing is left", "MaskComposite", composite(mask(30, 30, 1), mask(10, 10, 1), 40, 40), ""},
		{"stitch to nothing", "ImageStitch", in{
			"image1": pictures(3, 1, 1), "image2": pictures(1, 200, 1), "direction": "right",
			"match_image_size": true, "spacing_width": int64(0), "spacing_color": "red",
		}, "ValueError: height and width must be > 0"},
		{
			"scale method", "ImageScaleToTotalPixels",
			in{"image": pictures(8, 8, 1), "upscale_method": "best", "megapixels": 0.01, "resolution_steps": int64(1)},
			"NotImplementedError: Input Error: Only 3D, 4D and 5D input Tensors supported (got 4D) for the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got best)",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.fails(test.class, test.inputs)
			got := ""
			if raised, ok := err.(*pyval.Exception); ok { //nolint:errorlint // nodes return it bare
				got = raised.Type + ": " + raised.Message
			} else if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-server +emulator):\n%s", diff)
			}
		})
	}
}

func TestBlendRepeatsTheSinglePicture(t *testing.T) {
	t.Parallel()
	one, two := raster.FramesOf(raster.New(4, 4, 3)), raster.FramesOf(raster.New(4, 4, 3), raster.New(4, 4, 3))
	for _, pair := range [][2]*raster.Frames{{one, two}, {two, one}} {
		b := newBench(t)
		out := b.run("ImageBlend", in{"image1": pair[0], "image2": pair[1], "blend_factor": 0.5, "blend_mode": "screen"})
		if got := out[0].(*raster.Frames).Count; got != 2 {
			t.Errorf("blending %d with %d gives %d", pair[0].Count, pair[1].Count, got)
		}
	}
}

// A palette with transparency gives a mask even if no pixel uses it.
func TestPaletteDeclaresTransparency(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		second color.Color
		width  int // of the mask: 64 = there is none
	}{{color.NRGBA{1, 2, 3, 100}, 5}, {color.NRGBA{1, 2, 3, 255}, 64}} {
		img := image.NewPaletted(image.Rect(0, 0, 5, 5), color.Palette{color.NRGBA{9, 9, 9, 255}, test.second})
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		b := newBench(t)
		b.shelf.files["input/x.png"] = file.Bytes()
		out := b.run("LoadImage", in{"image": "x.png"})
		if got := out[1].(*raster.Frames).Width; got != test.width {
			t.Errorf("palette with %v: a mask of width %d, want %d", test.second, got, test.width)
		}
	}
}
