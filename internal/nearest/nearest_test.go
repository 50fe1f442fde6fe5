package nearest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	models := []string{"flux/flux1-dev.safetensors", "sdxl\\juggernaut.safetensors", "qwen_image_edit_2511.safetensors", "v1-5-pruned.ckpt", "x.pt"}
	for _, tc := range []struct {
		name string
		from []string
		want []string
	}{
		{"flux1_dev.safetensors", models, []string{"flux/flux1-dev.safetensors"}},
		{"sdxl/juggernaut.safetensors", models, []string{"sdxl\\juggernaut.safetensors"}},
		{"qwen_image_edit", models, []string{"qwen_image_edit_2511.safetensors"}},
		{"v1-5-pruned.safetensors", models, []string{"v1-5-pruned.ckpt"}},
		{"KSAMPLER", []string{"KSamplerAdvanced", "KSampler", "SaveImage"}, []string{"KSampler", "KSamplerAdvanced"}},
		{"setps", []string{"steps", "seed", "cfg"}, []string{"steps"}},
		{"qwen_sinlge", []string{"qwen_single", "qwen_batch", "flux_single"}, []string{"qwen_single"}},
		{"zzz", []string{"steps", "seed"}, nil},
		{"", []string{"steps"}, nil},
		{"é", []string{"e"}, []string{"e"}},
	} {
		if diff := cmp.Diff(tc.want, nearest.To(tc.name, tc.from, 3)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}
