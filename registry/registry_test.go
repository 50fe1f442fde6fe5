package registry_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

func file(name, data string) registry.Layer {
	return registry.Layer{Name: "project", FS: fstest.MapFS{name: {Data: []byte(data)}}, File: name, Display: name}
}

// ownersEntry is an entry in the form that the owner's file has, and no more.
const ownersEntry = `{"workflows": {"qwen_single": {
  "id": "qwen_single", "name": "Qwen", "description": "d", "category": "image", "model_family": "qwen",
  "workflow_path": "workflows/qwen/single.json", "supports_batch": false, "max_batch_size": 1,
  "requires_input_image": true, "requires_mask": false,
  "configurable_params": {
    "steps": {"type": "int", "min": 1, "max": 100, "default": 20, "description": "s"},
    "seed": {"type": "int", "min": 0, "max": 18446744073709551615, "default": -1, "description": "s"}},
  "example_payload": {"workflow_id": "qwen_single", "params": {"seed": 18446744073709551615}}}}}`

func TestLoadOwnersEntry(t *testing.T) {
	t.Parallel()
	r, err := registry.Load(file("workflows/registry.json", ownersEntry))
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Workflow("qwen_single")
	if err != nil {
		t.Fatal(err)
	}
	if w.MaxBatchSize != 1 || !w.RequiresInputImage || w.ModelFamily != "qwen" || len(w.Params) != 2 || w.Params[1].Max != "18446744073709551615" {
		t.Errorf("read as %+v", w)
	}
	var want strings.Builder
	entry := strings.TrimSuffix(strings.TrimPrefix(ownersEntry, `{"workflows": {"qwen_single": `), "}}")
	compactInto(t, &want, entry)
	got, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("the entry changed (-want +got):\n%s", diff)
	}
}

func compactInto(t *testing.T, b *strings.Builder, s string) {
	t.Helper()
	inString := false
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			inString = !inString
		}
		if inString || s[i] != ' ' && s[i] != '\n' {
			b.WriteByte(s[i])
		}
	}
}

