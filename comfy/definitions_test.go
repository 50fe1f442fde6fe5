package comfy_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
)

const definitions = `{
  "KSampler": {"input": {"required": {
      "steps": ["INT", {"default": 20, "min": 1, "max": 10000}], "model": ["MODEL"],
      "seed": ["INT", {"min": 0, "max": 18446744073709551615}], "denoise": ["FLOAT", {"min": -Infinity, "max": 1.0}],
      "sampler_name": [["euler", "dpmpp_2m", 3, true], {"tooltip": "how"}], "junk": 5, "worse": []},
    "optional": {"mode": ["COMBO", {"options": ["fast", "slow"], "default": "fast"}], "remote": ["COMBO", {"remote": {}}]},
    "hidden": {"prompt": "PROMPT", "id": ["UNIQUE_ID"]}},
    "input_order": {"required": ["model", "seed", "steps", "denoise", "sampler_name"]},
    "output": ["LATENT", ["a", "b"]], "output_name": ["samples"], "output_is_list": [true], "output_node": false, "deprecated": true},
  "Loader": {"input": {"required": {"image": [["a.png"], {"image_upload": true}]}}, "output": ["MODEL"]},
  "Broken": 7, "Null": null}`

func TestParseObjectInfo(t *testing.T) {
	t.Parallel()
	defs, err := comfy.ParseObjectInfo([]byte(definitions))
	if err != nil {
		t.Fatal(err)
	}
	if len(defs) != 2 {
		t.Errorf("%d definitions", len(defs))
	}
	k := defs["KSampler"]
	var names []string
	for _, in := range k.Inputs {
		names = append(names, in.Name+" "+in.Type)
	}
	want := []string{"model MODEL", "seed INT", "steps INT", "denoise FLOAT", "sampler_name COMBO", "mode COMBO", "remote COMBO", "prompt PROMPT", "id COMBO"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if in := k.Input("seed"); in.Max != "18446744073709551615" || in.Min != "0" || !in.Required {
		t.Errorf("%+v", in)
	}
	if in := k.Input("denoise"); in.Min != "" || in.Max != "1.0" {
		t.Errorf("%+v", in)
	}
	if in := k.Input("sampler_name"); in.Tooltip != "how" || !slices.Equal(in.Choices, []string{"euler", "dpmpp_2m", "3", "true"}) {
		t.Errorf("%+v", in)
	}
	if in := k.Input("mode"); in.Required || string(in.Default) != `"fast"` || len(in.Choices) != 2 {
		t.Errorf("%+v", in)
	}
	if in := k.Input("remote"); in.Choices != nil {
		t.Errorf("%+v", in)
	}
	if diff := cmp.Diff([]comfy.OutputInfo{{Name: "samples", Type: "LATENT", List: true}, {Name: "COMBO", Type: "COMBO"}}, k.Outputs); diff != "" || !k.Deprecated || k.OutputNode {
		t.Errorf("%s %+v", diff, k)
	}
}

func TestCheckAgainst(t *testing.T) {
	t.Parallel()
	defs, err := comfy.ParseObjectInfo([]byte(definitions))
	if err != nil {
		t.Fatal(err)
	}
	g := mustParse(t, `{
	  "1": {"class_type": "Loader", "inputs": {"image": "new.png"}},
	  "2": {"class_type": "KSampler", "inputs": {"model": ["1", 0], "seed": 18446744073709551616, "steps": 0, "denoise": 1.5, "sampler_name": "Euler ", "mode": "fst"}},
	  "3": {"class_type": "KSampler", "inputs": {"model": ["1", 1], "seed": 18446744073709551615, "steps": 1, "denoise": 1, "sampler_name": 3.0, "mode": {"__value__": "slow"}}, "_meta": {"title": "T"}},
	  "4": {"class_type": "KSamplr", "inputs": {}},
	  "5": {"class_type": "KSampler", "inputs": {"model": ["1", 0], "seed": 1, "steps": 5, "denoise": 1, "sampler_name": ["1", 0]}},
	  "6": {"class_type": "KSampler", "inputs": {"model": ["1", 0], "steps": 5, "denoise": 1, "sampler_name": "euler"}}}`)
	var got []string
	for _, p := range comfy.CheckAgainst(g, defs) {
		got = append(got, p.Node+" "+p.Input+" "+p.Type)
		if p.Type == "missing_node_type" && !slices.Equal(p.Choices, []string{"KSampler"}) {
			t.Errorf("%+v", p)
		}
	}
	want := []string{
		"2 seed value_bigger_than_max", "2 steps value_smaller_than_min", "2 denoise value_bigger_than_max", "2 sampler_name value_not_in_list", "2 mode value_not_in_list",
		"3 model bad_linked_input", "4  missing_node_type", "6 seed required_input_missing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRealDefinitions reads what two versions of ComfyUI really answered.
func TestRealDefinitions(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join("..", "..", "shared", "corpus", "object_info-*.json"))
	if len(files) == 0 {
		t.Skip("no shared corpus beside the repository")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		defs, err := comfy.ParseObjectInfo(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		k := defs["KSampler"]
		if len(defs) < 100 || k == nil || len(k.Inputs) < 10 || !slices.Contains(k.Input("sampler_name").Choices, "euler") || k.Input("seed").Max != "18446744073709551615" {
			t.Errorf("%s: %d definitions, KSampler %+v", file, len(defs), k)
		}
	}
}
