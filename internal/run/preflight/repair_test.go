package preflight_test

import (
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
)

// A name may be both an alias and what another one stands for: each is replaced
// once.
func TestApplyAliases(t *testing.T) {
	t.Parallel()
	g, err := comfy.ParseGraph([]byte(`{"1": {"class_type": "A", "inputs": {"x": "sd\\main", "y": "big", "z": "other", "n": 5}}}`))
	if err != nil {
		t.Fatal(err)
	}
	preflight.ApplyAliases(g, map[string]string{"sd/main": "big", "big": "bigger"})
	for input, want := range map[string]string{"x": "big", "y": "bigger", "z": "other"} {
		if got, _ := g.Node("1").Inputs.Text(input); got != want {
			t.Errorf("%s is %q, want %q", input, got, want)
		}
	}
}

func TestOtherwiseSpelled(t *testing.T) {
	t.Parallel()
	choices := []string{`sd\small`, "flux/dev", "plain"}
	for name, want := range map[string]string{"sd/small": `sd\small`, `flux\dev`: "flux/dev", "flux/dev": "", "sd/large": "", "plain": ""} {
		if got, ok := preflight.OtherwiseSpelled(name, choices); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
}
