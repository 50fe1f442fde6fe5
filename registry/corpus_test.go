package registry_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// TestCorpusInference looks for the parts of real published graphs by role
// alone. The numbers are floors measured on 107 files; they may only rise.
func TestCorpusInference(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "shared", "corpus", "comfyui-examples")
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) == 0 {
		t.Skip("the corpus of published graphs is not here: " + dir)
	}
	found := map[registry.Role]int{}
	missing := map[registry.Role][]string{}
	total := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pair struct {
			Prompt json.RawMessage `json:"prompt"`
		}
		if err := json.Unmarshal(comfy.ReplaceNonFinite(data), &pair); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		g, err := comfy.ParseGraph(pair.Prompt)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		name := filepath.Base(file)
		if err := g.Check(); err != nil {
			t.Logf("%s: not runnable: %v", name, err)
			continue
		}
		w := byRoles(t, pair.Prompt)
		total++
		params, err := w.Parameters()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		has := map[registry.Role]bool{}
		for _, p := range params {
			has[p.Role] = true
		}
		for _, role := range []registry.Role{"prompt", "negative", "seed", "width", "image", "mask", "lora"} {
			if has[role] {
				found[role]++
			} else {
				missing[role] = append(missing[role], name)
			}
		}
		if _, err := w.Resolve(nil, registry.ResolveOptions{}); err != nil {
			t.Errorf("%s: resolving without arguments: %v", name, err)
		}
	}
	t.Logf("of %d graphs: %v", total, found)
	t.Logf("no prompt: %v", missing["prompt"])
	t.Logf("no seed: %v", missing["seed"])
	// Three graphs are guided by pictures alone; none lacks a seed.
	for role, floor := range map[registry.Role]int{"prompt": 104, "seed": 107, "negative": 93, "width": 91, "image": 42, "mask": 7, "lora": 107} {
		if found[role] < floor {
			t.Errorf("%s found in %d graphs, want at least %d; not in %v", role, found[role], floor, missing[role])
		}
	}
	if total != 107 {
		t.Errorf("%d graphs, want 107", total)
	}
}
