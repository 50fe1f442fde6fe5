package container_test

import (
	"bytes"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

// picture is a picture in which every pixel differs from its neighbours.
func picture(width, height, channels int) *raster.Raster {
	r := raster.New(width, height, channels)
	for i := range r.Pix {
		r.Pix[i] = float32(i*7%256) / 255
	}
	return r
}

func TestWritePNG(t *testing.T) {
	t.Parallel()
	for _, channels := range []int{1, 3, 4} {
		r := picture(37, 23, channels)
		var file bytes.Buffer
		if err := container.WritePNG(&file, r, nil); err != nil {
			t.Fatalf("%d channels: %v", channels, err)
		}
		img, err := png.Decode(&file)
		if err != nil {
			t.Fatalf("%d channels: %v", channels, err)
		}
		back := raster.Of(img)
		if channels == 1 {
			back = back.Channel(0)
		} else {
			back = back.WithChannels(channels)
		}
		if channels == 4 {
			continue // colours below alpha are compared in TestLoadImage of nodes
		}
		if diff := cmp.Diff(r.Pix, back.Pix); diff != "" {
			t.Errorf("%d channels: pixels changed", channels)
		}
	}
}
