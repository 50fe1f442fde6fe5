package editor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/editor"
)

// testDefinitions are small classes in the forms that servers use.
const testDefinitions = `{
"Load": {"input": {"required": {"name": [["a.png", "b.png"], {"image_upload": true}]}}, "output": ["IMAGE", "MASK"], "display_name": "Load Picture"},
"Blur": {"input": {"required": {"image": ["IMAGE"], "radius": ["INT", {"default": 3}], "mode": [["box", "gauss"]]}, "optional": {"mask": ["MASK"]}}, "output": ["IMAGE"]},
"Mix": {"input": {"required": {"mask": ["MASK"], "first": ["IMAGE"], "second": ["IMAGE"]}}, "output": ["IMAGE"]},
"Noise": {"input": {"required": {"seed": ["INT", {"default": 0}], "steps": ["INT", {"default": 20, "control_after_generate": false}], "big": ["INT", {"control_after_generate": true}]}}, "output": ["NOISE"]},
"Text": {"input": {"required": {"text": ["STRING", {"dynamicPrompts": true}], "plain": ["STRING", {}]}}, "output": ["CONDITIONING"]},
"Film": {"input": {"required": {"rate": ["FLOAT", {"default": 8}], "format": [["mp4", "gif"]], "loop": ["INT", {}]}}, "output": [], "output_node": true, "python_module": "custom_nodes.film"},
"Tune": {"input": {"required": {"coarse": ["FLOAT", {"step": 0.1}], "fine": ["FLOAT", {"step": 0.001}], "plain": ["FLOAT", {}], "frames": ["INT", {"min": 9, "step": 8}]}}, "output": []},
"Core": {"input": {"required": {"text": ["STRING", {"multiline": true}], "prefix": ["STRING", {}], "steps": ["INT", {}]}}, "output": [], "python_module": "nodes"},
"Any": {"input": {"required": {"value": ["*"]}}, "output": ["*"]},
"Pick": {"input": {"required": {"kind": ["COMFY_DYNAMICCOMBO_V3", {"options": [
  {"key": "none", "inputs": {}}, {"key": "size", "inputs": {"required": {"width": ["INT", {"default": 512}], "image": ["IMAGE"]}, "optional": {"seed": ["INT", {}]}}}]}],
  "after": ["FLOAT", {"default": 0.5}]}}, "output": ["IMAGE"]},
"Batch": {"input": {"required": {"images": ["COMFY_AUTOGROW_V3", {"template": {"input": {"required": {"image": ["IMAGE"]}}, "prefix": "image", "min": 1, "max": 4}}]}}, "output": ["IMAGE"]},
"SaveImage": {"input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}}, "output": [], "output_node": true}
}`

