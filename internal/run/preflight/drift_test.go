package preflight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// What a server has narrowed or taken away since is told, and nothing else.
func TestDrift(t *testing.T) {
	t.Parallel()
	g, err := comfy.ParseGraph([]byte(`{
	  "1": {"class_type": "Load", "inputs": {"name": "a.png"}},
	  "2": {"class_type": "Blur", "inputs": {"image": ["1", 0], "mask": ["1", 1], "radius": 3, "sigma": 1.5, "mode": "box", "method": "fast", "gone": 1}},
	  "3": {"class_type": "custom", "inputs": {"image": ["2", 0], "amount": 5}},
	  "9": {"class_type": "Save", "inputs": {"images": ["3", 0], "filename_prefix": "x"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	const entry = `{"id": "w", "workflow_path": "w.json", "configurable_params": {
	  "radius": {"type": "int", "min": 1, "max": 100, "default": 3, "bind": "Blur.radius"},
	  "scaled": {"type": "float", "min": 0, "max": 100, "bind": {"target": "Blur.sigma", "scale": 0.01}},
	  "mode": {"type": "enum", "choices": ["box", "disk"], "bind": "Blur.mode"},
	  "method": {"type": "enum", "choices_from": "Blur.way", "bind": "Blur.method"},
	  "lost": {"type": "int", "bind": "Blur.gone"},
	  "amount": {"type": "int", "max": 1000, "bind": "custom.amount"}}}`
	wf, err := registry.WorkflowOf("w", []byte(entry), g)
	if err != nil {
		t.Fatal(err)
	}
	const load = `"Load": {"input": {"required": {"name": ["STRING"]}}, "output": ["IMAGE", "MASK"]}, "Save": {"input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING"]}}, "output_node": true},
	  "custom": {"python_module": "custom_nodes.x", "input": {"required": {"image": ["IMAGE"], "amount": ["INT", {"max": 10}]}}, "output": ["IMAGE"]},`
	for name, tc := range map[string]struct {
		defs string
		want []string
	}{
		"as it was": {
			`{` + load + `"Blur": {"input": {"required": {"image": ["IMAGE"], "radius": ["INT", {"min": 0, "max": 100}], "sigma": ["FLOAT", {"max": 2}], "mode": [["box", "disk", "star"]], "method": [["fast"]]}, "optional": {"mask": ["MASK"], "gone": ["INT"], "way": [["fast"]]}}, "output": ["IMAGE"]}}`,
			nil,
		},
		"narrower": {
			`{` + load + `"Blur": {"input": {"required": {"image": ["IMAGE"], "radius": ["INT", {"min": 0, "max": 31}], "sigma": ["FLOAT"], "mode": [["box"]], "method": [["fast"]]}}, "output": ["IMAGE"]}}`,
			[]string{
				"Parameter 'radius' takes 1 to 100, and the backend only 0 to 31",
				"Parameter 'mode' offers disk, which the backend no longer takes",
				"Parameter 'method' takes its choices from Blur.way, which the backend no longer has",
				"Parameter 'lost' has no effect there: Blur no longer has the input gone",
				"node 2 (Blur) no longer has the input mask: what is linked to it has no effect",
			},
		},
		"without the class": {`{` + load + `"Other": {}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defs, err := comfy.ParseObjectInfo([]byte(tc.defs))
			if err != nil {
				t.Fatal(err)
			}
			found, err := preflight.SurveyOf(defs, nil).Drift(wf)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range found {
				got = append(got, p.Message)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
