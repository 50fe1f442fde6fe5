package emulator

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/png"
	"runtime"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/container"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func testRecipe() recipe {
	return recipe{prompt: "a lighthouse at dusk", seed: 7, style: "flux1-dev.safetensors", settings: "euler simple\n20", guidance: 3.5}
}

// TestPictureGolden holds the drawing fixed: records and rerun promise the same
// pixels. Other processors may fuse operations and differ in the last bit.
func TestPictureGolden(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("pixels are fixed on amd64 only")
	}
	h := fnv.New64a()
	for _, v := range paint(testRecipe(), 96, 64).Pix {
		h.Write([]byte{raster.Level(v)})
	}
	const want = "22ec943adfc74f55"
	if got := fmt.Sprintf("%016x", h.Sum64()); got != want {
		t.Errorf("the picture changed: %s, want %s", got, want)
	}
}

func TestPictureFollowsTheRecipe(t *testing.T) {
	t.Parallel()
	base := paint(testRecipe(), 96, 64)
	changes := map[string]func(*recipe){
		"prompt":   func(r *recipe) { r.prompt = "a forest at night" },
		"negative": func(r *recipe) { r.negative = "blurry" },
		"seed":     func(r *recipe) { r.seed++ },
		"model":    func(r *recipe) { r.style = "other.safetensors" },
		"lora":     func(r *recipe) { r.style += "\nlora milan.safetensors 0.800" },
		"steps":    func(r *recipe) { r.settings = "euler simple\n21" },
		"guidance": func(r *recipe) { r.guidance = 5 },
		"batch":    func(r *recipe) { r.variant = 1 },
	}
	if !bytes.Equal(pngOf(t, base), pngOf(t, paint(testRecipe(), 96, 64))) {
		t.Error("the same recipe gives another picture")
	}
	for name, change := range changes {
		r := testRecipe()
		change(&r)
		if bytes.Equal(pngOf(t, base), pngOf(t, paint(r, 96, 64))) {
			t.Errorf("%s does not change the picture", name)
		}
	}
}

// TestPictureSizes draws sizes that meet every rounding in the painters.
func TestPictureSizes(t *testing.T) {
	t.Parallel()
	names, words := sceneKinds()
	for i, name := range names {
		for _, size := range []image.Point{{1, 1}, {8, 8}, {16, 200}, {200, 16}, {321, 77}} {
			r := testRecipe()
			r.prompt = words[i]
			out := paint(r, size.X, size.Y)
			for _, v := range out.Pix {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("%s at %v has a sample of %v", name, size, v)
				}
			}
		}
	}
}

func BenchmarkPicture(b *testing.B) {
	for _, side := range []int{128, 1024} {
		b.Run(fmt.Sprint(side), func(b *testing.B) {
			for b.Loop() {
				paint(testRecipe(), side, side)
			}
		})
	}
	b.Run("png1024", func(b *testing.B) {
		r := paint(testRecipe(), 1024, 1024)
		b.ResetTimer()
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
	b.Run("stdpng1024", func(b *testing.B) {
		img := paint(testRecipe(), 1024, 1024).Picture()
		b.ResetTimer()
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		for b.Loop() {
			var out bytes.Buffer
			if err := encoder.Encode(&out, img); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// White letters stand on every background, at every size from 64 pixels on.
func TestCaptionIsLegible(t *testing.T) {
	t.Parallel()
	for _, side := range []int{63, 64, 96, 512, 2048} {
		for _, grey := range []float32{0, 0.5, 1} {
			r := raster.New(side, side, 3).Fill(grey)
			caption(r, "a lighthouse at dusk")
			darkest, brightest := float32(1), float32(0)
			for y := side - side/64 - 14; y < side; y++ {
				for _, v := range r.Row(y) {
					darkest, brightest = min(darkest, v), max(brightest, v)
				}
			}
			if contrast := brightest - darkest; side < smallestCaption && contrast != 0 || side >= smallestCaption && contrast < 0.4 {
				t.Errorf("%d px on %.1f: the letters stand out by %.2f", side, grey, contrast)
			}
		}
	}
}
