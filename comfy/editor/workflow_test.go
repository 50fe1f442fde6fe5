package editor_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
)

// The value of a widget is found in the graph from wherever the editor shows
// it.
func TestPlaces(t *testing.T) {
	t.Parallel()
	radius := []comfy.Target{{Node: "5:21", Input: "radius"}}
	for name, instance := range map[string]string{
		"as an input of the subgraph": node(5, "u-1", 0, `[8]`, "image:IMAGE:1"),
		"that is left open":           node(5, "u-1", 0, `[]`, "image:IMAGE:1"),
		"by the list of shown widgets": strings.TrimSuffix(node(5, "u-1", 0, `[]`, "image:IMAGE:1"), "}") +
			`,"properties":{"proxyWidgets":[["1","radius"]]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := convert(t, subgraphs(instance))
			for _, p := range []editor.Place{{Node: "5", Widget: "radius"}, {Node: "5:1", Widget: "radius"}} {
				if diff := cmp.Diff(radius, res.Places[p]); diff != "" {
					t.Errorf("%v (-want +got):\n%s", p, diff)
				}
			}
		})
	}
	res := convert(t, workflow(`[1,9,0,3,0,"INT"],[2,9,0,4,0,"INT"]`, node(9, "PrimitiveNode", 0, `[77,"randomize"]`),
		node(3, "Blur", 0, `[5,"box"]`, "radius*:INT:1"), node(4, "Blur", 0, `[1,"box"]`, "radius*:INT:2")))
	want := []comfy.Target{{Node: "3", Input: "radius"}, {Node: "4", Input: "radius"}}
	if diff := cmp.Diff(want, res.Places[editor.Place{Node: "9", Widget: "value"}]); diff != "" {
		t.Errorf("of a primitive node (-want +got):\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	file := strings.TrimSuffix(subgraphs(node(5, "u-1", 0, `[8]`, "image:IMAGE:1")), "}") + `,
		"groups": [{"title": "API", "bounding": [0, 0, 100, 50]}, {"title": "odd"}], "extra": {"linearData": {"inputs": [["5", "radius"]]}}}`
	file = strings.Replace(file, `"id":9,`, `"id":9,"pos":{"0":10,"1":20},"size":[30,40],"title":"Keep",`, 1)
	w, err := editor.Read([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	if n := w.Find("9"); n == nil || n.Title != "Keep" || n.Box != (editor.Box{X: 10, Y: 20, Width: 30, Height: 40}) || !w.Groups[0].Holds(n) {
		t.Errorf("%+v", n)
	}
	if n := w.Find("5:1"); n == nil || n.Class != "Blur" {
		t.Errorf("%+v", n)
	}
	if s := w.Subgraph("u-1"); s == nil || s.Name != "Soften" || len(s.Inputs) != 2 || s.Inputs[1].Name != "radius" {
		t.Errorf("%+v", s)
	}
	if len(w.Groups) != 1 || w.Extra["linearData"] == nil || w.Find("5:7") != nil || w.Find("9:1") != nil {
		t.Errorf("%+v", w)
	}
	classes, err := editor.Classes([]byte(file))
	if diff := cmp.Diff([]string{"Load", "SaveImage", "Blur"}, classes); diff != "" || err != nil {
		t.Errorf("%v, classes (-want +got):\n%s", err, diff)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(subgraphs(node(5, "u-1", 0, `[8]`, "image:IMAGE:1"))))
	f.Add([]byte(`{"nodes":[{"id":1,"type":"A","pos":{"0":1,"1":2},"size":[1,2]}],"groups":[{"title":"G","bounding":[0,0,1,1]},null,{"bounding":"x"}],"extra":{"linearData":null}}`))
	f.Add([]byte(`{"nodes":[{"id":1,"type":"workflow>G"}],"extra":{"groupNodes":{"G":{"nodes":[{"type":"B"},null,{"type":[]}]}}},"definitions":{"subgraphs":[null,{"id":1,"nodes":[]},{"id":"x"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = editor.Classes(data)
		w, err := editor.Read(data)
		if err != nil {
			return
		}
		for _, n := range w.Nodes {
			if w.Find(n.ID) == nil && !strings.Contains(n.ID, ":") {
				t.Errorf("node %q is not found by its id", n.ID)
			}
		}
	})
}
