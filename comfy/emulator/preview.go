package emulator

import (
	"bytes"
	"image"
	"image/jpeg"

	xdraw "golang.org/x/image/draw"
)

// Previews as the server sends them.
const (
	previewSize    = 512 // pixels of the longer side
	previewQuality = 95
)

// encodePreview makes the JPEG of a preview, shrunk or grown to the size.
func encodePreview(img image.Image) []byte {
	b := img.Bounds()
	w, h := previewSize, previewSize
	if b.Dx() > b.Dy() {
		h = max(1, previewSize*b.Dy()/b.Dx())
	} else if b.Dy() > 0 {
		w = max(1, previewSize*b.Dx()/b.Dy())
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, xdraw.Src, nil)
	var buf bytes.Buffer
	_ = jpeg.Encode(&buf, out, &jpeg.Options{Quality: previewQuality}) // a picture of that size always encodes
	return buf.Bytes()
}
