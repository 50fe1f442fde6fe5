package importer_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/registry"
)

var update = flag.Bool("update", false, "write the golden files")

// Each way in which authors and other programs name parameters gives the entry
// beside it.
func TestConventions(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("testdata", "object_info.json"))
	if err != nil {
		t.Fatal(err)
	}
	defs, err := comfy.ParseObjectInfo(raw)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == "object_info" || strings.HasSuffix(name, ".mapping") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := read(t, data, defs)
			var mapping *importer.Mapping
			around := []byte(f.Around)
			if beside, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".mapping.json"); err == nil {
				around = beside
			}
			if m, ok := importer.ReadMapping(around); ok {
				mapping = &m
			}
			wf, notes, err := importer.Draft(f, mapping, registry.DraftOptions{ID: name, Path: "graphs/x.json", Definitions: defs})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range wf.Check() {
				t.Error(p.Message)
			}
			if diff := firstDifference(f.Graph, dryRun(t, wf), given(t, wf)); diff != "" {
				t.Errorf("without arguments the graph differs: %s", diff)
			}
			golden(t, strings.TrimSuffix(file, ".json")+".golden", described(t, wf, notes))
		})
	}
}

// described is an entry with a line for each parameter, those of the graph too.
func described(t *testing.T, wf *registry.Workflow, notes []string) string {
	t.Helper()
	var b strings.Builder
	raw, err := json.Marshal(wf)
	if err != nil {
		t.Fatal(err)
	}
	members, err := registry.DecodeObject("entry.json", raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.Name != "configurable_params" {
			fmt.Fprintf(&b, "%s %s\n", m.Name, m.JSON)
			continue
		}
		params, err := registry.DecodeObject("params.json", m.JSON)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range params {
			fmt.Fprintf(&b, "--%s %s\n", p.Name, p.JSON)
		}
	}
	params, err := wf.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range params {
		if p.Standard {
			fmt.Fprintf(&b, "--%s (standard)\n", p.Name)
		}
	}
	for _, note := range notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
