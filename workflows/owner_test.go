package workflows_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// ownerIDs are the entries that stand in registry.json as the owner wrote them.
func ownerIDs() []string { return []string{"qwen_single", "qwen_batch", "qwen_inpaint"} }

// ownersEntries are his, without the white space between their words. Numbers,
// the order of keys, and which keys there are must stay as they are.
const ownersEntries = `{
"qwen_single":{"id":"qwen_single","name":"Single Image Generation","description":"Generate one image from one input",
 "category":"generation","model_family":"qwen","workflow_path":"workflows/qwen/single.json",
 "supports_batch":false,"requires_input_image":true,"requires_mask":false,
 "configurable_params":{
  "steps":{"type":"int","min":1,"max":50,"default":20,"description":"Number of diffusion steps"},
  "cfg":{"type":"float","min":1.0,"max":20.0,"default":4.0,"description":"Classifier-free guidance scale"},
  "denoise":{"type":"float","min":0.0,"max":1.0,"default":0.75,"description":"Denoising strength (0=no change, 1=full generation)"},
  "lora_strength":{"type":"float","min":0.0,"max":2.0,"default":0.5,"description":"LoRA model strength"},
  "seed":{"type":"int","min":-1,"max":2147483647,"default":-1,"description":"Random seed (-1 for random)"}},
 "example_payload":{"character_id":"milan","input_image":"input.jpg","prompt":"woman with long hair, professional photo",
  "params":{"steps":20,"cfg":4.0,"denoise":0.75,"lora_strength":0.5,"seed":-1}}},
"qwen_batch":{"id":"qwen_batch","name":"Batch Image Generation","description":"Generate multiple images from multiple inputs",
 "category":"generation","model_family":"qwen","workflow_path":"workflows/qwen/batch.json",
 "supports_batch":true,"requires_input_image":true,"max_batch_size":10,
 "configurable_params":{
  "steps":{"type":"int","min":1,"max":50,"default":20},
  "cfg":{"type":"float","min":1.0,"max":20.0,"default":4.0},
  "denoise":{"type":"float","min":0.0,"max":1.0,"default":0.75},
  "lora_strength":{"type":"float","min":0.0,"max":2.0,"default":0.5}}},
"qwen_inpaint":{"id":"qwen_inpaint","name":"Image Inpainting","description":"Edit specific regions of an image",
 "category":"editing","model_family":"qwen","workflow_path":"workflows/qwen/inpaint.json",
 "supports_batch":false,"requires_input_image":true,"requires_mask":true,
 "configurable_params":{
  "steps":{"type":"int","min":1,"max":50,"default":25},
  "cfg":{"type":"float","min":1.0,"max":20.0,"default":5.0},
  "denoise":{"type":"float","min":0.0,"max":1.0,"default":1.0}}}
}`