func classes(t testing.TB) map[string]*comfy.ClassInfo {
	t.Helper()
	defs, err := comfy.ParseObjectInfo([]byte(testDefinitions))
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

func convert(t *testing.T, workflow string) *editor.Result {
	t.Helper()
	res, err := editor.Convert([]byte(workflow), editor.Options{
		Definitions: classes(t), Now: time.Date(2026, 3, 7, 9, 5, 2, 0, time.UTC), Choose: func(n int) int { return n - 1 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// inputsOf writes the inputs of all nodes: "1.radius=3 2.image=[1 0]".
func inputsOf(t *testing.T, g *comfy.Graph) string {
	t.Helper()
	var parts []string
	for _, id := range g.IDs() {
		n := g.Node(id)
		for _, name := range n.Inputs.Names() {
			v, _ := n.Inputs.Get(name)
			parts = append(parts, fmt.Sprintf("%s.%s=%s", id, name, v))
		}
	}
	return strings.Join(parts, " ")
}

// A node in the editor's form. Inputs are "name:TYPE:link", with a * for the
// socket of a widget.
func node(id any, class string, mode int, values string, inputs ...string) string {
	var ins []map[string]any
	for _, in := range inputs {
		parts := strings.Split(in, ":")
		name := strings.TrimSuffix(parts[0], "*")
		socket := map[string]any{"name": name, "type": parts[1], "link": json.RawMessage(parts[2])}
		if name != parts[0] {
			socket["widget"] = map[string]any{"name": name}
		}
		ins = append(ins, socket)
	}
	data, err := json.Marshal(map[string]any{"id": id, "type": class, "mode": mode, "inputs": ins, "widgets_values": json.RawMessage(values)})
	if err != nil {
		panic(err)
	}
	return string(data)
}

func workflow(links string, nodes ...string) string {
	return `{"version": 0.4, "nodes": [` + strings.Join(nodes, ",") + `], "links": [` + links + `]}`
}

func TestConvert(t *testing.T) {
	t.Parallel()
	load := node(1, "Load", 0, `["b.png","image"]`)
	for name, tt := range map[string]struct{ workflow, want string }{
		"a value for each widget, and none for buttons and controls": {
			workflow("", node(3, "Noise", 0, `[7,"fixed",12,18446744073709551615,"randomize"]`), load),
			`1.name="b.png" 3.seed=7 3.steps=12 3.big=18446744073709551615`,
		},
		"defaults where the list is short": {
			workflow("", node(3, "Noise", 0, `[7]`)), `3.seed=7 3.steps=20 3.big=0`,
		},
		"what is too much is not read": {
			workflow("", node(3, "Blur", 0, `[5,"gauss","more",1]`)), `3.radius=5 3.mode="gauss"`,
		},
		"null is the first choice, or null": {
			workflow("", node(3, "Blur", 0, `[null,null]`), node(4, "Text", 0, `[null,null]`)), `3.radius=null 3.mode="box" 4.text=null 4.plain=null`,
		},
		"values by name": {
			workflow("", node(3, "Blur", 0, `{"mode":"gauss","radius":9,"videopreview":{}}`)), `3.radius=9 3.mode="gauss"`,
		},
		"values by name of a pack, and what it adds in the browser": {
			workflow("", node(3, "Film", 0, `{"rate":24,"format":"mp4","crf":19,"loop":2,"videopreview":{"hidden":false}}`)), `3.rate=24 3.format="mp4" 3.loop=2 3.crf=19`,
		},
		"values by name of the editor's own classes count by their order": {
			workflow("", node(3, "Core", 0, `{"steps":"a","text":"b","prefix":3}`)), `3.text="a" 3.prefix="b" 3.steps=3`,
		},
		"null is an empty text only where texts have lines": {workflow("", node(3, "Core", 0, `[null,null,null]`)), `3.text="" 3.prefix=null 3.steps=null`},
		"values of an object with other names, in their order": {
			workflow("", node(3, "Blur", 0, `{"b":9,"a":"gauss"}`)), `3.radius=9 3.mode="gauss"`,
		},
		"a list is wrapped": {
			workflow("", node(3, "Text", 0, `["x",[1,2]]`)), `3.text="x" 3.plain={"__value__":[1,2]}`,
		},
		"a linked widget keeps its place": {
			workflow(`[1,3,0,4,0,"INT"]`, node(3, "Any", 0, `[]`), node(4, "Blur", 0, `[5,"box"]`, "radius*:INT:1")), `4.radius=["3",0] 4.mode="box"`,
		},
		"links count by the list of links, ids may be text, holes are nothing": {
			workflow(`null,["1","1","0",4,"0","IMAGE"]`, load, node("4", "Blur", 0, `[5,"box"]`, "image:IMAGE:null")),
			`1.name="b.png" 4.radius=5 4.mode="box" 4.image=["1",0]`,
		},
		"of several links into an input the one that it names counts": {
			workflow(`[1,1,0,4,0,"IMAGE"],[2,2,0,4,0,"IMAGE"]`, load, node(2, "Load", 0, `["a.png"]`), node(4, "Blur", 0, `[5,"box"]`, "image:IMAGE:1")),
			`1.name="b.png" 2.name="a.png" 4.radius=5 4.mode="box" 4.image=["1",0]`,
		},
		"a link to nowhere is none": {
			workflow(`[1,99,0,4,0,"IMAGE"]`, node(4, "Blur", 0, `[5,"box"]`, "image:IMAGE:1")), `4.radius=5 4.mode="box"`,
		},
		"reroutes stand for what they get": {
			workflow(`[1,1,0,2,0,"IMAGE"],[2,2,0,3,0,"IMAGE"],[3,3,0,4,0,"IMAGE"]`, load, node(2, "Reroute", 0, `[]`, ":*:1"),
				node(3, "Reroute", 0, `[]`, ":*:2"), node(4, "Blur", 0, `[5,"box"]`, "image:IMAGE:3")),
			`1.name="b.png" 4.radius=5 4.mode="box" 4.image=["1",0]`,
		},
		"notes are not sent": {workflow("", node(1, "Note", 0, `["x"]`), node(2, "MarkdownNote", 0, `["x"]`), node(3, "Any", 0, `[]`)), ``},
		"a muted node and what it feeds": {
			workflow(`[1,1,0,4,0,"IMAGE"]`, node(1, "Load", 2, `["b.png"]`), node(4, "Blur", 0, `[5,"box"]`, "image:IMAGE:1")), `4.radius=5 4.mode="box"`,
		},
		"a muted node before a widget: its value stays": {
			workflow(`[1,3,0,4,0,"INT"]`, node(3, "Any", 2, `[]`), node(4, "Blur", 0, `[5,"box"]`, "radius*:INT:1")), `4.radius=5 4.mode="box"`,
		},
		"modes 1 and 3 run": {workflow("", node(3, "Blur", 1, `[5,"box"]`), node(4, "Blur", 3, `[6,"box"]`)), `3.radius=5 3.mode="box" 4.radius=6 4.mode="box"`},
		"bypass by the same place": {
			workflow(`[1,1,0,2,0,"IMAGE"],[2,2,0,4,0,"IMAGE"]`, load, node(2, "Blur", 4, `[5,"box"]`, "image:IMAGE:1"), node(4, "Blur", 0, `[6,"box"]`, "image:IMAGE:2")),
			`1.name="b.png" 4.radius=6 4.mode="box" 4.image=["1",0]`,
		},
		"bypass by the first input of the type, linked or not": {
			workflow(`[1,1,0,2,2,"IMAGE"],[2,2,0,4,0,"IMAGE"]`, load, node(2, "Mix", 4, `[]`, "mask:MASK:null", "first:IMAGE:null", "second:IMAGE:1"),
				node(4, "Blur", 0, `[6,"box"]`, "image:IMAGE:2")),
			`1.name="b.png" 4.radius=6 4.mode="box"`,
		},
		"bypass in a chain": {
			workflow(`[1,1,0,2,0,"IMAGE"],[2,2,0,3,0,"IMAGE"],[3,3,0,4,0,"IMAGE"]`, load, node(2, "Blur", 4, `[5,"box"]`, "image:IMAGE:1"),
				node(3, "Blur", 4, `[5,"box"]`, "image:IMAGE:2"), node(4, "Blur", 0, `[6,"box"]`, "image:IMAGE:3")),
			`1.name="b.png" 4.radius=6 4.mode="box" 4.image=["1",0]`,
		},
		"a primitive gives its value to all that it feeds": {
			workflow(`[1,9,0,3,0,"INT"],[2,9,0,4,0,"INT"]`, node(9, "PrimitiveNode", 0, `[77,"randomize"]`), node(3, "Blur", 0, `[5,"box"]`, "radius*:INT:1"),
				node(4, "Noise", 0, `[1,"fixed",2,3]`, "steps*:INT:2")),
			`3.radius=77 3.mode="box" 4.seed=1 4.steps=77 4.big=3`,
		},
		"a primitive gives the decimals that the widget shows": {
			workflow(`[1,9,0,3,0,"FLOAT"],[2,9,0,3,1,"FLOAT"],[3,9,0,3,2,"FLOAT"],[4,8,0,3,3,"INT"]`, node(9, "PrimitiveNode", 0, `[1.2505,"fixed"]`),
				node(8, "PrimitiveNode", 0, `[20,"fixed"]`), node(3, "Tune", 0, `[1,2,7.25,9]`, "coarse*:FLOAT:1", "fine*:FLOAT:2", "plain*:FLOAT:3", "frames*:INT:4")),
			`3.coarse=1.3 3.fine=1.251 3.plain=1.3 3.frames=17`,
		},
		"inputs of widgets that a class of ComfyUI does not have are taken away, as far as the editor does": {
			workflow(`[1,3,0,4,0,"INT"],[2,3,0,4,1,"INT"],[3,3,0,4,2,"INT"]`, node(3, "Any", 0, `[]`), node(4, "Core", 0, `["a","b",3]`, "x*:INT:1", "y*:INT:2", "z*:INT:3")),
			`4.text="a" 4.prefix="b" 4.steps=3 4.y=["3",0]`,
		},
		"names join distant places": {
			workflow(`[1,1,0,2,0,"IMAGE"],[2,3,0,4,0,"IMAGE"]`, load, node(2, "SetNode", 0, `["pic"]`, "IMAGE:IMAGE:1"), node(3, "GetNode", 0, `["pic"]`),
				node(4, "Blur", 0, `[6,"box"]`, "image:IMAGE:2")),
			`1.name="b.png" 4.radius=6 4.mode="box" 4.image=["1",0]`,
		},
		"a dynamic combo brings its parts, with their controls": {
			workflow(`[1,1,0,3,0,"IMAGE"]`, load, node(3, "Pick", 0, `["size",640,9,"fixed",0.25]`, "kind.image:IMAGE:1")),
			`1.name="b.png" 3.kind="size" 3.kind.width=640 3.kind.seed=9 3.after=0.25 3.kind.image=["1",0]`,
		},
		"a list of inputs keeps its holes": {
			workflow(`[1,1,0,3,1,"IMAGE"]`, load, node(3, "Batch", 0, `[]`, "images.image0:IMAGE:null", "images.image1:IMAGE:1")), `1.name="b.png" 3.images.image1=["1",0]`,
		},
		"texts are drawn, comments and escapes go, an address stays": {
			workflow("", node(3, "Text", 0, `["a {red|blue} http://x.y \\{b\\} /* no */ c // end","{a|b}"]`)), `3.text="a blue http://x.y {b}  c " 3.plain="{a|b}"`,
		},
		"tokens of file names": {
			workflow("", node(3, "Blur", 0, `[5,"box"]`), node(4, "SaveImage", 0, `["%Blur.radius%_%date:yyyy-MM-dd hhmmss%_%width%_%no.such%"]`)),
			`3.radius=5 3.mode="box" 4.filename_prefix="5_2026-03-07 090502_%width%_%no.such%"`,
		},
		"words for numbers that JSON does not have": {workflow("", node(3, "Blur", 0, `[5,"box"]`)+`,{"id":4,"type":"Blur","widgets_values":[NaN,"box"]}`), `3.radius=5 3.mode="box" 4.radius=null 4.mode="box"`},
		"links count by the inputs of the class where the file lists none": {
			workflow(`[1,1,0,4,0,"IMAGE"],[2,3,0,4,2,"INT"]`, load, node(3, "Any", 0, `[]`), node(4, "Blur", 0, `[5,"box"]`)),
			`1.name="b.png" 4.radius=["3",0] 4.mode="box" 4.image=["1",0]`,
		},
		"ids in the order of numbers": {workflow("", node(10, "Any", 0, `[]`), node(9, "Blur", 0, `[1,"box"]`), node(2, "Blur", 0, `[2,"box"]`)), `2.radius=2 2.mode="box" 9.radius=1 9.mode="box"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, inputsOf(t, convert(t, tt.workflow).Graph)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// subgraphs is a drawing with two instances of a subgraph that blurs: its
// radius is shown on the instance.
func subgraphs(instance string) string {
	return `{"version": 0.4, "last_node_id": 20, "nodes": [` + node(1, "Load", 0, `["a.png"]`) + `,` + instance + `,` +
		node(9, "SaveImage", 0, `["p"]`, "images:IMAGE:2") + `], "links": [[1,1,0,5,0,"IMAGE"],[2,5,0,9,0,"IMAGE"]],
	"definitions": {"subgraphs": [{"id": "u-1", "name": "Soften", "nodes": [` + node(1, "Blur", 0, `[3,"gauss"]`, "image:IMAGE:1", "radius*:INT:2") + `],
	"inputs": [{"name": "image", "type": "IMAGE", "linkIds": [1]}, {"name": "radius", "type": "INT", "linkIds": [2]}],
	"outputs": [{"name": "out", "type": "IMAGE", "linkIds": [3]}],
	"links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0, "type": "IMAGE"},
	{"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 1, "target_slot": 1, "type": "INT"},
	{"id": 3, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"}]}]}}`
}

func TestSubgraphs(t *testing.T) {
	t.Parallel()
	withProxies := func(values, proxies string) string {
		return strings.TrimSuffix(node(5, "u-1", 0, values, "image:IMAGE:1"), "}") + `,"properties":{"proxyWidgets":` + proxies + `}}`
	}
	// The inner node has the id of a node of the root, so it gets the next free one.
	const with = `1.name="a.png" 9.filename_prefix="p" 9.images=["5:21",0] 5:21.radius=%s 5:21.mode="gauss" 5:21.image=["1",0]`
	for name, tt := range map[string]struct{ instance, radius string }{
		"its own value":                         {node(5, "u-1", 0, `[]`, "image:IMAGE:1"), "3"},
		"a value on the instance":               {node(5, "u-1", 0, `[8]`, "image:IMAGE:1"), "8"},
		"null on the instance":                  {node(5, "u-1", 0, `[null]`, "image:IMAGE:1"), "3"},
		"by the list of shown widgets":          {withProxies(`[9]`, `[["-1","radius"]]`), "9"},
		"that names the inner node":             {withProxies(`[9]`, `[["1","radius"]]`), "9"},
		"that is packed into a text":            {withProxies(`["x",9]`, `"[[\"1\",\"mode\"],[\"-1\",\"radius\"]]"`), "9"},
		"with a control behind it, not counted": {node(5, "u-1", 0, `[8,"fixed"]`, "image:IMAGE:1"), "8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want := inputsOf(t, convert(t, subgraphs(tt.instance)).Graph), fmt.Sprintf(with, tt.radius)
			if name == "that is packed into a text" {
				want = strings.Replace(want, `"gauss"`, `"x"`, 1)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	for name, tt := range map[string]struct {
		mode int
		want string
	}{
		"bypassed": {4, `1.name="a.png" 9.filename_prefix="p" 9.images=["1",0]`},
		"muted":    {2, `1.name="a.png" 9.filename_prefix="p"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			instance := strings.Replace(node(5, "u-1", tt.mode, `[8]`, "image:IMAGE:1"), `"mode"`, `"outputs":[{"name":"out","type":"IMAGE","links":[2]}],"mode"`, 1)
			if diff := cmp.Diff(tt.want, inputsOf(t, convert(t, subgraphs(instance)).Graph)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// Of several links into an output of a subgraph the first of the file counts.
func TestOutputOfSubgraph(t *testing.T) {
	t.Parallel()
	file := strings.Replace(subgraphs(node(5, "u-1", 0, `[8]`, "image:IMAGE:1")), `"linkIds": [3]`, `"linkIds": [4, 3]`, 1)
	file = strings.Replace(file, `"links": [{"id": 1,`, `"links": [{"id": 4, "origin_id": -10, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"}, {"id": 1,`, 1)
	if l, ok := convert(t, file).Graph.Node("9").Inputs.Link("images"); !ok || l.Node != "1" {
		t.Errorf("the output is %v", l)
	}
}

// A class without a definition is there with what the file holds, and is named.
func TestUnknownClass(t *testing.T) {
	t.Parallel()
	res := convert(t, workflow(`[1,1,0,3,0,"IMAGE"]`, node(1, "Load", 0, `["a.png"]`),
		`{"id":3,"type":"Fancy","title":"My node","properties":{"aux_id":"some/pack"},"inputs":[{"name":"image","type":"IMAGE","link":1}],"widgets_values_named":{"power":2}}`,
		`{"id":4,"type":"Other","inputs":[],"widgets_values":[1,2]}`))
	if got, want := inputsOf(t, res.Graph), `1.name="a.png" 3.power=2 3.image=["1",0]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	want := []editor.Origin{
		{Node: "1", Path: "1", Class: "Load", Title: "Load Picture", Confidence: editor.Certain},
		{Node: "3", Path: "3", Class: "Fancy", Title: "My node", Pack: "some/pack", Confidence: editor.Likely},
		{Node: "4", Path: "4", Class: "Other", Title: "Other", Confidence: editor.Doubtful},
	}
	if diff := cmp.Diff(want, res.Origins); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWhatCannotBeConverted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ workflow, says string }{
		"not JSON":               {`{"nodes": [`, "broken at byte 11 of 11"},
		"a list":                 {`[]`, "form of an editor's file"},
		"no nodes":               {`{}`, "no list of nodes"},
		"an API graph":           {`{"1": {"class_type": "Load", "inputs": {}}}`, "no list of nodes"},
		"an id twice":            {workflow("", node(1, "Load", 0, `[]`), node("1", "Load", 0, `[]`)), "node 1 is there twice"},
		"no id":                  {`{"nodes":[{"type":"Load"}]}`, "a node has no id"},
		"no type":                {`{"nodes":[{"id":1}]}`, "node 1 has no type"},
		"a link of another form": {workflow(`"x"`, node(1, "Load", 0, `[]`)), "a link cannot be read"},
		"a circle of reroutes": {
			workflow(`[1,2,0,1,0,"*"],[2,1,0,2,0,"*"],[3,1,0,3,0,"*"]`, node(1, "Reroute", 0, `[]`, ":*:1"), node(2, "Reroute", 0, `[]`, ":*:2"), node(3, "Blur", 0, `[1,"box"]`, "image:IMAGE:3")),
			"in a circle",
		},
		"a choice that is not there": {workflow("", node(3, "Pick", 0, `["other",1]`)), `node 3 (Pick): kind has no choice "other"`},
		"a subgraph in itself": {
			`{"nodes":[{"id":1,"type":"u"}],"definitions":{"subgraphs":[{"id":"u","name":"U","nodes":[{"id":2,"type":"u"}]}]}}`, "the subgraph contains itself",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := editor.Convert([]byte(tt.workflow), editor.Options{Definitions: classes(t)})
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %q in it", err, tt.says)
			}
			if _, ok := errors.AsType[*editor.FormatError](err); !ok {
				if _, ok := errors.AsType[*editor.NodeError](err); !ok {
					t.Errorf("%T is neither of the package's errors", err)
				}
			}
		})
	}
}

func FuzzConvert(f *testing.F) {
	f.Add([]byte(subgraphs(node(5, "u-1", 0, `[8]`, "image:IMAGE:1"))))
	f.Add([]byte(workflow(`[1,1,0,3,0,"IMAGE"]`, node(1, "Load", 4, `["a.png"]`), node(3, "Pick", 0, `["size",640,9,"fixed",0.25]`, "kind.image:IMAGE:1"))))
	f.Add([]byte(workflow("", node(3, "Text", 0, `["a {red|{blue|x} // \\{","%a.b%"]`))))
	f.Add([]byte(`{"nodes":[{"id":1,"type":"workflow>G","inputs":[{"name":"image","link":1}],"widgets_values":[4]}],"links":[],"extra":{"groupNodes":{"G":{"nodes":[{"type":"Blur","index":0,"inputs":[{"name":"image"}],"outputs":[{"name":"o"}]}],"links":[[null,0,0,0,1,"IMAGE"]],"external":[[0,0,"IMAGE"]]}}}}`))
	defs := classes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		res, err := editor.Convert(data, editor.Options{Definitions: defs, Choose: func(n int) int { return 0 }})
		if err != nil {
			return
		}
		out, err := json.Marshal(res.Graph)
		if err != nil {
			t.Fatalf("the graph cannot be written: %v", err)
		}
		if _, err := comfy.ParseGraph(out); err != nil {
			t.Fatalf("the graph cannot be read again: %v\n%s", err, out)
		}
	})
}

// What is doubtful is said of the node.
func TestNotes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ workflow, says string }{
		"shifted values":           {workflow("", node(3, "Blur", 0, `["gauss",5]`)), `node 3 (Blur): the value of radius does not fit: it is "gauss"`},
		"a name that nothing sets": {workflow(`[1,3,0,4,0,"IMAGE"]`, node(3, "GetNode", 0, `["pic"]`), node(4, "Blur", 0, `[6,"box"]`, "image:IMAGE:1")), `node 3 (GetNode): nothing sets "pic"`},
		"a link to nowhere":        {workflow(`[1,99,0,4,0,"IMAGE"]`, node(4, "Blur", 0, `[5,"box"]`, "image:IMAGE:1")), "a link comes from node 99, which is not there"},
		"a link that is gone":      {workflow("", node(4, "Blur", 0, `[5,"box"]`, "image:IMAGE:7")), "node 4 (Blur): its input image names the link 7, which the file does not have"},
		"values by their names": {
			strings.Replace(workflow("", node(3, "Blur", 0, `["gauss",5]`)), `"widgets_values"`, `"widgets_values_named":{"mode":"gauss","radius":5},"widgets_values"`, 1),
			"node 3 (Blur): its values do not fit in their order, so they are taken by their names",
		},
		"a version to come":    {strings.Replace(workflow("", node(3, "Any", 0, `[]`)), "0.4", "7", 1), "version 7, which is not known"},
		"links of the browser": {workflow("", node(3, "Anything Everywhere", 0, `[]`)), "it links nodes only in the browser"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			notes := convert(t, tt.workflow).Notes
			if len(notes) != 1 || !strings.Contains(notes[0].Text, tt.says) {
				t.Errorf("%v, want %q", notes, tt.says)
			}
		})
	}
	linked := workflow(`[1,3,0,4,0,"INT"]`, node(3, "Any", 0, `[]`), node(4, "Blur", 0, `["gauss","box"]`, "radius*:INT:1"))
	if notes := convert(t, linked).Notes; len(notes) > 0 {
		t.Errorf("a value that is not used is doubted: %v", notes)
	}
}

// Links that an extension adds in the browser are taken from what it kept of them.
func TestBroadcasts(t *testing.T) {
	t.Parallel()
	const load = `1.name="a.png" `
	for name, tt := range map[string]struct{ kept, want, note string }{
		"into a socket":             {`{"downstream":3,"downstream_slot":0,"upstream":"1","upstream_slot":0,"controller":7,"type":"IMAGE"}`, `3.image=["1",0]`, "1 input is linked"},
		"of a type that fits not":   {`{"downstream":3,"downstream_slot":1,"upstream":1,"upstream_slot":0,"controller":7,"type":"IMAGE"}`, ``, ""},
		"from a node that is gone":  {`{"downstream":3,"downstream_slot":0,"upstream":9,"upstream_slot":0,"controller":7,"type":"IMAGE"}`, ``, ""},
		"into no input of the node": {`{"downstream":3,"downstream_slot":9,"upstream":1,"upstream_slot":0,"controller":7,"type":"IMAGE"}`, ``, ""},
		"of another shape":          {`[3]`, ``, "only in the browser"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := strings.TrimSuffix(workflow("", node(1, "Load", 0, `["a.png","image"]`), node(3, "Blur", 0, `[5,"box"]`), node(7, "Anything Everywhere", 0, `[]`)), "}") +
				`,"extra":{"ue_links":[` + tt.kept + `]}}`
			res := convert(t, file)
			want := strings.TrimSpace(load + strings.TrimSpace(`3.radius=5 3.mode="box" `+tt.want))
			if got := inputsOf(t, res.Graph); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			var notes []string
			for _, n := range res.Notes {
				notes = append(notes, n.Text)
			}
			if all := strings.Join(notes, "; "); !strings.Contains(all, tt.note) || tt.note == "" && all != "" {
				t.Errorf("notes %q, want %q", all, tt.note)
			}
		})
	}
	own := workflow(`[1,2,0,3,0,"IMAGE"]`, node(1, "Load", 0, `["a.png","image"]`), node(2, "Load", 0, `["b.png","image"]`), node(3, "Blur", 0, `[5,"box"]`, "image:IMAGE:1"))
	own = strings.TrimSuffix(own, "}") + `,"extra":{"ue_links":[{"downstream":3,"downstream_slot":0,"upstream":"1","upstream_slot":0,"controller":7,"type":"IMAGE"}]}}`
	if got := inputsOf(t, convert(t, own).Graph); !strings.Contains(got, `3.image=["2",0]`) {
		t.Errorf("a link of the file is replaced: %s", got)
	}
}

// A file that makes much of little is refused before it takes long.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	var nodes, links []string
	const chain, ends = 4000, 2000
	nodes = append(nodes, node(1, "Load", 0, `["a.png"]`))
	for i := 2; i <= chain; i++ {
		nodes = append(nodes, node(i, "Reroute", 0, `[]`, fmt.Sprintf(":*:%d", i)))
		links = append(links, fmt.Sprintf(`[%d,%d,0,%d,0,"*"]`, i, i-1, i))
	}
	for i := chain + 1; i <= chain+ends; i++ {
		nodes = append(nodes, node(i, "Blur", 0, `[1,"box"]`, fmt.Sprintf("image:IMAGE:%d", i)))
		links = append(links, fmt.Sprintf(`[%d,%d,0,%d,0,"IMAGE"]`, i, chain, i))
	}
	_, err := editor.Convert([]byte(workflow(strings.Join(links, ","), nodes...)), editor.Options{Definitions: classes(t)})
	if err == nil || !strings.Contains(err.Error(), "too many nodes that only hand on") {
		t.Errorf("%v", err)
	}
	var nested strings.Builder // each level holds the next one twice
	for i := range 30 {
		fmt.Fprintf(&nested, `,{"id": "u%d", "name": "U", "nodes": [{"id": 1, "type": "u%d"}, {"id": 2, "type": "u%d"}]}`, i, i+1, i+1)
	}
	bomb := `{"nodes": [{"id": 1, "type": "u0"}], "definitions": {"subgraphs": [` + nested.String()[1:] + `]}}`
	if _, err := editor.Convert([]byte(bomb), editor.Options{Definitions: classes(t)}); err == nil || !strings.Contains(err.Error(), "more than 50000 nodes") {
		t.Errorf("%v", err)
	}
}
