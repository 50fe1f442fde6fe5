package comfy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
)

const portrait = `{
  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}, "_meta": {"title": "Load model", "x": 1}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a <fox> & \u00e9", "clip": ["4", 1]}},
  "3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "cfg": 7.50, "model": ["4", 0], "positive": ["6", 0]}},
  "57:8": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}
}`

func mustParse(tb testing.TB, s string) *comfy.Graph {
	tb.Helper()
	g, err := comfy.ParseGraph([]byte(s))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func TestParseGraphKeepsOrderAndExactValues(t *testing.T) {
	t.Parallel()
	g := mustParse(t, portrait)
	if diff := cmp.Diff([]string{"4", "6", "3", "57:8"}, g.IDs()); diff != "" {
		t.Errorf("ids: %s", diff)
	}
	for name, want := range map[string]string{"seed": "18446744073709551615", "cfg": "7.50", "model": `["4", 0]`} {
		if v, _ := g.Node("3").Inputs.Get(name); string(v) != want {
			t.Errorf("%s = %s, want %s", name, v, want)
		}
	}
	if got := g.Node("4").Title; got != "Load model" {
		t.Errorf("title %q", got)
	}
	if text, ok := g.Node("6").Inputs.Text("text"); !ok || text != "a <fox> & é" {
		t.Errorf("text %q %v", text, ok)
	}
	out, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	again := mustParse(t, string(out))
	if diff := cmp.Diff(g.IDs(), again.IDs()); diff != "" {
		t.Errorf("written and read again: %s", diff)
	}
	if g.Digest() != again.Digest() {
		t.Error("the digest changed by writing and reading")
	}
	if !bytes.Contains(out, []byte(`"x":1`)) {
		t.Errorf("_meta was not kept: %s", out)
	}
}

func TestParseGraphRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"empty":             {``, "broken at byte 0"},
		"list":              {`[]`, "expected a JSON object"},
		"cut":               {`{"1": {"class_type": "A", "inputs": {`, "broken at byte 37 of 37"},
		"node is text":      {`{"1": "A"}`, "node 1: expected a JSON object"},
		"no class":          {`{"1": {"inputs": {}}}`, "no class_type"},
		"class is a number": {`{"1": {"class_type": 5, "inputs": {}}}`, "node 1: its class_type is not a text"},
		"no inputs":         {`{"1": {"class_type": "A"}}`, "no inputs"},
		"twice":             {`{"1": {"class_type": "A", "inputs": {}}, "1": {"class_type": "B", "inputs": {}}}`, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := comfy.ParseGraph([]byte(tc.in))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
	_, err := comfy.ParseGraph([]byte(`{"nodes": [], "links": [], "version": 0.4}`))
	if !errors.As(err, new(comfy.UIFormatError)) {
		t.Errorf("the editor's format gave %v", err)
	}
}

func TestParseGraphReadsWhatPythonWrites(t *testing.T) {
	t.Parallel()
	g := mustParse(t, "\xef\xbb\xbf"+`{"1": {"class_type": "A", "inputs": {"a": NaN, "b": -Infinity, "c": "NaN \" Infinity"}, "is_changed": NaN}}`)
	for name, want := range map[string]string{"a": "null", "b": "null", "c": `"NaN \" Infinity"`} {
		if v, _ := g.Node("1").Inputs.Get(name); string(v) != want {
			t.Errorf("%s = %s, want %s", name, v, want)
		}
	}
	out, _ := json.Marshal(g)
	if bytes.Contains(out, []byte("is_changed")) {
		t.Errorf("is_changed was kept: %s", out)
	}
}

func TestCheckRefusesWhatKillsServers(t *testing.T) {
	t.Parallel()
	node := func(inputs string) string {
		return `{"1": {"class_type": "A", "inputs": {` + inputs + `}}, "2": {"class_type": "B", "inputs": {"x": ["1", 0]}}}`
	}
	for name, tc := range map[string]struct{ graph, want string }{
		"good":            {node(`"n": 1`), ""},
		"wrapped list":    {node(`"n": {"__value__": [1, 2, 3]}`), ""},
		"dangling":        {node(`"n": ["9", 0]`), "node 9, which does not exist"},
		"a slot of 1.5":   {node(`"n": ["9", 1.5]`), "node 9, which does not exist"},
		"a slot of true":  {node(`"n": ["9", true]`), "node 9, which does not exist"},
		"list of nothing": {node(`"n": [null, null], "m": [null, 0], "o": ["a", null], "p": [["9", 0]]`), ""},
		"list of numbers": {node(`"n": [1, 2, 3], "m": [2, 0], "o": [[1, 2], [3, 4]]`), ""},
		"list of texts":   {node(`"n": ["a", "b", "c"], "m": ["a", "b"], "o": []`), ""},
		"list of a text":  {node(`"n": ["a", "0"], "m": ["a", [0]], "o": ["a", {}]`), ""},
		"object":          {node(`"n": {"x": [1]}`), ""},
		"circle":          {node(`"n": ["2", 0]`), "circle"},
		"itself":          {node(`"n": ["1", 0]`), "circle"},
		"no nodes":        {`{}`, "no nodes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := mustParse(t, tc.graph).Check()
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestCloneIsIndependent(t *testing.T) {
	t.Parallel()
	g := mustParse(t, portrait)
	c := g.Clone()
	c.Node("3").Inputs.Set("seed", json.RawMessage("1"))
	c.Node("6").Inputs.Delete("text")
	c.Remove("57:8")
	c.Node("4").Inputs.SetLink("extra", comfy.Link{Node: "6", Slot: 2})
	if v, _ := g.Node("3").Inputs.Get("seed"); string(v) != "18446744073709551615" || g.Len() != 4 {
		t.Error("changing the clone changed the graph")
	}
	if l, ok := c.Node("4").Inputs.Link("extra"); !ok || l != (comfy.Link{Node: "6", Slot: 2}) {
		t.Errorf("link %v %v", l, ok)
	}
	if diff := cmp.Diff([]comfy.Target{{Node: "6", Input: "clip"}, {Node: "3", Input: "model"}}, g.Consumers("4")); diff != "" {
		t.Errorf("consumers: %s", diff)
	}
	if id := g.FreeID(); id != "7" {
		t.Errorf("free id %s", id)
	}
}

func TestDigestIgnoresTitleAndPrefix(t *testing.T) {
	t.Parallel()
	a := mustParse(t, `{"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": "a", "x": [ "2", 0 ]}, "_meta": {"title": "t"}}, "2": {"class_type": "B", "inputs": {}}}`)
	b := mustParse(t, `{"2": {"class_type": "B", "inputs": {}}, "1": {"class_type": "SaveImage", "inputs": {"x": ["2",0], "filename_prefix": "b"}}}`)
	if a.Digest() != b.Digest() {
		t.Error("digests differ")
	}
	b.Node("1").Inputs.Set("x", json.RawMessage(`["2",1]`))
	if a.Digest() == b.Digest() {
		t.Error("digests agree although a link differs")
	}
}

// bigGraph is a chain of n nodes with a seed, a text and a link each.
func bigGraph(n int) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d":{"class_type":"KSampler","inputs":{"seed":%d,"text":"a lighthouse at dusk, %d","model":["%d",0]},"_meta":{"title":"Node %d"}}`, i+1, i, i, max(i, 1), i)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func BenchmarkParseGraph500(b *testing.B) {
	data := bigGraph(500)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := comfy.ParseGraph(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCloneGraph500(b *testing.B) {
	g := mustParse(b, string(bigGraph(500)))
	b.ReportAllocs()
	for b.Loop() {
		g.Clone()
	}
}

func BenchmarkMarshalGraph500(b *testing.B) {
	g := mustParse(b, string(bigGraph(500)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseGraph(f *testing.F) {
	f.Add([]byte(portrait))
	f.Add([]byte(`{"nodes": [], "links": []}`))
	f.Add([]byte(`{"1": {"class_type": "A", "inputs": {"a": NaN}, "is_changed": NaN}}`))
	f.Add([]byte(`{"1": {"class_type": "A", "inputs": {"a": ["1", 0]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := comfy.ParseGraph(data)
		if err != nil {
			return
		}
		_ = g.Check()
		out, err := g.MarshalJSON()
		if err != nil || !json.Valid(out) {
			t.Fatalf("written as %q, %v", out, err)
		}
		again, err := comfy.ParseGraph(out)
		if err != nil {
			t.Fatalf("reading %q again: %v", out, err)
		}
		if diff := cmp.Diff(g.IDs(), again.IDs()); diff != "" {
			t.Fatal(diff)
		}
		if g.Digest() != again.Digest() {
			t.Fatalf("digest of %q changed", out)
		}
	})
}
