package run_test

import (
	"fmt"
	"image"
	"os"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// negative is a workflow without a model that turns the masked part of a
// picture into its negative. way says how the mask gets in: "" through the
// picture's alpha, else through a loader that reads that channel.
func negative(t *testing.T, way string) *registry.Workflow {
	t.Helper()
	loader, mask := "", `["1", 1]`
	if way != "" {
		loader = fmt.Sprintf(`"2": {"class_type": "LoadImageMask", "inputs": {"image": "mask.png", "channel": %q}},`, way)
		mask = `["2", 0]`
	}
	g, err := comfy.ParseGraph([]byte(`{
		"1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},` + loader + `
		"3": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
		"4": {"class_type": "ImageCompositeMasked", "inputs": {"destination": ["1", 0], "source": ["3", 0],
			"x": 0, "y": 0, "resize_source": false, "mask": ` + mask + `}},
		"5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "x"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	wf, _, err := registry.Draft(g, registry.DraftOptions{ID: "negative", Path: "negative.json", KeepFiles: true})
	if err != nil {
		t.Fatal(err)
	}
	return wf
}

func TestMaskWays(t *testing.T) {
	t.Parallel()
	servers := map[string]func(*testing.T) *bench{"emulator": func(t *testing.T) *bench { return newBench(t) }}
	if address := os.Getenv("EASEL_TEST_COMFYUI"); address != "" {
		servers["ComfyUI"] = func(t *testing.T) *bench {
			b := newBench(t)
			client, err := comfy.NewClient(address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { client.Close() })
			b.Backend = client
			return b
		}
	} else {
		t.Log("EASEL_TEST_COMFYUI is not set: only the emulator is asked")
	}
	for server, open := range servers {
		for _, way := range []string{"", "red", "green", "alpha"} {
			t.Run(server+" "+way, func(t *testing.T) {
				t.Parallel()
				b := open(t)
				photo := scene(250, 190)
				b.put("photo.png", pngOf(t, photo))
				req := b.request(t, "image_upscale", "image", "photo.png")
				req.Workflow = negative(t, way)
				req.Mask = &run.MaskSpec{Rects: []string{"30,40,100,60"}}
				res, err := b.Run(t.Context(), req, ignore)
				if err != nil {
					t.Fatal(err)
				}
				got := load(t, b.stored(t, res.Outputs[0]))
				area := image.Rect(30, 40, 130, 100)
				for y := range 190 {
					for x := range 250 {
						is, was := got.NRGBAAt(x, y), photo.NRGBAAt(x, y)
						if !image.Pt(x, y).In(area) {
							if is != was {
								t.Fatalf("%d,%d is %v, want %v as it was", x, y, is, was)
							}
							continue
						}
						// Floats on the server may round a value down.
						for _, sum := range []int{int(is.R) + int(was.R), int(is.G) + int(was.G), int(is.B) + int(was.B)} {
							if sum < 254 || sum > 255 {
								t.Fatalf("%d,%d is %v, which is not the negative of %v", x, y, is, was)
							}
						}
					}
				}
			})
		}
	}
}
