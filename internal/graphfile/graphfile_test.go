package graphfile_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
)

const (
	apiGraph   = `{"1": {"class_type": "EmptyImage", "inputs": {"width": 64}}, "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}`
	editorFile = `{"version": 0.4, "nodes": [{"id": 1, "type": "EmptyImage", "title": "Canvas", "widgets_values": [64]},
		{"id": 2, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 1}]}], "links": [[1, 1, 0, 2, 0, "IMAGE"]]}`
	classInfo = `{"EmptyImage": {"input": {"required": {"width": ["INT", {"default": 512}]}}, "output": ["IMAGE"]},
		"SaveImage": {"input": {"required": {"images": ["IMAGE"]}}, "output": [], "output_node": true}}`
)

// define knows two classes, and all of them.
func define(complete bool) func(context.Context, []string) (graphfile.Definitions, error) {
	return func(context.Context, []string) (graphfile.Definitions, error) {
		defs, err := comfy.ParseObjectInfo([]byte(classInfo))
		return graphfile.Definitions{Classes: defs, Complete: complete, From: "http://studio"}, err
	}
}

func read(t *testing.T, name, data string, o graphfile.Options) (*graphfile.File, error) {
	t.Helper()
	return graphfile.Read(t.Context(), strings.NewReader(data), int64(len(data)), name, o)
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // into memory
	_ = w.Close()
	return b.String()
}

func TestForms(t *testing.T) {
	t.Parallel()
	quoted := func(s string) string { return string(comfy.RawString(s)) }
	for name, c := range map[string]struct {
		data string
		form graphfile.Form
	}{
		"a graph":                    {apiGraph, graphfile.API},
		"an editor's file":           {editorFile, graphfile.Editor},
		"with a mark":                {"\ufeff" + editorFile, graphfile.Editor},
		"what a client sent":         {`{"client_id": "x", "prompt": ` + apiGraph + `}`, graphfile.API},
		"both in it":                 {`{"prompt": ` + apiGraph + `, "extra_data": {"extra_pnginfo": {"workflow": ` + editorFile + `}}}`, graphfile.API},
		"what a worker got":          {`{"input": {"workflow": ` + apiGraph + `}}`, graphfile.API},
		"what the editor returns":    {`{"workflow": ` + editorFile + `, "output": ` + apiGraph + `}`, graphfile.API},
		"in a text of JSON":          {quoted(apiGraph), graphfile.API},
		"twice in a text of JSON":    {quoted(quoted(editorFile)), graphfile.Editor},
		"a text as a member":         {`{"workflow": ` + quoted(editorFile) + `}`, graphfile.Editor},
		"pasted in a code fence":     {"Try this {one}:\n```json\n" + editorFile + "\n```\nIt is good.", graphfile.Editor},
		"pasted with words in front": {"my graph " + apiGraph, graphfile.API},
		"with a word behind":         {apiGraph + "\n-- \nsent from my phone", graphfile.API},
		"packed with gzip":           {zipped(apiGraph), graphfile.API},
		"of a server's history":      {`{"0b5e": {"prompt": [3, "0b5e", ` + apiGraph + `, {"extra_pnginfo": {}}, ["2"]], "outputs": {}, "status": {}}}`, graphfile.API},
		"alone in an envelope":       {`{"data": {"workflow": ` + editorFile + `}}`, graphfile.Editor},
		"with members beside it":     {strings.TrimSuffix(apiGraph, "}") + `, "version": 0.4, "_comment": {"by": "me"}, "extra": {}}`, graphfile.API},
		"with numbers of Python":     {strings.Replace(apiGraph, "64", "NaN", 1), graphfile.API},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := read(t, "graph", c.data, graphfile.Options{Define: define(true)})
			if err != nil {
				t.Fatal(err)
			}
			if f.Form != c.form || f.Graph.Len() != 2 || f.Graph.Node("2").Class != "SaveImage" {
				t.Errorf("form %s, %d nodes", f.Form, f.Graph.Len())
			}
		})
	}
}

func TestWhatIsNoGraph(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		kind graphfile.Kind
		says string
	}{
		"nothing":                      {"", graphfile.Empty, "is empty"},
		"only space":                   {" \n ", graphfile.Empty, "is empty"},
		"words":                        {"a fox", graphfile.NotJSON, ""},
		"a list":                       {"[1]", graphfile.NotJSON, ""},
		"another file":                 {`{"name": "x"}`, graphfile.NotJSON, "node name"},
		"an object":                    {`{}`, graphfile.NotJSON, "it has no nodes"},
		"cut off":                      {apiGraph[:60], graphfile.Broken, "graph.json:1:60: holds a graph that is broken: its JSON is broken at byte 60 of 60"},
		"cut off inside of a subgraph": {editorFile[:60] + editorFile + `, "definitions`, graphfile.Broken, ""},
		"pasted, and cut off":          {"look:\n```\n{\"nodes\": [{\"id\": 1}], \"definitions\": {\"subgraphs\": [" + editorFile + "], \n```", graphfile.NotJSON, ""},
		"templates":                    {`{"templates": []}`, graphfile.Clipboard, ""},
		"another code":                 {"{\"1\": \"gr\xfc\xdfe\"}", graphfile.Encoding, "graph.json:1:10:"},
		"a broken node":                {`{"1": {"class_type": "A"}}`, graphfile.Broken, "node 1: no inputs"},
		"an id twice":                  {`{"nodes": [{"id": 1, "type": "EmptyImage"}, {"id": 1, "type": "EmptyImage"}]}`, graphfile.Unusable, "node 1 is there twice"},
		"a node without a class":       {`{"1": {"class_type": "A", "inputs": {}}, "2": {"inputs": {}}}`, graphfile.Broken, "node 2: no class_type"},
		"gzip, and cut off":            {zipped(apiGraph)[:40], graphfile.Packed, "is compressed with gzip, and damaged"},
		"zstd":                         {"\x28\xb5\x2f\xfd\x04\x00", graphfile.Packed, "graph.json is compressed with zstd"},
		"a subgraph that is not there": {
			strings.Replace(editorFile, `"type": "EmptyImage"`, `"type": "0b0c1f36-17a8-4d1e-9a3e-2f1d5c7e8a90"`, 1), graphfile.Unusable,
			`node 1 (0b0c1f36-17a8-4d1e-9a3e-2f1d5c7e8a90, Canvas): it is an instance of a subgraph that the file does not have`,
		},
		"a group that is not there": {strings.Replace(editorFile, `"type": "EmptyImage"`, `"type": "workflow>Canvas"`, 1), graphfile.Unusable, "a subgraph that the file does not have"},
		"no nodes":                  {`{"nodes": [], "links": []}`, graphfile.NoNodes, "has no node"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, "graph.json", c.data, graphfile.Options{Define: define(true)})
			e, ok := errors.AsType[*graphfile.Error](err)
			if !ok || e.Kind != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q with %q", err, c.kind, c.says)
			}
		})
	}
}

