package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/registry"
)

// corpus is where published workflows lie, beside the repository.
const corpus = "../../../shared/corpus"

func definitions(t testing.TB, version string) map[string]*comfy.ClassInfo {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(corpus, "object_info-"+version+".json"))
	if err != nil {
		t.Skipf("no corpus of real workflows at %s: %v", corpus, err)
	}
	defs, err := comfy.ParseObjectInfo(data)
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

// Every published workflow becomes an entry whose parameters all land, and
// whose defaults leave the graph as its author made it.
func TestCorpus(t *testing.T) {
	t.Parallel()
	count := 0
	for _, set := range []struct{ folder, version string }{{"comfyui-examples", "0.3.64"}, {"frontend-1.58", "0.8.0"}} {
		defs := definitions(t, set.version)
		files, err := filepath.Glob(filepath.Join(corpus, set.folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no workflows in %s: %v", set.folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_README.json") {
				continue
			}
			count++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
				t.Parallel()
				importFile(t, file, defs)
			})
		}
	}
	if count < 457 {
		t.Errorf("%d workflows, want at least 457", count)
	}
}

func importFile(t *testing.T, file string, defs map[string]*comfy.ClassInfo) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var pair struct{ Workflow json.RawMessage }
	if err := json.Unmarshal(comfy.ReplaceNonFinite(data), &pair); err != nil {
		t.Fatal(err)
	}
	f := read(t, pair.Workflow, defs)
	author, _, err := importer.Author(f)
	if err != nil {
		t.Fatal(err)
	}
	wf, _, err := registry.Draft(f.Graph, registry.DraftOptions{ID: "w", Path: "w.json", Definitions: defs, Author: author})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range wf.Check() {
		t.Error(p.Message)
	}
	for _, p := range wf.Params {
		if p.Label == "" || p.Name == "value" {
			t.Errorf("parameter %s has the label %q", p.Name, p.Label)
		}
	}
	got := dryRun(t, wf)
	if diff := firstDifference(f.Graph, got, given(t, wf)); diff != "" {
		t.Errorf("without arguments the graph differs: %s", diff)
	}
}

func read(t testing.TB, workflow []byte, defs map[string]*comfy.ClassInfo) *graphfile.File {
	t.Helper()
	f, err := graphfile.Read(t.Context(), bytes.NewReader(workflow), int64(len(workflow)), "drawing.json", graphfile.Options{
		KeepMissing: true,
		Define: func(context.Context, []string) (graphfile.Definitions, error) {
			return graphfile.Definitions{Classes: defs, From: "a test"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// dryRun binds a workflow as `generate --dry-run` does, with a stand-in for what
// must be given.
func dryRun(t testing.TB, wf *registry.Workflow) *comfy.Graph {
	t.Helper()
	params, err := wf.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	var args []registry.Arg
	files := map[string][]string{}
	for _, p := range params {
		if p.Type.File() && p.Required {
			args = append(args, registry.Arg{Name: p.Name, Text: "stand-in", Origin: registry.FromFlag})
			files[p.Name] = []string{"stand-in"}
		} else if p.Required {
			args = append(args, registry.Arg{Name: p.Name, Text: "stand-in", Origin: registry.FromFlag})
		}
	}
	call, err := wf.Resolve(args, registry.ResolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bound, err := call.Bind(files)
	if err != nil {
		t.Fatal(err)
	}
	return bound
}

// given are the places that a dry run fills by itself: what must be given and
// drawn seeds.
func given(t testing.TB, wf *registry.Workflow) map[comfy.Target]bool {
	t.Helper()
	params, err := wf.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	at := map[comfy.Target]bool{}
	for _, p := range params {
		for _, target := range p.Targets {
			at[target] = p.Type.File() || p.Type == registry.TypeSeed || p.Required
		}
	}
	return at
}

// firstDifference compares graphs but for some places; "" when they are alike.
func firstDifference(want, got *comfy.Graph, but map[comfy.Target]bool) string {
	for _, id := range want.IDs() {
		a, b := want.Node(id), got.Node(id)
		if b == nil {
			return "node " + id + " (" + a.Class + ") is missing"
		}
		for _, name := range a.Inputs.Names() {
			x, _ := a.Inputs.Get(name)
			y, _ := b.Inputs.Get(name)
			if !but[comfy.Target{Node: id, Input: name}] && !alike(x, y) {
				return "node " + id + " (" + a.Class + "): " + name + " is " + string(y) + ", not " + string(x)
			}
		}
	}
	if want.Len() != got.Len() {
		return "it has more nodes"
	}
	return ""
}

// alike reports whether two values are the same, as 20 and 20.0 are.
func alike(x, y json.RawMessage) bool {
	if bytes.Equal(x, y) {
		return true
	}
	var a, b any
	return json.Unmarshal(x, &a) == nil && json.Unmarshal(y, &b) == nil && reflect.DeepEqual(a, b)
}
