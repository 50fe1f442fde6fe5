package container_test

import (
	"bytes"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/painter"
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

// BenchmarkPNG compares with the standard encoder at its fastest.
func BenchmarkPNG(b *testing.B) {
	r := painter.Paint(painter.Recipe{Prompt: "a lighthouse at dusk", Seed: 7, Guidance: 3.5}, 1024, 1024)
	b.Run("ours", func(b *testing.B) {
		size := 0
		for b.Loop() {
			var out bytes.Buffer
			if err := container.WritePNG(&out, r, nil); err != nil {
				b.Fatal(err)
			}
			size = out.Len()
		}
		b.ReportMetric(float64(size), "bytes")
	})
	b.Run("standard", func(b *testing.B) {
		img := r.Picture()
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		for b.Loop() {
			var out bytes.Buffer
			if err := encoder.Encode(&out, img); err != nil {
				b.Fatal(err)
			}
		}
	})
}
