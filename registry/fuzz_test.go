package registry_test

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/seed-7d77cb5c/easel/registry"
)

// FuzzLoad: any file gives a registry or errors that name it, and what loads
// is written back as valid JSON.
func FuzzLoad(f *testing.F) {
	f.Add(ownersEntry, false)
	f.Add("workflows:\n  w: &a\n    workflow_path: g.json\n    configurable_params: {seed: {type: seed, max: 18446744073709551615}}\n", true)
	f.Add(`{"characters":{"m":{"loras":[{"file":"a","strength":1e400}]}}, // c`+"\n}", false)
	f.Add("a: &a [*a]", true)
	f.Fuzz(func(t *testing.T, data string, yaml bool) {
		name := "r.json"
		if yaml {
			name = "r.yaml"
		}
		r, err := registry.Load(registry.Layer{FS: fstest.MapFS{name: {Data: []byte(data)}}, File: name, Display: name})
		if err != nil {
			var fe *registry.FileError
			if !errors.As(err, &fe) || fe.Path != name {
				t.Fatalf("%#v", err)
			}
			return
		}
		for _, w := range r.Workflows() {
			if out, err := json.Marshal(w); err != nil || !json.Valid(out) {
				t.Fatalf("workflow %q: %s, %v", w.ID, out, err)
			}
		}
		for _, c := range r.Characters() {
			if out, err := json.Marshal(c); err != nil || !json.Valid(out) {
				t.Fatalf("character %q: %s, %v", c.ID, out, err)
			}
		}
	})
}

// FuzzCoerce: whatever is given becomes a valid graph or a problem with a name.
func FuzzCoerce(f *testing.F) {
	f.Add("steps", "18446744073709551616", false)
	f.Add("cfg", "1e-999999999", false)
	f.Add("cfg", "-.", false)
	f.Add("tag", "\xff\"", true)
	f.Add("3.steps", "[1]", true)
	f.Add("lora", `["a",null]`, true)
	f.Add("prompt", "null", true)
	w := oneWorkflow(f, qwenImage, ownersParams)
	f.Fuzz(func(t *testing.T, name, value string, asJSON bool) {
		arg := flag(name, value)
		if asJSON {
			arg.JSON = json.RawMessage(value)
		}
		c, err := w.Resolve([]registry.Arg{{Name: "image", Text: "in.png"}, arg}, registry.ResolveOptions{})
		if err != nil {
			var ve *registry.ValuesError
			if !errors.As(err, &ve) || ve.Error() == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		for _, v := range c.Values {
			if !json.Valid(v.JSON) {
				t.Fatalf("%s = %s", v.Param.Name, v.JSON)
			}
		}
		image, _ := c.Value("image")
		g, err := c.Bind(map[string][]string{"image": image.Texts()})
		if err != nil {
			t.Fatal(err)
		}
		if out, err := g.MarshalJSON(); err != nil || !json.Valid(out) {
			t.Fatalf("%s, %v", out, err)
		}
	})
}

// FuzzExpandDynamic: any text ends, and the same seed gives the same text.
func FuzzExpandDynamic(f *testing.F) {
	f.Add("{a|{2$$, $$b|c}} __colour__", uint64(1))
	f.Add(`\{ {3::a|0.5::b} {1-2$$x`, uint64(2))
	f.Add("__loop__ __nested/thing__", uint64(3))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		first, err := registry.ExpandDynamic(text, seed, wildcards)
		second, again := registry.ExpandDynamic(text, seed, wildcards)
		if first != second || (err == nil) != (again == nil) {
			t.Fatalf("%q, %v and %q, %v", first, err, second, again)
		}
	})
}