// entriesOf are the workflows of a registry file, in its order, compacted and
// otherwise byte for byte.
func entriesOf(t *testing.T, data []byte) (ids []string, entries map[string]string) {
	t.Helper()
	var file struct {
		Workflows json.RawMessage `json:"workflows"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	members, err := registry.DecodeObject("workflows", file.Workflows)
	if err != nil {
		t.Fatal(err)
	}
	entries = map[string]string{}
	for _, m := range members {
		ids = append(ids, m.Name)
		entries[m.Name] = compacted(t, m.JSON)
	}
	return ids, entries
}

func compacted(t *testing.T, raw []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOwnersEntries holds the file that ships against the words above, and what
// the program reads of it too: nothing of ours gets into his entries.
func TestOwnersEntries(t *testing.T) {
	t.Parallel()
	shipped, err := workflows.FS().Open("registry.json")
	if err != nil {
		t.Fatal(err)
	}
	defer shipped.Close()
	var data bytes.Buffer
	if _, err := data.ReadFrom(shipped); err != nil {
		t.Fatal(err)
	}
	_, want := entriesOf(t, []byte(`{"workflows":`+ownersEntries+`}`))
	ids, got := entriesOf(t, data.Bytes())
	if !slices.Equal(ids[:3], ownerIDs()) {
		t.Errorf("registry.json begins with %q", ids[:3])
	}
	r := load(t)
	for _, id := range ownerIDs() {
		if diff := cmp.Diff(want[id], got[id]); diff != "" {
			t.Errorf("%s in registry.json (-want +got):\n%s", id, diff)
		}
		w, err := r.Workflow(id)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[id], compacted(t, raw)); diff != "" {
			t.Errorf("%s as JSON (-want +got):\n%s", id, diff)
		}
	}
}

// TestOwnersFile holds the words above against his own file, where it is at hand.
func TestOwnersFile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "seed", "registry.json"))
	if err != nil {
		t.Skipf("the owner's file is not here: %v", err)
	}
	ids, his := entriesOf(t, data)
	wantIDs, words := entriesOf(t, []byte(`{"workflows":`+ownersEntries+`}`))
	if diff := cmp.Diff(wantIDs, ids); diff != "" {
		t.Errorf("ids (-test +his):\n%s", diff)
	}
	if diff := cmp.Diff(words, his); diff != "" {
		t.Errorf("entries (-test +his):\n%s", diff)
	}
}

// TestOwnersStyle: what stands in his file has the keys that his entries have,
// and no others.
func TestOwnersStyle(t *testing.T) {
	t.Parallel()
	r := load(t)
	his := map[string]bool{}
	keys := func(w *registry.Workflow) (found []string) {
		raw, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		members, err := registry.DecodeObject(w.ID, raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			found = append(found, m.Name)
			if m.Name != "configurable_params" {
				continue
			}
			params, err := registry.DecodeObject(w.ID, m.JSON)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range params {
				own, err := registry.DecodeObject(p.Name, p.JSON)
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range own {
					found = append(found, "parameter "+k.Name)
				}
			}
		}
		return found
	}
	for i, w := range r.Workflows()[:5] {
		if w.Source.Path != "workflows/registry.json" {
			t.Errorf("%s is from %s", w.ID, w.Source.Path)
		}
		for _, k := range keys(w) {
			if i < 3 {
				his[k] = true
			} else if !his[k] {
				t.Errorf("%s has %s, a key that is not his", w.ID, k)
			}
		}
	}
}

// TestOwnersServices are the functions of his document, with his words.
func TestOwnersServices(t *testing.T) {
	t.Parallel()
	r := load(t)
	var generation []string
	for _, w := range r.List("generation") {
		generation = append(generation, w.ID)
	}
	if !slices.Contains(generation, "qwen_batch") || slices.Contains(generation, "qwen_inpaint") || len(r.List("")) != len(r.Workflows()) {
		t.Errorf("generation: %q", generation)
	}
	number := func(name, v string) registry.Arg { return registry.Arg{Name: name, JSON: json.RawMessage(v)} }
	for _, tt := range []struct {
		workflow string
		arg      registry.Arg
		want     string
	}{
		{"qwen_single", number("steps", "20"), ""},
		{"qwen_single", number("cfg", "4"), ""},
		{"qwen_single", number("seed", "-1"), ""},
		{"qwen_single", number("steps", "0"), "Parameter 'steps' below minimum 1"},
		{"qwen_single", number("steps", "51"), "Parameter 'steps' above maximum 50"},
		{"qwen_single", number("cfg", "0.5"), "Parameter 'cfg' below minimum 1.0"},
		{"qwen_single", number("seed", "2147483648"), "Parameter 'seed' above maximum 2147483647"},
		{"qwen_single", number("steps", "2.5"), "Parameter 'steps' must be int"},
		{"qwen_single", number("denoise", `"much"`), "Parameter 'denoise' must be float"},
		{"qwen_single", number("stesp", "2"), "Parameter 'stesp' not supported"},
		{"nothing", number("steps", "2"), "Workflow 'nothing' not found"},
	} {
		err := r.ValidateParams(tt.workflow, []registry.Arg{tt.arg})
		if got := registry.Detail(err); got != tt.want {
			t.Errorf("%s %s=%s: %q, want %q", tt.workflow, tt.arg.Name, tt.arg.JSON, got, tt.want)
		}
	}
	defaults, err := r.DefaultParams("qwen_inpaint")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range defaults {
		got = append(got, d.Name+"="+string(d.JSON))
	}
	if strings.Join(got, " ") != "steps=25 cfg=5.0 denoise=1.0" {
		t.Errorf("defaults of qwen_inpaint: %q", got)
	}
}
