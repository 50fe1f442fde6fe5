package importer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/registry"
)

// FuzzImport: whatever a drawing and a description of parameters hold, an entry
// is made whose parameters land, or an error.
func FuzzImport(f *testing.F) {
	raw, err := os.ReadFile(filepath.Join("testdata", "object_info.json"))
	if err != nil {
		f.Fatal(err)
	}
	defs, err := comfy.ParseObjectInfo(raw)
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var small bytes.Buffer
		if json.Compact(&small, data) == nil && filepath.Base(file) != "object_info.json" {
			f.Add(small.Bytes(), []byte(`{"parameters":{"a":{"node_id":"2","field":"text","min":1}}}`))
			f.Add(small.Bytes(), []byte(`{"param_mapping":[{"name":"a b","type":"integer","targets":[{"node_id":5,"field":"steps"}]}]}`))
		}
	}
	f.Fuzz(func(t *testing.T, drawing, description []byte) {
		file, err := graphfile.Read(t.Context(), bytes.NewReader(drawing), int64(len(drawing)), "x.json", graphfile.Options{
			KeepMissing: true, Drawing: true,
			Define: func(context.Context, []string) (graphfile.Definitions, error) {
				return graphfile.Definitions{Classes: defs, Complete: true, From: "a test"}, nil
			},
		})
		if err != nil {
			return
		}
		var mapping *importer.Mapping
		if m, ok := importer.ReadMapping(description); ok {
			mapping = &m
		}
		wf, _, err := importer.Draft(file, mapping, registry.DraftOptions{ID: "x", Path: "x.json", Definitions: defs})
		if err != nil {
			return
		}
		params, err := wf.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range params {
			if !p.Standard && len(p.Targets) == 0 && p.Type != registry.TypeMask {
				t.Fatalf("parameter %s lands nowhere", p.Name)
			}
		}
	})
}