// What nothing defines is refused with its pack, or left out when nothing needs
// it, or taken as it stands in the file where nobody knows better.
func TestUnknownClasses(t *testing.T) {
	t.Parallel()
	with := func(node, link string) string {
		s := strings.Replace(editorFile, `{"id": 2,`, node+`,{"id": 2,`, 1)
		return strings.Replace(s, `[[1, 1, 0, 2, 0, "IMAGE"]]`, `[`+link+`]`, 1)
	}
	between := `{"id": 3, "type": "Sharpen", "title": "Crisp", "properties": {"cnr_id": "crisp-pack"}, "inputs": [{"name": "image", "type": "IMAGE", "link": 2}], "widgets_values": %}`
	links := `[1, 3, 0, 2, 0, "IMAGE"], [2, 1, 0, 3, 0, "IMAGE"]`
	for name, c := range map[string]struct {
		data     string
		complete bool
		says     string // "" when it is read
		nodes    int
		note     string
	}{
		"needed": {
			with(strings.Replace(between, "%", `{"amount": 2}`, 1), links), true,
			`graph.json cannot be converted: node 3 (Sharpen, "Crisp", of crisp-pack): http://studio does not have these classes`, 0, "",
		},
		"needed, its values named, and nobody knows": {
			with(strings.Replace(between, "%", `{"amount": 2}`, 1), links), false, "", 3, "has the values that stand in the file",
		},
		"needed, its values without names": {
			with(strings.Replace(between, "%", `[2]`, 1), links), false, "does not name all of their values", 0, "",
		},
		"not needed": {
			with(strings.Replace(between, "%", `[2]`, 1), `[1, 1, 0, 2, 0, "IMAGE"], [2, 1, 0, 3, 0, "IMAGE"]`), true, "", 2, "no output needs it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := read(t, "graph.json", c.data, graphfile.Options{Define: define(c.complete)})
			if c.says != "" {
				e, ok := errors.AsType[*graphfile.MissingError](err)
				if !ok || !strings.Contains(err.Error(), c.says) || e.Nodes[0].Pack != "crisp-pack" {
					t.Fatalf("%v, want %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.Graph.Len() != c.nodes || len(f.Notes) != 1 || !strings.Contains(f.Notes[0].Text, c.note) {
				t.Errorf("%d nodes, notes %v", f.Graph.Len(), f.Notes)
			}
		})
	}
}

// A picture with both halves gives its graph, and where the drawing's widgets
// are in it.
func TestPictureWithBoth(t *testing.T) {
	t.Parallel()
	changed := strings.Replace(apiGraph, "64", "96", 1)
	data := string(pngWith("prompt", changed, "workflow", editorFile))
	f, err := read(t, "picture.png", data, graphfile.Options{Define: define(true), Drawing: true})
	if err != nil {
		t.Fatal(err)
	}
	if f.Form != graphfile.API || f.Container != ".png" || len(f.Notes) != 1 {
		t.Errorf("form %s of %s, notes %v", f.Form, f.Container, f.Notes)
	}
	want := map[editor.Place][]comfy.Target{{Node: "1", Widget: "width"}: {{Node: "1", Input: "width"}}}
	if diff := cmp.Diff(want, f.Places); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	if v, _ := f.Graph.Node("1").Inputs.Get("width"); string(v) != "96" {
		t.Errorf("the graph has the drawing's width: %s", v)
	}
	w, err := f.Drawing()
	if err != nil || w.Find("1").Title != "Canvas" {
		t.Errorf("drawing %+v, %v", w, err)
	}
	f, err = read(t, "picture.png", data, graphfile.Options{Define: define(true), Prefer: graphfile.Editor})
	if err != nil || f.Form != graphfile.Editor {
		t.Fatalf("%+v, %v", f, err)
	}
	if v, _ := f.Graph.Node("1").Inputs.Get("width"); string(v) != "64" {
		t.Errorf("the graph is not the drawing's: %s", v)
	}
}

// pngWith is a picture of one pixel with texts.
func pngWith(texts ...string) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data)))
		body := append([]byte(kind), data...)
		b.Write(body)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	chunk("IHDR", []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0})
	for i := 0; i+1 < len(texts); i += 2 {
		chunk("tEXt", []byte(texts[i]+"\x00"+texts[i+1]))
	}
	chunk("IDAT", []byte{0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0, 1})
	chunk("IEND", nil)
	return b.Bytes()
}
