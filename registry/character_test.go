package registry_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
)

func TestCharacterWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		character      registry.Character
		given          []registry.Arg
		prompt, negate string
	}{
		{"template", registry.Character{Prompt: "milan, {prompt}, photo"}, []registry.Arg{flag("prompt", "at sea")}, "milan, at sea, photo", "ugly"},
		{"template alone", registry.Character{Prompt: "milan, {prompt}"}, nil, "milan", "ugly"},
		{"template without place", registry.Character{Prompt: "milan"}, []registry.Arg{flag("prompt", "at sea")}, "milan, at sea", "ugly"},
		{"template with trigger", registry.Character{Prompt: "photo of {trigger}, {prompt}", Trigger: "m1l"}, []registry.Arg{flag("prompt", "at sea")}, "photo of m1l, at sea", "ugly"},
		{"extended once", registry.Character{Prompt: "milan, {prompt}"}, []registry.Arg{flag("prompt", "milan, at sea")}, "milan, at sea", "ugly"},
		{"trigger first", registry.Character{Trigger: "m1l"}, []registry.Arg{flag("prompt", "at sea")}, "m1l, at sea", "ugly"},
		{"trigger last", registry.Character{Trigger: "m1l", TriggerPosition: "end"}, []registry.Arg{flag("prompt", "at sea")}, "at sea, m1l", "ugly"},
		{"trigger that is there", registry.Character{Trigger: "m1l"}, []registry.Arg{flag("prompt", "at sea with M1L")}, "at sea with M1L", "ugly"},
		{"negative", registry.Character{Negative: "blur"}, []registry.Arg{flag("prompt", "x"), flag("negative", "text")}, "x", "text, blur"},
		{"negative of the graph", registry.Character{Negative: "blur"}, []registry.Arg{flag("prompt", "x")}, "x", "ugly, blur"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := oneWorkflow(t, qwenImage, `"name":"x"`)
			c := mustResolve(t, w, registry.ResolveOptions{Character: &tt.character}, tt.given...)
			p, _ := c.Value("prompt")
			n, _ := c.Value("negative")
			if p.Texts()[0] != tt.prompt || n.Texts()[0] != tt.negate {
				t.Errorf("prompt %s, negative %s", p.JSON, n.JSON)
			}
			if len(tt.given) > 0 && tt.prompt != tt.given[0].Text && (len(p.Given) == 0 || string(p.Given) != `"`+tt.given[0].Text+`"`) {
				t.Errorf("the prompt as given is lost: %s", p.Given)
			}
			g := mustBind(t, c, nil)
			if text, _ := g.Node("6").Inputs.Text("text"); text != tt.prompt {
				t.Errorf("the graph says %q", text)
			}
		})
	}
}

func TestCharacterValues(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, ownersParams)
	c := &registry.Character{
		ID:             "m",
		Loras:          []registry.Lora{{File: "m.safetensors", Strength: "0.9"}},
		Defaults:       []registry.NamedValue{{Name: "steps", JSON: json.RawMessage("24")}, {Name: "fps", JSON: json.RawMessage("24")}},
		ReferenceImage: "d/m.png",
		FS:             fstest.MapFS{"d/m.png": {Data: []byte("picture")}},
	}
	call := mustResolve(t, w, registry.ResolveOptions{Character: c})
	got := map[string]string{}
	for _, name := range []string{"steps", "lora", "lora_strength", "image"} {
		v, _ := call.Value(name)
		got[name] = string(v.JSON)
		if v.Origin != registry.FromCharacter {
			t.Errorf("%s comes from %d", name, v.Origin)
		}
	}
	want := map[string]string{"steps": "24", "lora": `["m.safetensors"]`, "lora_strength": "0.9", "image": `"d/m.png"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	v := call.Files()[0]
	f, err := v.FS.Open(v.Texts()[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if data, _ := io.ReadAll(f); string(data) != "picture" {
		t.Errorf("read %q", data)
	}
	if len(call.Notes) != 1 || !strings.Contains(call.Notes[0], "sets fps, which workflow w does not have") {
		t.Error(call.Notes)
	}
	call = mustResolve(t, w, registry.ResolveOptions{Character: c}, image(), flag("steps", "3"))
	if v, _ := call.Value("image"); v.Texts()[0] != "in.png" || v.FS != nil {
		t.Errorf("the user's picture lost: %+v", v)
	}
	if v, _ := call.Value("steps"); string(v.JSON) != "3" {
		t.Errorf("the user's steps lost: %s", v.JSON)
	}
	c = &registry.Character{ID: "m", Defaults: []registry.NamedValue{{Name: "steps", JSON: json.RawMessage("500")}}}
	bad := problems(t, w, registry.ResolveOptions{Character: c}, image())
	if len(bad) != 1 || bad[0].Message != "character m: Parameter 'steps' above maximum 100" {
		t.Error(bad)
	}
}

// TestCharacterRepeats: a run repeated from its recorded values and its
// character is the same run.
func TestCharacterRepeats(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, ownersParams)
	o := registry.ResolveOptions{Character: &registry.Character{
		ID: "m", Prompt: "milan, {prompt}", Negative: "blur",
		Loras: []registry.Lora{{File: "a", Strength: "0.8"}, {File: "b", Strength: "0.5"}},
	}}
	names := map[string][]string{"image": {"in.png"}}
	first := mustResolve(t, w, o, image(), flag("prompt", "at sea"), flag("lora", "c"))
	var again []registry.Arg
	for _, v := range first.Values {
		again = append(again, registry.Arg{Name: v.Param.Name, JSON: v.JSON, Origin: registry.FromParams})
	}
	second := mustResolve(t, w, o, again...)
	if diff := cmp.Diff(short(mustBind(t, first, names)), short(mustBind(t, second, names))); diff != "" {
		t.Error(diff)
	}
}
