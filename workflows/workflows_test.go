package workflows_test

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// load reads the built-in registry as the program does.
func load(t *testing.T) *registry.Registry {
	t.Helper()
	r, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "workflows/registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func graphOf(t *testing.T, w *registry.Workflow) *comfy.Graph {
	t.Helper()
	g, err := w.Graph()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestEntriesFitTheirGraphs(t *testing.T) {
	t.Parallel()
	for _, w := range load(t).Workflows() {
		t.Run(w.ID, func(t *testing.T) {
			t.Parallel()
			for _, p := range w.Check() {
				t.Errorf("%s %s", p.Message, p.Hint)
			}
			if outputs, err := w.Outputs(); err != nil || len(outputs) != 1 {
				t.Errorf("outputs %v, %v; want exactly one", outputs, err)
			}
			g := graphOf(t, w)
			titles := map[string]bool{}
			for _, id := range g.IDs() {
				n := g.Node(id)
				if n.Title == "" || titles[n.Title] {
					t.Errorf("node %s (%s): the title %q is empty or used twice", id, n.Class, n.Title)
				}
				titles[n.Title] = true
			}
			for _, helper := range []string{"Primitive", "Switch", "Reroute", "Preview", "Math"} {
				for _, id := range g.IDs() {
					if strings.Contains(g.Node(id).Class, helper) {
						t.Errorf("node %s (%s): the built-in graphs have no helper nodes", id, g.Node(id).Class)
					}
				}
			}
			// Every node must lead to the output: what does not is left over.
			for _, id := range g.IDs() {
				if len(g.Consumers(id)) == 0 && !strings.HasPrefix(g.Node(id).Class, "Save") {
					t.Errorf("node %s (%s) leads nowhere", id, g.Node(id).Class)
				}
			}
		})
	}
}

func TestEntriesAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	categories := []string{"generation", "editing", "upscaling", "video"}
	for _, w := range load(t).Workflows() {
		if w.Name == "" || len(w.Description) < 30 || strings.HasSuffix(w.Description, ".") {
			t.Errorf("%s: name %q, description %q: a name, and a sentence without full stop", w.ID, w.Name, w.Description)
		}
		if !slices.Contains(categories, w.Category) {
			t.Errorf("%s: category %q is none of %v", w.ID, w.Category, categories)
		}
		if w.MinVersion != "" && !version.MatchString(w.MinVersion) {
			t.Errorf("%s: min_version %q", w.ID, w.MinVersion)
		}
		for _, m := range w.Models {
			if !strings.HasPrefix(m.Page, "https://") || !strings.HasPrefix(m.URL, m.Page+"/") || path.Base(m.URL) != m.File || m.SizeGB <= 0 {
				t.Errorf("%s: model %+v needs a page, a download of that file below it, and a size", w.ID, m)
			}
		}
		for _, p := range w.Params {
			if p.Label == "" || p.Description == "" || p.Group == "" {
				t.Errorf("%s: parameter %s: label %q, description %q, group %q", w.ID, p.Name, p.Label, p.Description, p.Group)
			}
			if (p.Type == registry.TypeInt || p.Type == registry.TypeFloat) && (p.Min == "" || p.Max == "" || len(p.Default) == 0) {
				t.Errorf("%s: parameter %s: a number has a range and a default", w.ID, p.Name)
			}
		}
		if w.Source.Path == "workflows/registry.json" {
			continue // the owner's style: standard inputs are there by role
		}
		for _, role := range []registry.Role{registry.RolePrompt, registry.RoleImage, registry.RoleMask, registry.RoleSeed} {
			if p := w.Parameter(string(role)); p != nil && p.Standard {
				t.Errorf("%s: %s is there only by role; it is declared in our own entries", w.ID, role)
			}
		}
	}
}

// TestModelsAreThoseOfTheGraph holds the list of downloads against the loaders.
func TestModelsAreThoseOfTheGraph(t *testing.T) {
	t.Parallel()
	for _, w := range load(t).Workflows() {
		want := map[string]bool{}
		g := graphOf(t, w)
		slot := map[string]bool{}
		for _, name := range []string{"lora", "lora_strength"} {
			if p := w.Parameter(name); p != nil {
				for _, target := range p.Targets {
					slot[target.Node] = true
				}
			}
		}
		for _, id := range g.IDs() {
			n := g.Node(id)
			for _, input := range n.Inputs.Names() {
				if file, ok := n.Inputs.Text(input); ok && strings.HasSuffix(file, ".safetensors") && !slot[id] {
					want[file] = true
				}
			}
		}
		got := map[string]bool{}
		for _, m := range w.Models {
			got[m.File] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: models of the graph (-) and of the entry (+):\n%s", w.ID, diff)
		}
	}
}

func TestEveryFileIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"registry.json": true, "registry.extras.json": true, "characters.json": true}
	r := load(t)
	for _, w := range r.Workflows() {
		used[strings.TrimPrefix(w.Path, "workflows/")] = true
		for _, file := range exampleOf(t, w).files() {
			used["examples/"+file] = true
		}
	}
	for _, c := range r.Characters() {
		used[c.ReferenceImage] = true
	}
	err := fs.WalkDir(workflows.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !used[name] {
			t.Errorf("%s is used by no entry", name)
		}
		delete(used, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range used {
		t.Errorf("%s is named but not there", name)
	}
}
