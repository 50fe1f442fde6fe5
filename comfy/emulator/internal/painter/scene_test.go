package painter

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"runtime"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/raster"
)

func testRecipe() Recipe {
	return Recipe{Prompt: "a lighthouse at dusk", Seed: 7, Style: "flux1-dev.safetensors", Settings: "euler simple\n20", Guidance: 3.5}
}

// levels are the samples of a picture as a file would hold them.
func levels(r *raster.Raster) []byte {
	out := make([]byte, len(r.Pix))
	for i, v := range r.Pix {
		out[i] = raster.Level(v)
	}
	return out
}

// TestPictureGolden holds the drawing fixed: records and rerun promise the same
// pixels. Other processors may fuse operations and differ in the last bit.
func TestPictureGolden(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("pixels are fixed on amd64 only")
	}
	h := fnv.New64a()
	h.Write(levels(Paint(testRecipe(), 96, 64)))
	const want = "22ec943adfc74f55"
	if got := fmt.Sprintf("%016x", h.Sum64()); got != want {
		t.Errorf("the picture changed: %s, want %s", got, want)
	}
}

func TestPictureFollowsTheRecipe(t *testing.T) {
	t.Parallel()
	base := Paint(testRecipe(), 96, 64)
	changes := map[string]func(*Recipe){
		"prompt":   func(r *Recipe) { r.Prompt = "a forest at night" },
		"negative": func(r *Recipe) { r.Negative = "blurry" },
		"seed":     func(r *Recipe) { r.Seed++ },
		"model":    func(r *Recipe) { r.Style = "other.safetensors" },
		"lora":     func(r *Recipe) { r.Style += "\nlora milan.safetensors 0.800" },
		"steps":    func(r *Recipe) { r.Settings = "euler simple\n21" },
		"guidance": func(r *Recipe) { r.Guidance = 5 },
		"batch":    func(r *Recipe) { r.Variant = 1 },
	}
	if !bytes.Equal(levels(base), levels(Paint(testRecipe(), 96, 64))) {
		t.Error("the same recipe gives another picture")
	}
	for name, change := range changes {
		r := testRecipe()
		change(&r)
		if bytes.Equal(levels(base), levels(Paint(r, 96, 64))) {
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
			r.Prompt = words[i]
			out := Paint(r, size.X, size.Y)
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
				Paint(testRecipe(), side, side)
			}
		})
	}
}

// White letters stand on every background, at every size from 64 pixels on.
func TestCaptionIsLegible(t *testing.T) {
	t.Parallel()
	for _, side := range []int{63, 64, 96, 512, 2048} {
		for _, grey := range []float32{0, 0.5, 1} {
			r := raster.New(side, side, 3).Fill(grey)
			Caption(r, "a lighthouse at dusk")
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
