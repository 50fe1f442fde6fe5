package nodes

import (
	"bytes"
	"encoding/json"
	"image"
	_ "image/png" // decoding of what was saved
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// TestBuiltinWorkflowsRun executes every graph that ships, at small sizes, to
// a file that decodes.
func TestBuiltinWorkflowsRun(t *testing.T) {
	t.Parallel()
	root := os.DirFS("../../../../workflows")
	graphs, err := fs.Glob(root, "*/*.json")
	if err != nil || len(graphs) == 0 {
		t.Fatalf("no graphs: %v", err)
	}
	for _, name := range graphs {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			t.Parallel()
			source, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			for _, picture := range loadedImages(t, source) {
				b.shelf.files["input/"+picture] = pngOf(t, gradient(96, 64, 4))
			}
			b.graphOf(source, smaller(t, source))
			if len(b.shelf.saved) != 1 {
				t.Fatalf("saved %v, want one file", b.shelf.saved)
			}
			data := b.shelf.files[b.shelf.saved[0]]
			if path.Ext(b.shelf.saved[0]) == ".mp4" {
				if !bytes.Contains(data[:64], []byte("ftyp")) {
					t.Fatal("no MP4 header")
				}
				return
			}
			if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// loadedImages lists the files that a graph's image loaders name.
func loadedImages(t *testing.T, source []byte) []string {
	t.Helper()
	var nodes map[string]struct {
		Class  string `json:"class_type"`
		Inputs struct {
			Image json.RawMessage
		}
	}
	if err := json.Unmarshal(source, &nodes); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, node := range nodes {
		var name string
		if strings.HasPrefix(node.Class, "LoadImage") && json.Unmarshal(node.Inputs.Image, &name) == nil {
			names = append(names, name)
		}
	}
	return names
}

// smaller returns changes that make a graph quick to run.
func smaller(t *testing.T, source []byte) map[string]any {
	t.Helper()
	var nodes map[string]struct {
		Inputs map[string]json.RawMessage
	}
	if err := json.Unmarshal(source, &nodes); err != nil {
		t.Fatal(err)
	}
	limits := map[string]any{
		"width": json.Number("192"), "height": json.Number("128"), "length": json.Number("9"),
		"frames_number": json.Number("9"), "megapixels": json.Number("0.03"),
	}
	changes := map[string]any{}
	for id, node := range nodes {
		for name, limit := range limits {
			if raw, ok := node.Inputs[name]; ok && json.Unmarshal(raw, new(float64)) == nil {
				changes[id+"."+name] = limit
			}
		}
	}
	return changes
}
