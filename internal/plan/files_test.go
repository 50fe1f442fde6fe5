package plan

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
)

// Files go to the parameters of their type by name, else in order, whatever
// their type is.
func TestAssignment(t *testing.T) {
	t.Parallel()
	for _, typ := range []registry.ParamType{registry.TypeImage, registry.TypeVideo, registry.TypeAudio} {
		params := []*registry.Parameter{{Name: "start", Type: typ}, {Name: "end_at", Type: typ}, {Name: "steps", Type: registry.TypeInt}}
		for _, test := range []struct {
			name, files, values string
			named, loose, free  string
		}{
			{"one", "a", "", "", "a", "start end_at"},
			{"in order", "a b", "", "", "a b", "start end_at"},
			{"by name", "end_at=b a", "", "end_at:b", "a", "start"},
			{"by the flag's name", "end-at=b", "", "end_at:b", "", ""},
			{"beside a flag of its own", "a", "end_at", "", "a", "start"},
			{"a name of something else", "c=d", "", "", "c=d", "start end_at"},
			{"more than there are", "a b c", "", "", "a b c", "start end_at"},
		} {
			t.Run(string(typ)+" "+test.name, func(t *testing.T) {
				t.Parallel()
				var o Order
				for _, given := range strings.Fields(test.files) {
					o.Files = append(o.Files, FileFlag(params, typ, given))
				}
				for _, name := range strings.Fields(test.values) {
					o.Values = append(o.Values, Value{Name: name, Text: "x", Origin: registry.FromFlag})
				}
				a := o.assignment(typ, params)
				var named, loose, free []string
				for _, v := range a.named {
					named = append(named, v.Name+":"+v.Text)
				}
				for _, f := range a.loose {
					loose = append(loose, f.Path)
				}
				for _, p := range a.free {
					free = append(free, p.Name)
				}
				if len(loose) == 0 {
					free = nil // nobody asks
				}
				want := []string{test.named, test.loose, test.free}
				if diff := cmp.Diff(want, []string{strings.Join(named, " "), strings.Join(loose, " "), strings.Join(free, " ")}); diff != "" {
					t.Errorf("named, loose, free (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// A picture of a flag takes the place that a preset or a request gave another.
func TestStrongerFileTakesThePlace(t *testing.T) {
	t.Parallel()
	params := []*registry.Parameter{{Name: "image", Type: registry.TypeImage}}
	o := Order{
		Files:  []File{{Type: registry.TypeImage, Parameter: "image", Path: "asked.png", Origin: registry.FromParams}, FileFlag(params, registry.TypeImage, "mine.png")},
		Values: []Value{{Name: "image", Text: "preset.png", Origin: registry.FromPreset}},
	}
	if a := o.assignment(registry.TypeImage, params); len(a.free) != 1 || len(a.loose) != 1 {
		t.Errorf("got %d free and %d loose, want one each", len(a.free), len(a.loose))
	}
}

func TestTooManyFiles(t *testing.T) {
	t.Parallel()
	wf := entry(t, "qwen_single")
	_, _, err := Order{Files: []File{{Type: registry.TypeImage, Path: "a"}, {Type: registry.TypeImage, Path: "b"}}}.assign(wf)
	e, ok := errors.AsType[*TooManyFilesError](err)
	if !ok || e.Takes != 1 || e.Given != 2 || e.Error() != "qwen_single takes 1 image, but 2 were given" {
		t.Errorf("got %v", err)
	}
	batch := entry(t, "qwen_batch")
	var o Order
	for range batch.MaxBatchSize + 1 {
		o.Files = append(o.Files, File{Type: registry.TypeImage, Path: "a", Origin: registry.FromFlag})
	}
	if _, _, err = o.assign(batch); err == nil || !strings.Contains(err.Error(), "at once") {
		t.Errorf("got %v", err)
	}
}

// A list of pictures takes all that are left, and an empty one is as good as
// none, whoever gives it: a request, a flag, or the entry itself.
func TestListOfPictures(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"registry.json": {Data: []byte(`{"workflows": {"sheet": {"workflow_path": "g.json", "configurable_params": {
			"pictures": {"type": "list<image>", "bind": ["1.image", "2.image"], "default": []}}}}}`)},
		"g.json": {Data: []byte(`{"1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}}, "2": {"class_type": "LoadImage", "inputs": {"image": "b.png"}},
			"3": {"class_type": "ImageBatch", "inputs": {"image1": ["1", 0], "image2": ["2", 0]}}, "4": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
			"5": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}}`)},
	}
	reg, err := registry.Load(registry.Layer{Name: "test", FS: files, File: "registry.json", Display: "registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	c := &Catalog{Registry: func() (*registry.Registry, error) { return reg, nil }}
	r, err := DecodeRequest("r.json", []byte(`{"workflow_id": "sheet", "inputs": {"pictures": []}}`))
	if err != nil {
		t.Fatal(err)
	}
	wf, err := reg.Workflow("sheet")
	if err != nil {
		t.Fatal(err)
	}
	asked, err := r.Order(wf)
	if err != nil {
		t.Fatal(err)
	}
	image := func(path string) File { return File{Type: registry.TypeImage, Path: path, Origin: registry.FromFlag} }
	for name, tt := range map[string]struct {
		order Order
		want  int
	}{
		"nothing said":    {Order{Workflow: "sheet"}, 0},
		"a request's []":  {asked, 0},
		"an empty flag":   {Order{Workflow: "sheet", Values: []Value{{Name: "pictures", JSON: json.RawMessage("[]"), Origin: registry.FromFlag}}}, 0},
		"two pictures":    {Order{Workflow: "sheet", Files: []File{image("a.png"), image("b.png")}}, 2},
		"[] and pictures": {Order{Files: []File{image("a.png")}}.Over(asked), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			orders, err := c.Expand(tt.order)
			if err != nil || len(orders) != 1 {
				t.Fatalf("%d orders, %v", len(orders), err)
			}
			req, err := c.Resolve(orders[0])
			if err != nil {
				t.Fatal(err)
			}
			call, err := req.Resolve()
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, v := range call.Files() {
				names = append(names, v.Texts()...)
			}
			if len(names) != tt.want {
				t.Errorf("files %q, want %d", names, tt.want)
			}
			if _, err := call.Bind(map[string][]string{"pictures": names}); err != nil {
				t.Error(err)
			}
		})
	}
}
