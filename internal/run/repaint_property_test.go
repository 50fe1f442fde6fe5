package run_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

// Whatever the sizes of picture and mask: what the mask leaves alone is the
// original bit by bit, and what it selects is painted. The bounds are worked
// out from the flags, without the code that draws masks.
func TestAnyRepaintKeepsTheRest(t *testing.T) {
	t.Parallel()
	for i := range 40 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(7, uint64(i)))
			w, h := 1+rnd.IntN(160), 1+rnd.IntN(160)
			x, y := rnd.IntN(w), rnd.IntN(h)
			rect := image.Rect(x, y, x+1+rnd.IntN(w-x), y+1+rnd.IntN(h-y))
			spec := run.MaskSpec{
				Rects: []string{fmt.Sprintf("%d,%d,%d,%d", x, y, rect.Dx(), rect.Dy())},
				Grow:  rnd.IntN(12), Feather: rnd.IntN(3) * rnd.IntN(8), Whole: rnd.IntN(4) == 0,
			}
			workflow := []string{"sd_inpaint", "qwen_inpaint", "flux_inpaint"}[i%3]
			photo := scene(w, h)
			if i%4 == 0 {
				photo.Pix[3] = 0 // a transparent pixel, which keeps its colour
			}
			b := newBench(t)
			b.SetModelPixels(4096) // mostly less than the picture: a part of it is sent, or all of it smaller
			b.put("photo.png", pngOf(t, photo))
			req := b.request(t, workflow, "image", "photo.png", "prompt", "x", "steps", "1", "seed", "3")
			req.Mask = &spec
			res, err := b.Run(t.Context(), req, ignore)
			if err != nil {
				t.Fatal(err)
			}
			got := load(t, b.stored(t, res.Outputs[0]))
			if got.Rect != photo.Rect {
				t.Fatalf("%v became %v", photo.Rect, got.Rect)
			}
			reach := rect.Inset(-spec.Grow - 2*spec.Feather - 1)
			if changed := differences(got, photo); !changed.In(reach) {
				t.Errorf("%s, %d x %d, %+v: pixels changed in %v", workflow, w, h, spec, changed)
			}
			if spec.Feather == 0 && len(res.Warnings) > 1 {
				t.Errorf("warnings %q", res.Warnings)
			}
		})
	}
}
