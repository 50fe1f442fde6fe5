package workflows_test

import (
	"encoding/json"
	"errors"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// An example is an example_payload: the request of the HTTP API.
type example struct {
	WorkflowID  string                     `json:"workflow_id"`
	CharacterID string                     `json:"character_id"`
	InputImage  string                     `json:"input_image"`
	InputImages []string                   `json:"input_images"`
	Mask        string                     `json:"mask"`
	Inputs      map[string]string          `json:"inputs"`
	Prompt      string                     `json:"prompt"`
	Params      map[string]json.RawMessage `json:"params"`
}

func exampleOf(t *testing.T, w *registry.Workflow) example {
	t.Helper()
	var e example
	dec := json.NewDecoder(strings.NewReader(string(w.ExamplePayload)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		t.Fatalf("%s: example_payload: %v", w.ID, err)
	}
	return e
}

// files lists the pictures that the example names.
func (e example) files() []string {
	var files []string
	for _, f := range append([]string{e.InputImage, e.Mask}, e.InputImages...) {
		if f != "" {
			files = append(files, f)
		}
	}
	for _, f := range e.Inputs {
		files = append(files, f)
	}
	return files
}

// args are the example's values for one run.
func (e example) args() []registry.Arg {
	args := []registry.Arg{}
	text := func(name, s string) {
		if s != "" {
			args = append(args, registry.Arg{Name: name, JSON: comfy.RawString(s), Origin: registry.FromParams})
		}
	}
	text("prompt", e.Prompt)
	text("image", e.InputImage)
	if len(e.InputImages) > 0 {
		text("image", e.InputImages[0])
	}
	text("mask", e.Mask)
	for name, file := range e.Inputs {
		text(name, file)
	}
	for name, v := range e.Params {
		args = append(args, registry.Arg{Name: name, JSON: v, Origin: registry.FromParams})
	}
	return args
}

// bindExample resolves the example and binds it, with the files' own names as
// the server's.
func bindExample(t *testing.T, r *registry.Registry, w *registry.Workflow) (*registry.Call, *comfy.Graph) {
	t.Helper()
	e := exampleOf(t, w)
	var o registry.ResolveOptions
	if e.CharacterID != "" {
		c, err := r.Character(e.CharacterID)
		if err != nil {
			t.Fatal(err)
		}
		o.Character = c
	}
	call, err := w.Resolve(e.args(), o)
	if err != nil {
		t.Fatalf("%s: %v", w.ID, err)
	}
	names := map[string][]string{}
	for _, v := range call.Files() {
		names[v.Param.Name] = v.Texts()
	}
	g, err := call.Bind(names)
	if err != nil {
		t.Fatalf("%s: %v", w.ID, err)
	}
	return call, g
}

func TestExamplesRunAsTheyStand(t *testing.T) {
	t.Parallel()
	r := load(t)
	for _, w := range r.Workflows() {
		t.Run(w.ID, func(t *testing.T) {
			t.Parallel()
			e := exampleOf(t, w)
			if e.WorkflowID != "" && e.WorkflowID != w.ID {
				t.Errorf("the example is for %q", e.WorkflowID)
			}
			for _, f := range e.files() {
				decodeExample(t, f)
			}
			call, g := bindExample(t, r, w)
			if len(call.Notes) > 0 {
				t.Errorf("notes: %q", call.Notes)
			}
			if err := g.Check(); err != nil {
				t.Errorf("bound graph: %v", err)
			}
			for _, id := range g.OfClass("LoadImage") {
				if name, _ := g.Node(id).Inputs.Text("image"); !slices.Contains(e.files(), name) {
					t.Errorf("node %s loads %q, which the example does not give", id, name)
				}
			}
			prompted := e.Prompt == ""
			for _, id := range g.IDs() {
				for _, input := range g.Node(id).Inputs.Names() {
					text, _ := g.Node(id).Inputs.Text(input)
					prompted = prompted || strings.HasSuffix(text, e.Prompt)
				}
			}
			if !prompted {
				t.Errorf("the prompt %q is nowhere in the bound graph", e.Prompt)
			}
		})
	}
}

func decodeExample(t *testing.T, name string) image.Config {
	t.Helper()
	f, err := workflows.FS().Open("examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		t.Fatalf("examples/%s: %v", name, err)
	}
	return c
}

func TestExamplePictures(t *testing.T) {
	t.Parallel()
	portrait, mask := decodeExample(t, "portrait.png"), decodeExample(t, "portrait-mask.png")
	if portrait.Width != mask.Width || portrait.Height != mask.Height {
		t.Errorf("portrait is %dx%d, its mask %dx%d", portrait.Width, portrait.Height, mask.Width, mask.Height)
	}
	if portrait.Width%64 != 0 || portrait.Height%64 != 0 {
		t.Errorf("portrait is %dx%d: not on every model's grid", portrait.Width, portrait.Height)
	}
	total := int64(0)
	err := fs.WalkDir(workflows.FS(), "examples", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 300<<10 {
		t.Errorf("the examples weigh %d bytes in every binary", total)
	}
}

func TestExampleOpensPicturesOnly(t *testing.T) {
	t.Parallel()
	f, err := workflows.Example("seal.png")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for _, name := range []string{"", ".", "..", "nothing.png", "../registry.json", "examples/seal.png", "/seal.png"} {
		if f, err := workflows.Example(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Example(%q) = %v, %v; want fs.ErrNotExist", name, f, err)
		}
	}
}

func TestMilan(t *testing.T) {
	t.Parallel()
	r := load(t)
	w, err := r.Workflow("qwen_single")
	if err != nil {
		t.Fatal(err)
	}
	_, g := bindExample(t, r, w)
	text := func(node, input string) string {
		s, _ := g.Node(node).Inputs.Text(input)
		return s
	}
	raw := func(node, input string) string {
		v, _ := g.Node(node).Inputs.Get(input)
		return string(v)
	}
	got := []string{text("6", "text"), text("7", "text"), text("40", "lora_name"), raw("40", "strength_model"), raw("3", "steps"), raw("3", "denoise")}
	if seed := raw("3", "seed"); len(seed) > 10 || seed == "-1" {
		t.Errorf("the seed %s is not drawn within 2147483647", seed)
	}
	want := []string{"milan, woman with long hair, professional photo", "blurry, extra fingers, watermark", "milan_qwen.safetensors", "0.5", "20", "0.75"}
	if !slices.Equal(got, want) {
		t.Errorf("bound values\n got %q\nwant %q", got, want)
	}
	for _, w := range r.Workflows() { // a character goes with every family
		c, err := r.Character("milan")
		if err != nil {
			t.Fatal(err)
		}
		if w.Parameter("lora") == nil {
			continue // no model to change: upscaling, compositing
		}
		call, err := w.Resolve(exampleOf(t, w).args(), registry.ResolveOptions{Character: c})
		if err != nil {
			t.Errorf("%s with milan: %v", w.ID, err)
			continue
		}
		names := map[string][]string{}
		for _, v := range call.Files() {
			names[v.Param.Name] = v.Texts()
		}
		g, err := call.Bind(names)
		if err != nil {
			t.Errorf("%s with milan: %v", w.ID, err)
			continue
		}
		found := false
		for _, id := range g.IDs() {
			name, _ := g.Node(id).Inputs.Text("lora_name")
			found = found || name == "milan_qwen.safetensors"
		}
		if err := g.Check(); err != nil || !found {
			t.Errorf("%s with milan: LoRA in the graph: %v, %v", w.ID, found, err)
		}
	}
}

// TestWithoutLora: a slot that nobody fills is no part of the graph, a turbo
// LoRA is.
func TestWithoutLora(t *testing.T) {
	t.Parallel()
	r := load(t)
	loaders := map[string]int{"qwen_batch": 0, "qwen_inpaint": 0, "sd_single": 0, "sd_inpaint": 0, "qwen_edit": 1, "wan_video": 2, "ltx_video": 1, "minimax_video": 1}
	for id, want := range loaders {
		w, err := r.Workflow(id)
		if err != nil {
			t.Fatal(err)
		}
		_, g := bindExample(t, r, w)
		got := 0
		for _, node := range g.IDs() {
			if _, ok := g.Node(node).Inputs.Get("lora_name"); ok {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %d LoRA loaders, want %d", id, got, want)
		}
	}
}

func TestTurboOff(t *testing.T) {
	t.Parallel()
	r := load(t)
	want := map[string]map[string]string{ // node.input: value
		"qwen_edit":     {"3.steps": "20", "3.cfg": "4.0"},
		"minimax_video": {"9.steps": "20"},
		"wan_video":     {"86.steps": "20", "85.steps": "20", "86.end_at_step": "10", "85.start_at_step": "10", "86.cfg": "3.5", "85.cfg": "3.5"},
	}
	for id, values := range want {
		w, err := r.Workflow(id)
		if err != nil {
			t.Fatal(err)
		}
		args := append(exampleOf(t, w).args(), registry.Arg{Name: "turbo", Text: "false", Origin: registry.FromFlag})
		call, err := w.Resolve(args, registry.ResolveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		g, err := call.Bind(map[string][]string{"image": {"portrait.png"}})
		if err != nil {
			t.Fatal(err)
		}
		for address, value := range values {
			node, input, _ := strings.Cut(address, ".")
			if got, _ := g.Node(node).Inputs.Get(input); string(got) != value {
				t.Errorf("%s: %s is %s, want %s", id, address, got, value)
			}
		}
		for _, class := range []string{"LoraLoaderModelOnly", "LoraLoader"} {
			if ids := g.OfClass(class); len(ids) > 0 {
				t.Errorf("%s: turbo LoRAs %v are still there", id, ids)
			}
		}
		if err := g.Check(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}
