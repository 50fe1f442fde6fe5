package apiv2_test

import (
	"bytes"
	"image"
	"image/png"
	"io"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// file is a small picture for an input.
func file(at comfy.Target) comfy.File {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 16, 8))) // a buffer takes everything
	return comfy.File{
		Name: "picture.png", SHA256: "00", Size: int64(b.Len()), Targets: []comfy.Target{at},
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
	}
}
