package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// short writes a graph in the notation of these tests.
func short(g *comfy.Graph) string {
	var b strings.Builder
	for _, id := range g.IDs() {
		n := g.Node(id)
		fmt.Fprintf(&b, "\n%s %s", id, n.Class)
		if n.Title != "" {
			b.WriteString(":" + n.Title)
		}
		for _, name := range n.Inputs.Names() {
			if l, ok := n.Inputs.Link(name); ok {
				fmt.Fprintf(&b, " %s=@%s.%d", name, l.Node, l.Slot)
				continue
			}
			raw, _ := n.Inputs.Get(name)
			fmt.Fprintf(&b, " %s=%s", name, raw)
		}
	}
	return b.String()
}

func mustBind(t *testing.T, c *registry.Call, names map[string][]string) *comfy.Graph {
	t.Helper()
	g, err := c.Bind(names)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Check(); err != nil {
		t.Errorf("the bound graph is broken: %v", err)
	}
	return g
}

// changed lists the lines that binding changed: "-" gone, "+" new.
func changed(before string, g *comfy.Graph) []string {
	old, now := strings.Split(before, "\n"), strings.Split(short(g), "\n")
	var diff []string
	for _, pair := range []struct {
		mark     string
		from, in []string
	}{{"-", old, now}, {"+", now, old}} {
		for _, line := range pair.from {
			if !strings.Contains("\n"+strings.Join(pair.in, "\n")+"\n", "\n"+line+"\n") {
				diff = append(diff, pair.mark+line)
			}
		}
	}
	return diff
}

func TestBindWritesValues(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, ownersParams)
	c := mustResolve(t, w, registry.ResolveOptions{}, image(), flag("prompt", `a "fox"`), flag("steps", "9"), flag("seed", "3"),
		flag("66.shift", "2"), flag("UNETLoader.weight_dtype", "fp8"))
	got := changed(qwenImage, mustBind(t, c, map[string][]string{"image": {"srv/in.png"}}))
	want := []string{
		`-37 UNETLoader unet_name="qwen.safetensors" weight_dtype="default"`,
		`-40 LoraLoaderModelOnly model=@37.0 lora_name="" strength_model=1`,
		`-66 ModelSamplingAuraFlow model=@40.0 shift=3.1`,
		`-10 LoadImage image="example.png"`,
		`-6 CLIPTextEncode clip=@38.0 text=""`,
		`-3 KSampler model=@66.0 positive=@6.0 negative=@7.0 latent_image=@12.0 seed=18446744073709551615 steps=20 cfg=2.5 sampler_name="euler" scheduler="simple" denoise=1.0`,
		`+37 UNETLoader unet_name="qwen.safetensors" weight_dtype="fp8"`,
		`+66 ModelSamplingAuraFlow model=@37.0 shift=2`,
		`+10 LoadImage image="srv/in.png"`,
		`+6 CLIPTextEncode clip=@38.0 text="a \"fox\""`,
		`+3 KSampler model=@66.0 positive=@6.0 negative=@7.0 latent_image=@12.0 seed=3 steps=9 cfg=2.5 sampler_name="euler" scheduler="simple" denoise=0.6`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Bind(nil); err == nil {
		t.Error("bound without the name of the image")
	}
	if g, _ := w.Graph(); short(g) != qwenImage {
		t.Error("binding changed the workflow's own graph")
	}
}

func TestBindForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, graph, params, arg, value, node, input, want string }{
		{"several targets", sdxlRefiner, `"s":{"type":"int","bind":["10.steps","11.steps"]}`, "s", "7", "11", "steps", "7"},
		{"by class", qwenImage, `"s":{"type":"float","bind":"ModelSamplingAuraFlow.shift"}`, "s", "2", "66", "shift", "2"},
		{"by title", strings.Replace(qwenImage, "3 KSampler", "3 KSampler:v1.5", 1), `"s":{"type":"int","bind":"#v1.5.steps"}`, "s", "7", "3", "steps", "7"},
		{"scale to float", upscaleModel, `"f":{"type":"float","bind":{"target":"ImageScaleBy.scale_by","scale":0.25}}`, "f", "3", "15", "scale_by", "0.75"},
		{"scale to whole", qwenImage, `"f":{"type":"float","bind":{"target":"KSampler.steps","scale":10}}`, "f", "2.26", "3", "steps", "23"},
		{"scale of a tenth is exact", qwenImage, `"f":{"type":"int","bind":{"target":"KSampler.cfg","scale":0.1}}`, "f", "3", "3", "cfg", "0.3"},
		{"map", qwenImage, `"q":{"type":"enum","choices":["fast","fine"],"bind":{"target":"KSampler.steps","map":{"fast":4,"fine":40}}}`, "q", "fine", "3", "steps", "40"},
		{"numeric choice", qwenImage, `"q":{"type":"enum","choices":["4","8"],"bind":"KSampler.steps"}`, "q", "8", "3", "steps", "8"},
		{"width of a size", fluxCheckpoint, `"size":{"type":"size"}`, "size", "640x480", "27", "width", "640"},
		{"height of a size", fluxCheckpoint, `"size":{"type":"size"}`, "size", "640x480", "27", "height", "480"},
		{"switch off", qwenImage, `"on":{"type":"bool","default":true,"bind":{"target":"ModelSamplingAuraFlow","switch":true}}`, "on", "false", "3", "model", `["40",0]`},
		{"switch on", qwenImage, `"on":{"type":"bool","bind":{"target":"ModelSamplingAuraFlow","switch":true}}`, "on", "true", "3", "model", `["66",0]`},
		{"overwrites a link", primitives, `"s":{"type":"int","bind":"KSampler.seed"}`, "s", "9", "3", "seed", "9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := oneWorkflow(t, tt.graph, `"configurable_params":{`+tt.params+`}`)
			if p := w.Check(); len(p) > 0 {
				t.Errorf("Check: %v", p)
			}
			g := mustBind(t, mustResolve(t, w, registry.ResolveOptions{}, flag(tt.arg, tt.value)), nil)
			raw, _ := g.Node(tt.node).Inputs.Get(tt.input)
			if string(raw) != tt.want {
				t.Errorf("%s.%s = %s, want %s", tt.node, tt.input, raw, tt.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, graph, entry, want string }{
		{"dead class", qwenImage, `"configurable_params":{"s":{"type":"int","bind":"KSamplr.steps"}}`, `binding "KSamplr.steps" is dead`},
		{"dead input names the nearest", qwenImage, `"configurable_params":{"s":{"type":"int","bind":"KSampler.stepz"}}`, "nearest: KSampler.steps"},
		{"ambiguous class", qwenImage, `"configurable_params":{"s":{"type":"text","bind":"CLIPTextEncode.text"}}`, "6.text (CLIPTextEncode), 7.text (CLIPTextEncode)"},
		{"inferred ambiguous", qwenImage, `"configurable_params":{"text":{"type":"text"}}`, "it is ambiguous"},
		{"dead by name", fluxCheckpoint, `"configurable_params":{"mask":{"type":"mask"}}`, "loads no mask"},
		{"default above", qwenImage, `"configurable_params":{"steps":{"type":"int","max":5,"default":9}}`, "the default 9 does not fit: Parameter 'steps' above maximum 5"},
		{"default type", qwenImage, `"configurable_params":{"steps":{"type":"int","default":"many"}}`, "must be int"},
		{"default not a choice", qwenImage, `"configurable_params":{"sampler":{"type":"enum","choices":["a"],"default":"b"}}`, "has no choice 'b'"},
		{"limits crossed", qwenImage, `"configurable_params":{"steps":{"type":"int","min":5,"max":1}}`, "minimum 5 is above maximum 1"},
		{"step backwards", qwenImage, `"configurable_params":{"steps":{"type":"int","step":-0.5}}`, "step -0.5 is not above 0"},
		{"no step at all", qwenImage, `"configurable_params":{"steps":{"type":"int","step":0}}`, "step 0 is not above 0"},
		{"enum without choices", qwenImage, `"configurable_params":{"sampler":{"type":"enum"}}`, "needs choices"},
		{"model without folder", qwenImage, `"configurable_params":{"vae":{"type":"model"}}`, "needs a folder"},
		{"switch of another type", qwenImage, `"configurable_params":{"s":{"type":"int","bind":{"target":"66","switch":true}}}`, "needs the type bool"},
		{"no image", fluxCheckpoint, `"requires_input_image":true`, "requires_input_image: the graph loads no picture"},
		{"no mask", qwenImage, `"requires_mask":true`, "requires_mask: "},
		{"batch without image", fluxCheckpoint, `"supports_batch":true`, "supports_batch: "},
		{"no output", strings.Replace(fluxCheckpoint, "9 SaveImage", "9 SinkImage", 1)[:strings.LastIndex(fluxCheckpoint, "filename")-1], `"name":"x"`, "no node that saves"},
		{"two outputs", fluxCheckpoint + "\n" + `10 SaveImage images=@8.0 filename_prefix="y"`, `"name":"x"`, "more than one output: nodes 9, 10"},
		{"output unknown", fluxCheckpoint, `"output":"77"`, `output "77"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := oneWorkflow(t, tt.graph, tt.entry).Check()
			if len(got) != 1 || !strings.Contains(got[0].Message, tt.want) {
				t.Errorf("%+v, want %q", got, tt.want)
			}
		})
	}
	t.Run("a declared output settles it", func(t *testing.T) {
		t.Parallel()
		w := oneWorkflow(t, fluxCheckpoint+"\n"+`10 SaveImage images=@8.0 filename_prefix="y"`, `"output":"10"`)
		if got := w.Check(); len(got) > 0 {
			t.Error(got)
		}
		if ids, _ := w.Outputs(); !cmp.Equal(ids, []string{"10"}) {
			t.Error(ids)
		}
	})
}

func TestOptionalPictures(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenEdit, `"configurable_params":{"image2":{"type":"image"}}`)
	g := mustBind(t, mustResolve(t, w, registry.ResolveOptions{}, image()), map[string][]string{"image": {"a"}})
	if g.Node("79") != nil || strings.Contains(short(g), "image2") {
		t.Errorf("the second picture was not given, yet:%s", short(g))
	}
	w = oneWorkflow(t, qwenEdit, `"configurable_params":{"images":{"type":"list<image>","bind":["78.image","79.image"]}}`)
	two := mustResolve(t, w, registry.ResolveOptions{}, flag("images", "a"), flag("images", "b"))
	g = mustBind(t, two, map[string][]string{"images": {"A", "B"}})
	if s := short(g); !strings.Contains(s, `78 LoadImage image="A"`) || !strings.Contains(s, `79 LoadImage image="B"`) {
		t.Error(s)
	}
	one := mustResolve(t, w, registry.ResolveOptions{}, flag("images", "a"))
	if g = mustBind(t, one, map[string][]string{"images": {"A"}}); g.Node("79") != nil {
		t.Error("the second loader is still there")
	}
	bad := problems(t, w, registry.ResolveOptions{}, api("images", `["a","b","c"]`))
	if len(bad) != 1 || bad[0].Message != "Parameter 'images' takes at most 2 file(s)" {
		t.Error(bad)
	}
	bad = problems(t, w, registry.ResolveOptions{}, api("images", `[]`))
	if len(bad) != 1 || bad[0].Message != "Parameter 'images' is required" {
		t.Error(bad)
	}
	if got := two.FileTargets("images"); len(got) != 2 || got[1] != (comfy.Target{Node: "79", Input: "image"}) {
		t.Error(got)
	}
}

// TestNoFilesAreNotGiven: an empty list of files, given or as the registry's own
// default, leaves the loader out like a file that was not given.
func TestNoFilesAreNotGiven(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		standard string
		args     []registry.Arg
	}{
		"given":       {"", []registry.Arg{image(), api("refs", "[]")}},
		"given alone": {"", []registry.Arg{image(), flag("refs", "")}},
		"default":     {`,"default":[]`, []registry.Arg{image()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := oneWorkflow(t, qwenEdit, `"configurable_params":{"refs":{"type":"list<image>","bind":"79.image"`+tt.standard+`}}`)
			c := mustResolve(t, w, registry.ResolveOptions{}, tt.args...)
			if _, given := c.Value("refs"); given || len(c.Files()) != 1 {
				t.Errorf("files %v", c.Files())
			}
			if g := mustBind(t, c, map[string][]string{"image": {"a"}}); g.Node("79") != nil {
				t.Error("the loader is still there")
			}
		})
	}
}

// TestEmptyListsOfTexts: a character's words stand alone in a prompt of none.
func TestEmptyListsOfTexts(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, `"configurable_params":{"prompt":{"type":"list<text>","default":[]},"lora":{"type":"list<model>","default":[]}}`)
	c := mustResolve(t, w, registry.ResolveOptions{Character: &registry.Character{ID: "milan", Trigger: "milan"}}, image())
	if v, _ := c.Value("prompt"); string(v.JSON) != `["milan"]` || string(v.Given) != "[]" {
		t.Errorf("prompt %s, given %s", v.JSON, v.Given)
	}
}

// TestLeftOut takes nodes out that nothing can pass through.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	scaled := strings.ReplaceAll(qwenEdit, "image2=@79.0", "image2=@80.0") + "\n80 ImageScaleBy image=@79.0 upscale_method=\"area\" scale_by=0.5"
	w := oneWorkflow(t, scaled, `"configurable_params":{"image2":{"type":"image"}}`)
	s := short(mustBind(t, mustResolve(t, w, registry.ResolveOptions{}), nil))
	if strings.Contains(s, "\n79 ") || strings.Contains(s, "\n80 ") || strings.Contains(s, "image2") {
		t.Error(s)
	}
	w = oneWorkflow(t, qwenEdit, `"configurable_params":{"second":{"type":"bool","bind":{"target":"79","switch":true}}}`)
	s = short(mustBind(t, mustResolve(t, w, registry.ResolveOptions{}, flag("second", "no")), nil))
	if strings.Contains(s, "\n79 ") || strings.Contains(s, "image2") {
		t.Error(s)
	}
}

func TestMaskChannels(t *testing.T) {
	t.Parallel()
	for loader, want := range map[string]string{
		"21 LoadImageMask image=\"m\" channel=\"alpha\"\n22 VAEEncodeForInpaint pixels=@20.0 vae=@4.2 mask=@21.0":                         "alpha",
		"21 LoadImage image=\"m\"\n22 VAEEncodeForInpaint pixels=@20.0 vae=@4.2 mask=@21.1":                                               "alpha",
		"21 LoadImage image=\"m\"\n23 ImageToMask image=@21.0 channel=\"green\"\n22 VAEEncodeForInpaint pixels=@20.0 vae=@4.2 mask=@23.0": "green",
	} {
		before, rest, _ := strings.Cut(maskFile, "21 LoadImageMask")
		_, after, _ := strings.Cut(rest, "grow_mask_by=6")
		w := oneWorkflow(t, before+loader+after, `"requires_mask":true`)
		p := w.Parameter("mask")
		if p == nil || p.ViaAlpha || p.Channel != want || !p.Required || len(p.Targets) != 1 || p.Targets[0].Node != "21" {
			t.Errorf("%s: %+v", loader, p)
		}
	}
}

func TestLoras(t *testing.T) {
	t.Parallel()
	two := &registry.Character{ID: "m", Loras: []registry.Lora{{File: "a", Strength: "0.8"}, {File: "b", Strength: "0.5", StrengthClip: "0.25"}}}
	slot := `"configurable_params":{"lora_strength":{"type":"float","default":1.0}}`
	for _, tt := range []struct {
		name, graph, entry string
		character          *registry.Character
		args               []registry.Arg
		want               []string // lines of LoRA loaders and model consumers
	}{
		{"slot left out", qwenImage, slot, nil, nil, []string{"66 ModelSamplingAuraFlow model=@37.0 shift=3.1"}},
		{"slot filled by name", qwenImage, slot, nil, []registry.Arg{flag("lora", "x")}, []string{
			`40 LoraLoaderModelOnly model=@37.0 lora_name="x" strength_model=1.0`, "66 ModelSamplingAuraFlow model=@40.0 shift=3.1",
		}},
		{"slot filled with strength", qwenImage, slot, nil, []registry.Arg{flag("lora", "x"), flag("lora-strength", "0.3")}, []string{
			`40 LoraLoaderModelOnly model=@37.0 lora_name="x" strength_model=0.3`, "66 ModelSamplingAuraFlow model=@40.0 shift=3.1",
		}},
		{"the character's two chain", qwenImage, slot, two, nil, []string{
			`40 LoraLoaderModelOnly model=@37.0 lora_name="a" strength_model=0.8`, "66 ModelSamplingAuraFlow model=@67.0 shift=3.1",
			`67 LoraLoaderModelOnly model=@40.0 lora_name="b" strength_model=0.5`,
		}},
		{"the user's strength wins", qwenImage, slot, two, []registry.Arg{flag("lora_strength", "0.1"), flag("lora", "c")}, []string{
			`40 LoraLoaderModelOnly model=@37.0 lora_name="a" strength_model=0.1`, "66 ModelSamplingAuraFlow model=@68.0 shift=3.1",
			`67 LoraLoaderModelOnly model=@40.0 lora_name="b" strength_model=0.1`,
			`68 LoraLoaderModelOnly model=@67.0 lora_name="c" strength_model=0.1`,
		}},
		{"an undeclared loader stays", qwenImage, `"name":"x"`, nil, nil, []string{
			`40 LoraLoaderModelOnly model=@37.0 lora_name="" strength_model=1`, "66 ModelSamplingAuraFlow model=@40.0 shift=3.1",
		}},
		{"inserted with text encoder", hiresFix, `"name":"x"`, two, nil, []string{
			`14 LoraLoader model=@4.0 lora_name="a" strength_model=0.8 clip=@4.1 strength_clip=0.8`,
			`15 LoraLoader model=@14.0 lora_name="b" strength_model=0.5 clip=@14.1 strength_clip=0.25`,
		}},
		{"inserted on the model only", fluxCustom, `"name":"x"`, nil, []registry.Arg{flag("lora", "x")}, []string{
			`31 LoraLoaderModelOnly model=@12.0 lora_name="x" strength_model=1`,
		}},
		{"a speed LoRA stays", qwenEdit, `"name":"x"`, nil, []registry.Arg{flag("lora", "x")}, []string{
			`140 LoraLoaderModelOnly model=@144.0 lora_name="Qwen-Image-Edit-2509-Lightning-4steps-V1.0-bf16.safetensors" strength_model=1`,
			`144 LoraLoaderModelOnly model=@127.0 lora_name="x" strength_model=1`,
			"131 ModelSamplingAuraFlow model=@140.0 shift=3",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := oneWorkflow(t, tt.graph, tt.entry)
			c := mustResolve(t, w, registry.ResolveOptions{Character: tt.character}, tt.args...)
			g := mustBind(t, c, nil)
			var got []string
			for line := range strings.SplitSeq(short(g), "\n") {
				if strings.Contains(line, "Lora") || strings.Contains(line, "AuraFlow") {
					got = append(got, line)
				}
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("every consumer is moved", func(t *testing.T) {
		t.Parallel()
		w := oneWorkflow(t, hiresFix, `"name":"x"`)
		s := short(mustBind(t, mustResolve(t, w, registry.ResolveOptions{}, flag("lora", "x")), nil))
		if strings.Count(s, "model=@14.0") != 2 || strings.Count(s, "clip=@14.1") != 2 || !strings.Contains(s, "vae=@4.2") {
			t.Error(s)
		}
	})
	t.Run("a strength without LoRA is a note", func(t *testing.T) {
		t.Parallel()
		c := mustResolve(t, oneWorkflow(t, qwenImage, slot), registry.ResolveOptions{}, flag("lora-strength", "0.4"))
		if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "no LoRA is named") {
			t.Error(c.Notes)
		}
	})
	t.Run("a setting of a loader that is left out is a note", func(t *testing.T) {
		t.Parallel()
		c := mustResolve(t, oneWorkflow(t, qwenImage, slot), registry.ResolveOptions{}, flag("40.lora_name", "x"))
		if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "40.lora_name has no effect") {
			t.Error(c.Notes)
		}
	})
	t.Run("what is set by its address too is a note", func(t *testing.T) {
		t.Parallel()
		w := oneWorkflow(t, qwenImage, slot)
		for _, tt := range []struct {
			note string // in part; "" = none
			args []registry.Arg
		}{
			{"LoRA a has no effect on node 40: 40.lora_name sets its lora_name to \"b\"", []registry.Arg{flag("lora", "a"), flag("40.lora_name", "b")}},
			{"lora_strength has no effect on node 40", []registry.Arg{flag("lora", "a"), flag("lora-strength", "0.4"), flag("40.strength_model", "0.3")}},
			{"seed has no effect on node 3: KSampler.seed sets its seed to 8", []registry.Arg{flag("seed", "7"), flag("KSampler.seed", "8")}},
			{"", []registry.Arg{flag("lora", "a"), flag("40.strength_model", "0.3")}},
			{"", []registry.Arg{flag("lora", "a"), flag("KSampler.denoise", "0.3")}},
		} {
			c := mustResolve(t, w, registry.ResolveOptions{}, tt.args...)
			if tt.note == "" && len(c.Notes) > 0 || tt.note != "" && (len(c.Notes) != 1 || !strings.Contains(c.Notes[0], tt.note)) {
				t.Errorf("notes %q, want %q", c.Notes, tt.note)
			}
		}
	})
	t.Run("a binding names the slot among several", func(t *testing.T) {
		t.Parallel()
		graph := strings.Replace(qwenImage, "66 ModelSamplingAuraFlow model=@40.0", "41 LoraLoaderModelOnly:Style model=@40.0 lora_name=\"style\" strength_model=1\n66 ModelSamplingAuraFlow model=@41.0", 1)
		w := oneWorkflow(t, graph, `"configurable_params":{"lora_strength":{"type":"float","bind":"40.strength_model"}}`)
		s := short(mustBind(t, mustResolve(t, w, registry.ResolveOptions{}, flag("lora", "x"), flag("lora_strength", "0.5")), nil))
		if !strings.Contains(s, `40 LoraLoaderModelOnly model=@37.0 lora_name="x" strength_model=0.5`) || !strings.Contains(s, `lora_name="style" strength_model=1`) {
			t.Error(s)
		}
		s = short(mustBind(t, mustResolve(t, w, registry.ResolveOptions{}), nil))
		if strings.Contains(s, "\n40 ") || !strings.Contains(s, `41 LoraLoaderModelOnly:Style model=@37.0`) {
			t.Error(s)
		}
	})
	t.Run("impossible says why", func(t *testing.T) {
		t.Parallel()
		w := oneWorkflow(t, upscaleModel, `"name":"x"`)
		got := problems(t, w, registry.ResolveOptions{Character: two})
		if len(got) != 1 || !strings.Contains(got[0].Message, "cannot take the LoRA of character m: the graph has no sampler") {
			t.Error(got)
		}
		got = problems(t, w, registry.ResolveOptions{}, flag("lora", "x"))
		if len(got) != 1 || !strings.Contains(got[0].Hint, "the graph has no sampler") {
			t.Error(got)
		}
	})
	t.Run("two models are told", func(t *testing.T) {
		t.Parallel()
		c := mustResolve(t, oneWorkflow(t, sdxlRefiner, `"name":"x"`), registry.ResolveOptions{}, flag("lora", "x"))
		if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "node 4 (CheckpointLoaderSimple) only, not that of node 12") {
			t.Error(c.Notes)
		}
	})
	t.Run("complaints find their way back", func(t *testing.T) {
		t.Parallel()
		w := oneWorkflow(t, fluxCustom, `"configurable_params":{"steps":{"type":"int"}}`)
		c := mustResolve(t, w, registry.ResolveOptions{}, flag("lora", "x"), flag("steps", "3"))
		for _, tt := range []struct{ node, input, want string }{
			{"31", "lora_name", "lora"}, {"31", "strength_model", "lora_strength"}, {"17", "steps", "steps"}, {"6", "t5xxl", "prompt"}, {"10", "vae_name", ""},
		} {
			p, ok := c.Explain(tt.node, tt.input)
			if ok != (tt.want != "") || ok && p.Name != tt.want {
				t.Errorf("%s.%s is explained by %v", tt.node, tt.input, p)
			}
		}
	})
}

// BenchmarkBind binds a graph of 500 nodes; the goal is under 1 ms.
func BenchmarkBind(b *testing.B) {
	var s strings.Builder
	s.WriteString(strings.TrimSpace(qwenImage))
	for i := range 488 {
		fmt.Fprintf(&s, "\n%d ImageScaleBy image=@%d.0 upscale_method=\"lanczos\" scale_by=0.5", 1000+i, max(8, 999+i*min(i, 1)))
	}
	text := strings.Replace(s.String(), "image=@999.0", "image=@8.0", 1)
	w := oneWorkflow(b, text, ownersParams)
	c, err := w.Resolve([]registry.Arg{image(), flag("prompt", "a fox"), flag("lora", "x"), flag("lora", "y")}, registry.ResolveOptions{})
	if err != nil {
		b.Fatal(err)
	}
	if g, _ := w.Graph(); g.Len() != 500 {
		b.Fatalf("%d nodes", g.Len())
	}
	names := map[string][]string{"image": {"a.png"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Bind(names); err != nil {
			b.Fatal(err)
		}
	}
}
