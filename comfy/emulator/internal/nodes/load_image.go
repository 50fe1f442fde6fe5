package nodes

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // LoadImage reads it
	_ "image/jpeg" // LoadImage reads it
	_ "image/png"  // LoadImage reads it
	"io"
	"slices"

	_ "golang.org/x/image/bmp"  // LoadImage reads it
	_ "golang.org/x/image/tiff" // LoadImage reads it
	_ "golang.org/x/image/webp" // LoadImage reads it

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

const (
	maxImageBytes  = 256 << 20
	maxImagePixels = 178_956_970 // where Pillow refuses a decompression bomb
)

func validImageFile(c *Call) (inputName, reason string) {
	name, ok := c.Inputs["image"].(string)
	if !ok || !c.Files.Exists("input", name) {
		return "image", "Invalid image file: " + fmt.Sprint(c.Inputs["image"])
	}
	return "", ""
}

// readImage decodes a file of the input folder (or the one its name is
// annotated with) the way up it is meant to be seen. hasAlpha says whether the
// file has an alpha channel, used or not.
func (c *Call) readImage(name string) (r *raster.Raster, hasAlpha bool, err error) {
	file, err := c.Files.Open("input", name)
	if err != nil {
		return nil, false, &pyval.Exception{Type: "FileNotFoundError", Message: fmt.Sprintf("[Errno 2] No such file or directory: '%s'", name)}
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxImageBytes+1))
	if err != nil {
		return nil, false, fmt.Errorf("reading image %s: %w", name, err)
	}
	cannot := &pyval.Exception{Type: "PIL.UnidentifiedImageError", Message: fmt.Sprintf("cannot identify image file '%s'", name)}
	if len(data) > maxImageBytes {
		return nil, false, cannot
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, false, cannot
	}
	if config.Width*config.Height > maxImagePixels {
		return nil, false, &pyval.Exception{Type: "PIL.Image.DecompressionBombError", Message: fmt.Sprintf(
			"Image size (%d pixels) exceeds limit of %d pixels, could be decompression bomb DOS attack.", config.Width*config.Height, maxImagePixels)}
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, false, &pyval.Exception{Type: "OSError", Message: "image file is truncated or damaged: " + err.Error()}
	}
	if format == "webp" {
		fullRange(img)
	}
	r = raster.Of(img)
	return r.Turned(container.Orientation(data)), alphaOf(img, format), nil
}

// alphaOf reports an alpha channel. The WebP decoder has one for lossless files
// in any case, so there it counts only when something is transparent.
func alphaOf(img image.Image, format string) bool {
	switch img := img.(type) {
	case *image.Paletted: // declared is enough, whether a pixel has that colour or not
		return slices.ContainsFunc(img.Palette, func(c color.Color) bool {
			_, _, _, a := c.RGBA()
			_, declared := c.(color.NRGBA) // what the PNG decoder makes of a transparency chunk
			return declared || a != 0xffff
		})
	case *image.NRGBA:
		return format != "webp" || !img.Opaque()
	case *image.NRGBA64, *image.NYCbCrA:
		return true
	}
	return false
}

// fullRange stretches the samples of a lossy WebP, which keeps brightness in 16
// to 235 and colour in 16 to 240 (RFC 6386, section 9.2), to the 0 to 255 that
// image.YCbCr means.
func fullRange(img image.Image) {
	var samples *image.YCbCr
	switch img := img.(type) {
	case *image.YCbCr:
		samples = img
	case *image.NYCbCrA:
		samples = &img.YCbCr
	default:
		return // lossless
	}
	stretch := func(plane []uint8, from, span, to int) {
		for i, v := range plane {
			plane[i] = uint8(min(max(((int(v)-from)*510+span)/(2*span)+to, 0), 255))
		}
	}
	stretch(samples.Y, 16, 219, 0)
	stretch(samples.Cb, 128, 224, 128)
	stretch(samples.Cr, 128, 224, 128)
}

// runLoadImage returns the colours and, as the mask, what is transparent; a
// file without alpha gives the server's 64x64 empty mask.
func runLoadImage(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	name := a.text("image")
	if a.err != nil {
		return nil, a.err
	}
	r, hasAlpha, err := c.readImage(name)
	if err != nil {
		return nil, err
	}
	mask := raster.New(64, 64, 1)
	if hasAlpha {
		mask = r.Channel(3).Mapped(inverted)
	}
	return []any{raster.FramesOf(r.WithChannels(3)), raster.FramesOf(mask)}, nil
}

func runLoadImageMask(_ context.Context, c *Call) ([]any, error) {
	a := c.args()
	name, channel := a.text("image"), a.text("channel")
	if a.err != nil {
		return nil, a.err
	}
	r, _, err := c.readImage(name)
	if err != nil {
		return nil, err
	}
	if channel == "alpha" {
		return []any{raster.FramesOf(r.Channel(3).Mapped(inverted))}, nil
	}
	k := map[string]int{"red": 0, "green": 1, "blue": 2}[channel]
	return []any{raster.FramesOf(r.Channel(k))}, nil
}
