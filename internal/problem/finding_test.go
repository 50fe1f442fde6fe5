package problem

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// What a backend refuses is a fact; here are the commands that help.
func TestOfFinding(t *testing.T) {
	t.Parallel()
	models := &preflight.Values{Folder: "checkpoints", Class: "CheckpointLoaderSimple", Input: "ckpt_name"}
	at := comfy.Target{Node: "4", Input: "ckpt_name"}
	for _, tt := range []struct {
		name       string
		finding    preflight.Finding
		list, hint string
	}{
		{"what holds for everybody", preflight.Finding{Problem: registry.Problem{Hint: "update ComfyUI"}}, "", "update ComfyUI"},
		{"a list", preflight.Finding{Lists: &preflight.Values{Class: "KSampler", Input: "scheduler"}}, "easel models schedulers --backend studio", ""},
		{"a list of another node", preflight.Finding{Lists: &preflight.Values{Class: "Tint", Input: "hue"}}, "easel models Tint.hue --backend studio", ""},
		{
			"an offer to a parameter",
			preflight.Finding{Lists: models, Offer: &preflight.Offer{Value: "my own.safetensors", Parameter: "base_model", Target: at}},
			"easel models checkpoints --backend studio",
			`--base-model "my own.safetensors" takes one that is there; easel models checkpoints --backend studio shows all`,
		},
		{
			"an offer to a node, and the model itself",
			preflight.Finding{Lists: models, Offer: &preflight.Offer{Value: "a.ckpt", Target: at}, Needs: "flux_single", Page: "https://example.org/flux"},
			"easel models checkpoints --backend studio",
			"--set 4.ckpt_name=a.ckpt takes one that is there; easel models checkpoints --backend studio shows all; " +
				"easel workflows needs flux_single prints how to get it; it is offered on https://example.org/flux",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(registry.Problem{List: tt.list, Hint: tt.hint}, OfFinding(tt.finding, "studio")); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := OfLack(preflight.Lack{What: "loras/milan.safetensors", Instead: "style_lora", Models: 3}); got != "loras/milan.safetensors (or --style-lora: 3 there)" {
		t.Errorf("got %q", got)
	}
}