func TestLoadYAMLEqualsJSON(t *testing.T) {
	t.Parallel()
	r, err := registry.Load(file("registry.yaml", `
# comments are fine
workflows:
  w:
    id: w
    workflow_path: &path g.json
    configurable_params:
      seed: {type: seed, max: 18446744073709551615, default: -1}
      sampler:
        type: enum
        choices: [euler, ddim, 2]
      cfg: {type: float, min: 0.5, max: 1.5e2}
characters:
  milan:
    prompt: |-
      milan, {prompt}
    lora: *path
    lora_strength: 0.8
`))
	if err != nil {
		t.Fatal(err)
	}
	w := r.Workflows()[0]
	if got := string(w.Params[0].Max); got != "18446744073709551615" {
		t.Errorf("max is %s", got)
	}
	if diff := cmp.Diff([]string{"euler", "ddim", "2"}, w.Params[1].Choices); diff != "" {
		t.Error(diff)
	}
	got, _ := json.Marshal(w)
	want := `{"id":"w","workflow_path":"g.json","configurable_params":{"seed":{"type":"seed","max":18446744073709551615,"default":-1},"sampler":{"type":"enum","choices":["euler","ddim",2]},"cfg":{"type":"float","min":0.5,"max":1.5e2}}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	c, err := r.Character("milan")
	if err != nil {
		t.Fatal(err)
	}
	if c.Prompt != "milan, {prompt}" || c.Loras[0] != (registry.Lora{File: "g.json", Strength: "0.8"}) {
		t.Errorf("character: %+v", c)
	}
}

// TestLoadProblems: each bad file gives one error with its place.
func TestLoadProblems(t *testing.T) {
	t.Parallel()
	entry := func(body string) string { return `{"workflows":{"w":{"workflow_path":"g.json",` + body + `}}}` }
	for _, tt := range []struct{ name, file, data, want, hint string }{
		{"syntax", "r.json", "{\n  \"workflows\": {,}\n}", "r.json:2:17: ", ""},
		{"yaml syntax", "r.yaml", "workflows:\n\t- a", "r.yaml:2:1: ", ""},
		{"empty yaml", "r.yaml", "", "r.yaml: the file is empty", ""},
		{"not an object", "r.json", "[]", "r.json:1:1: expected an object", ""},
		{"unknown section", "r.json", `{"workflow":{}}`, `r.json:1:2: unknown key "workflow"`, `did you mean "workflows"?`},
		{"unknown key", "r.json", entry("\n \"catgory\":\"x\""), `r.json:2:2: workflow w: unknown key "catgory"`, `did you mean "category"?`},
		{"unknown parameter key", "r.json", entry(`"configurable_params":{"steps":{"type":"int","maxx":1}}`), `unknown key "maxx"`, `did you mean "max"?`},
		{"unknown type", "r.json", entry(`"configurable_params":{"steps":{"type":"integr"}}`), `unknown type "integr"`, ""},
		{"no type", "r.json", entry(`"configurable_params":{"steps":{}}`), `no type`, ""},
		{"wrong kind", "r.json", entry(`"max_batch_size":"two"`), "max_batch_size: must be a whole number", ""},
		{"twice in one source", "r.json", `{"workflows":{"w":{"workflow_path":"g.json"},` + "\n" + `"w":{"workflow_path":"g.json"}}}`, `r.json:2:1: workflow "w" is there twice, first in line 1`, ""},
		{"id differs", "r.json", entry(`"id":"v"`), `the id "v" differs from the key "w"`, ""},
		{"absolute path", "r.json", `{"workflows":{"w":{"workflow_path":"/etc/g.json"}}}`, "must be relative", ""},
		{"windows path", "r.json", `{"workflows":{"w":{"workflow_path":"C:/g.json"}}}`, "must be relative", ""},
		{"parent path", "r.json", `{"workflows":{"w":{"workflow_path":"a/../../g.json"}}}`, "must not contain ..", ""},
		{"no path", "r.json", `{"workflows":{"w":{}}}`, "no workflow_path", ""},
		{"windows slashes", "r.json", `{"workflows":{"w":{"workflow_path":"a\\b.json"}}}`, "write / between folders", ""},
		{"model without file", "r.json", entry(`"models":[{"folder":"loras"}]`), "a model has a folder and a file", ""},
		{"character LoRA without file", "r.json", `{"characters":{"m":{"lora_strength":1}}}`, "a LoRA has no file", ""},
		{"reference outside", "r.json", `{"characters":{"m":{"reference_image":"../x.png"}}}`, "must not contain ..", ""},
		{"bad pattern", "r.json", entry(`"configurable_params":{"a":{"type":"string","pattern":"("}}`), "not a regular expression", ""},
		{"same flag", "r.json", entry(`"configurable_params":{"a-b":{"type":"int"},"a_b":{"type":"int"}}`), "are one name", ""},
		{"too deep", "r.json", strings.Repeat("[", 100_000), "nested more than", ""},
		{"too large", "r.json", strings.Repeat(" ", 8<<20+1), "larger than 8 MiB", ""},
		{"place behind Windows line ends", "r.yaml", "# c\r\nworkflows:\r\n  # d\r\n\r\n  w:\r\n    workflow_path: g.json\r\n    nam: 1\r\n", "r.yaml:7:5: ", ""},
		{"merge key", "r.yaml", "workflows:\n  w:\n    <<: {a: 1}\n", "merge keys", ""},
		{"empty json", "r.json", " \n", "r.json: the file is empty", ""},
		{"byte order mark alone", "r.yaml", "\xef\xbb\xbf", "r.yaml: the file is empty", ""},
		{"utf-16 that is cut off", "r.json", "\xff\xfe{\x00}", "r.json:1:2: is not UTF-8 text but looks like UTF-16 that is cut off", "save it as UTF-8"},
		{"latin-1", "r.json", "{\n  \"workflows\": {} // caf\xe9 au lait\n}", "r.json:2:25: is not UTF-8 text but looks like Latin-1", "save it as UTF-8"},
		{"id with a space", "r.json", `{"workflows":{"a b":{"workflow_path":"g.json"}}}`, `the id "a b" cannot be typed`, ""},
		{"id like a preset", "r.json", `{"workflows":{"@a":{"workflow_path":"g.json"}}}`, `the id "@a" cannot be typed`, ""},
		{"id like a file", "r.json", `{"workflows":{"../a":{"workflow_path":"g.json"}}}`, `the id "../a" cannot be typed`, ""},
		{"id that drives a terminal", "r.json", `{"workflows":{"\u001b[31m":{"workflow_path":"g.json"}}}`, `cannot be typed`, ""},
		{"empty id", "r.json", `{"workflows":{"":{"workflow_path":"g.json"}}}`, `the id "" cannot be typed`, ""},
		{"parameter like a flag", "r.json", entry(`"configurable_params":{"-a":{"type":"int"}}`), `parameter "-a"`, ""},
		{"octal or decimal", "r.yaml", "workflows:\n  w:\n    workflow_path: g.json\n    max_batch_size: 017\n", "r.yaml:4:21: 017 is another number in YAML 1.1", ""},
		{"missing", "other.json", "", "does not exist", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := file(tt.file, tt.data)
			if tt.name == "missing" {
				l.File = "r.json"
				l.Display = "r.json"
			}
			_, err := registry.Load(l)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q lacks %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one error:\n%v", err)
			}
			var fe *registry.FileError
			if !errors.As(err, &fe) || tt.hint != "" && fe.Hint != tt.hint {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestLoadCollectsAll(t *testing.T) {
	t.Parallel()
	_, err := registry.Load(file("a.json", `{"workflows":{"w":{"nam":"x"}}}`), file("b.json", `{"charcters":{}}`))
	if n := strings.Count(err.Error(), "\n") + 1; n != 3 {
		t.Errorf("%d errors:\n%v", n, err)
	}
}

// Whatever order the tables are read in, problems come in that of the file.
func TestLoadProblemsInFileOrder(t *testing.T) {
	t.Parallel()
	_, err := registry.Load(file("r.json", "{\"workflows\":{\n\"v\":{\n\"nam\":1},\n\"w\":{\"workflow_path\":1}}}"))
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, line[:len("r.json:0:")])
	}
	if diff := cmp.Diff([]string{"r.json:2:", "r.json:3:", "r.json:4:", "r.json:4:"}, lines); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A pipe or a device has no end: it is refused unread.
func TestOnlyFilesAreRead(t *testing.T) {
	t.Parallel()
	pipe := &fstest.MapFile{Mode: fs.ModeNamedPipe}
	if _, err := registry.Load(registry.Layer{Name: "user", FS: fstest.MapFS{"r.json": pipe}, File: "r.json", Display: "r.json"}); err == nil || !strings.Contains(err.Error(), "it is not a file") {
		t.Errorf("a registry: %v", err)
	}
	layer := file("r.json", `{"workflows":{"w":{"workflow_path":"g.json"}}}`)
	layer.FS.(fstest.MapFS)["g.json"] = pipe
	r, err := registry.Load(layer)
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Workflow("w")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Graph(); err == nil || !strings.Contains(err.Error(), "it is not a file") {
		t.Errorf("a graph: %v", err)
	}
}

// An id with a dot is an id; only what cannot be typed is refused.
func TestUnusualIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"flux.1", "портрет", "灯台", "a+b", "é"} {
		r, err := registry.Load(file("r.json", `{"workflows":{"`+id+`":{"workflow_path":"g.json"}}}`))
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if _, err := r.Workflow(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestLayersReplaceInPlace(t *testing.T) {
	t.Parallel()
	first := `{"workflows":{"a":{"workflow_path":"a.json","name":"A","category":"x"},"b":{"workflow_path":"b.json"}}}`
	second := `{"workflows":{"c":{"workflow_path":"c.json"},"a":{"workflow_path":"a2.json"}}}`
	over := file("two.json", second)
	over.Name = "flag"
	r, err := registry.Load(file("one.json", first), over)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range r.Workflows() {
		got = append(got, w.ID+" "+w.Path+" "+w.Category+" "+w.Source.Path)
	}
	want := []string{"a a2.json  two.json", "b b.json  one.json", "c c.json  two.json"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownNamesOfferNearest(t *testing.T) {
	t.Parallel()
	r, err := registry.Load(file("r.json", `{"workflows":{"flux_single":{"workflow_path":"a.json"}},"characters":{"milan":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Workflow("flux_singel")
	var uw *registry.UnknownWorkflowError
	if !errors.As(err, &uw) || !cmp.Equal(uw.Nearest, []string{"flux_single"}) {
		t.Errorf("%#v", err)
	}
	_, err = r.Character("miln")
	var uc *registry.UnknownCharacterError
	if !errors.As(err, &uc) || !cmp.Equal(uc.Nearest, []string{"milan"}) {
		t.Errorf("%#v", err)
	}
}

func TestGraphFileIsFound(t *testing.T) {
	t.Parallel()
	graph := graphJSON(t, fluxCheckpoint)
	entry := `{"workflows":{"w":{"workflow_path":"workflows/flux/g.json"}}}`
	for name, files := range map[string]map[string]string{
		"below the registry's folder":  {"workflows/registry.json": entry, "workflows/workflows/flux/g.json": ""},
		"beside the registry's folder": {"workflows/registry.json": entry, "workflows/flux/g.json": ""},
		"FS rooted at the folder":      {"registry.json": entry, "flux/g.json": ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{}
			l := registry.Layer{FS: fsys}
			for path, data := range files {
				if data == "" {
					fsys[path] = &fstest.MapFile{Data: graph}
				} else {
					fsys[path] = &fstest.MapFile{Data: []byte(data)}
					l.File, l.Display = path, path
				}
			}
			r, err := registry.Load(l)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Workflows()[0].Graph(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestGraphFileProblems(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ data, want string }{
		"missing":   {"", "workflow w: graph file g.json does not exist"},
		"no JSON":   {"{", "graph g.json cannot be used"},
		"UI format": {`{"nodes":[],"links":[]}`, "editor's own file format"},
		"dangling":  {`{"1":{"class_type":"A","inputs":{"x":["2",0]}}}`, "does not exist"},
		"empty":     {`{}`, "no nodes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{"r.json": {Data: []byte(`{"workflows":{"w":{"workflow_path":"g.json"}}}`)}}
			if tt.data != "" {
				fsys["g.json"] = &fstest.MapFile{Data: []byte(tt.data)}
			}
			r, err := registry.Load(registry.Layer{FS: fsys, File: "r.json", Display: "dir/r.json"})
			if err != nil {
				t.Fatal(err) // graphs are read when needed, not before
			}
			w := r.Workflows()[0]
			_, err = w.Parameters()
			var fe *registry.FileError
			if !errors.As(err, &fe) || fe.Path != "dir/r.json" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%#v", err)
			}
			if name == "missing" && !errors.Is(err, fs.ErrNotExist) {
				t.Error("not fs.ErrNotExist")
			}
			if p := w.Check(); len(p) != 1 {
				t.Errorf("Check: %v", p)
			}
		})
	}
}

func TestCharactersFileBesideRegistry(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"d/characters.json": {Data: []byte(`{"characters":{"m":{"loras":[{"file":"a","strength":0.5},{"file":"b","strength_clip":2}],"reference_image":"p.png","defaults":{"steps":9,"seed":18446744073709551615}}}}`)},
	}
	r, err := registry.Load(registry.Layer{FS: fsys, File: "d/registry.json", Display: "x/d/registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	c := r.Characters()[0]
	if c.ReferenceImage != "d/p.png" || c.Source.Path != "x/d/characters.json" || len(c.Loras) != 2 || string(c.Defaults[1].JSON) != "18446744073709551615" {
		t.Errorf("%+v", c)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(graph, entry string) string {
		d, err := oneWorkflow(t, graph, entry).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	base := digest(qwenImage, `"name":"x"`)
	if len(base) != 64 || base != digest(strings.Replace(qwenImage, `filename_prefix="x"`, `filename_prefix="y"`, 1), `"name" : "x"`) {
		t.Error("the digest depends on the save prefix or on spaces")
	}
	if base == digest(qwenImage, `"name":"y"`) || base == digest(strings.Replace(qwenImage, "steps=20", "steps=21", 1), `"name":"x"`) {
		t.Error("the digest misses a change")
	}
}

// TestBuiltIn holds the shipped entries to the rules of `workflows validate`.
func TestBuiltIn(t *testing.T) {
	t.Parallel()
	r, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "built-in registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Workflows() {
		if problems := w.Check(); len(problems) > 0 {
			t.Errorf("%s: %v", w.ID, problems)
		}
	}
	for _, id := range []string{"qwen_single", "qwen_batch", "qwen_inpaint", "qwen_upscale", "flux_single"} {
		if _, err := r.Workflow(id); err != nil {
			t.Error(err)
		}
	}
}
