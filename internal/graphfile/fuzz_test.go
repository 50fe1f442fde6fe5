package graphfile_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
)

// Whatever a file holds, it is read or refused, and what is read can be written
// and read again.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		apiGraph, editorFile, `{"prompt": ` + apiGraph + `, "extra_data": {"extra_pnginfo": {"workflow": ` + editorFile + `}}}`,
		"look:\n```json\n" + editorFile + "\n```", `"` + `{\"nodes\": []}` + `"`, `{"templates": []}`, "\xff\xfe{\x00}\x00", "{\"a\": NaN}",
		`{"input": {"workflow": {"input": {"workflow": {}}}}}`, string(pngWith("prompt", apiGraph, "workflow", editorFile)),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := graphfile.Read(t.Context(), bytes.NewReader(data), int64(len(data)), "file", graphfile.Options{Define: define(false), Drawing: true})
		if err != nil {
			_ = err.Error()
			return
		}
		out, err := json.Marshal(file.Graph)
		if err != nil {
			t.Fatalf("the graph cannot be written: %v", err)
		}
		again, err := comfy.ParseGraph(out)
		if err != nil || again.Len() != file.Graph.Len() {
			t.Fatalf("the graph cannot be read again: %v\n%s", err, out)
		}
		for place, targets := range file.Places {
			for _, at := range targets {
				if n := file.Graph.Node(at.Node); n == nil {
					t.Errorf("%v landed in node %s, which is not there", place, at.Node)
				}
			}
		}
		_, _ = file.Drawing()
	})
}
