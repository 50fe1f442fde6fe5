package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed-7d77cb5c/easel/registry"
)

const ownersParams = `"requires_input_image":true,"configurable_params":{
 "steps":{"type":"int","min":1,"max":100,"default":20},
 "cfg":{"type":"float","min":0,"max":20,"default":2.5},
 "denoise":{"type":"float","min":0,"max":1,"default":0.6},
 "lora_strength":{"type":"float","min":0,"max":2,"default":1.0},
 "seed":{"type":"int","min":-1,"default":-1},
 "sampler":{"type":"enum","choices":["euler","dpmpp_2m","ddim"],"bind":"KSampler.sampler_name"},
 "tag":{"type":"string","max_length":4,"pattern":"[a-z]*","bind":"SaveImage.filename_prefix"}}`

func flag(name, text string) registry.Arg {
	return registry.Arg{Name: name, Text: text, Origin: registry.FromFlag}
}

func api(name, value string) registry.Arg {
	return registry.Arg{Name: name, JSON: json.RawMessage(value), Origin: registry.FromParams}
}

func image() registry.Arg { return flag("image", "in.png") }

func lowest(lo, _ uint64) uint64  { return lo }
func highest(_, hi uint64) uint64 { return hi }

func mustResolve(t *testing.T, w *registry.Workflow, o registry.ResolveOptions, args ...registry.Arg) *registry.Call {
	t.Helper()
	c, err := w.Resolve(args, o)
	if err != nil {
		var ve *registry.ValuesError
		if errors.As(err, &ve) {
			t.Fatalf("%+v", ve.Problems)
		}
		t.Fatal(err)
	}
	return c
}

func problems(t *testing.T, w *registry.Workflow, o registry.ResolveOptions, args ...registry.Arg) []registry.Problem {
	t.Helper()
	_, err := w.Resolve(args, o)
	var ve *registry.ValuesError
	if !errors.As(err, &ve) {
		t.Fatalf("error %v, want a ValuesError", err)
	}
	return ve.Problems
}

// A secret in the name of a file would be written into every record.
func TestAddressWithAPasswordIsRefused(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, ownersParams)
	for _, arg := range []registry.Arg{
		flag("image", "https://anna:hunter2@host/a.png"), flag("image", "https://token@host/a.png"), api("image", `"http://anna:hunter2@host/a.png"`),
	} {
		for _, p := range problems(t, w, registry.ResolveOptions{}, arg) {
			if !strings.Contains(p.Message, "user or password") || strings.Contains(fmt.Sprint(p), "hunter2") {
				t.Errorf("%+v", p)
			}
		}
	}
	mustResolve(t, w, registry.ResolveOptions{}, flag("image", "https://host/a@b.png?x=1"))
	mustResolve(t, w, registry.ResolveOptions{}, flag("image", "a@b.png"))
}

func TestResolveProblems(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, ownersParams)
	for _, tt := range []struct {
		arg           registry.Arg
		want, allowed string
		nearest       []string
	}{
		{flag("steps", "0"), "Parameter 'steps' below minimum 1", "1 to 100", nil},
		{flag("steps", "101"), "Parameter 'steps' above maximum 100", "1 to 100", nil},
		{flag("steps", "99999999999999999999"), "Parameter 'steps' above maximum 100", "1 to 100", nil},
		{flag("steps", "many"), "Parameter 'steps' must be int", "1 to 100", nil},
		{flag("steps", "1e1"), "Parameter 'steps' must be int", "1 to 100", nil},
		{flag("steps", "2.0"), "Parameter 'steps' must be int", "1 to 100", nil},
		{flag("steps", ""), "Parameter 'steps' must be int", "1 to 100", nil},
		{flag("steps", "0x10"), "Parameter 'steps' must be int", "1 to 100", nil},
		{api("steps", "true"), "Parameter 'steps' must be int", "1 to 100", nil},
		{api("steps", "2.5"), "Parameter 'steps' must be int", "1 to 100", nil},
		{api("steps", "[1]"), "Parameter 'steps' must be int", "1 to 100", nil},
		{api("steps", "{"), "Parameter 'steps' must be JSON", "1 to 100", nil},
		{flag("cfg", "NaN"), "Parameter 'cfg' must be float", "0 to 20", nil},
		{flag("cfg", "1e999999999"), "Parameter 'cfg' must be a number of usual size", "0 to 20", nil},
		{flag("cfg", "20.000000000000000000001"), "Parameter 'cfg' above maximum 20", "0 to 20", nil},
		{flag("seed", "18446744073709551616"), "Parameter 'seed' above maximum 18446744073709551615", "at least -1", nil},
		{flag("seed", "-2"), "Parameter 'seed' below minimum -1", "at least -1", nil},
		{flag("sampler", "eular"), "Parameter 'sampler' has no choice 'eular'", "euler, dpmpp_2m, ddim", []string{"euler"}},
		{flag("tag", "abcde"), "Parameter 'tag' longer than 4 characters", "", nil},
		{flag("tag", "A"), "Parameter 'tag' does not match [a-z]*", "", nil},
		{flag("prompt", "caf\xe9"), "Parameter 'prompt' must be UTF-8 text", "", nil},
		{flag("6.text", "caf\xe9"), "Graph input '6.text' must be UTF-8 text", "", nil},
		{flag("stesp", "1"), "Parameter 'stesp' not supported", "", []string{"steps"}},
		{flag("mask", "m.png"), "Parameter 'mask' not supported", "", nil},
		{api("prompt", "3"), "Parameter 'prompt' must be text", "", nil},
		{flag("KSampler.stesp", "3"), "Unknown graph input 'KSampler.stesp'", "", []string{"KSampler.steps"}},
		{flag("KSampler.steps", "many"), "Graph input 'KSampler.steps' must be a number", "", nil},
		{flag("CLIPTextEncode.text", "x"), "Graph input 'CLIPTextEncode.text' is ambiguous", "", []string{"6.text", "7.text"}},
	} {
		t.Run(tt.arg.Name+"="+tt.arg.Text+string(tt.arg.JSON), func(t *testing.T) {
			t.Parallel()
			got := problems(t, w, registry.ResolveOptions{}, image(), tt.arg)
			if len(got) != 1 || got[0].Message != tt.want || got[0].Allowed != tt.allowed {
				t.Errorf("got %+v, want %q allowed %q", got, tt.want, tt.allowed)
			}
			if len(tt.nearest) > 0 && (len(got[0].Nearest) == 0 || got[0].Nearest[0] != tt.nearest[0]) {
				t.Errorf("nearest %v, want %v", got[0].Nearest, tt.nearest)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		got := problems(t, w, registry.ResolveOptions{}, flag("steps", "0"), flag("cfg", "x"), flag("nope", ""))
		var messages []string
		for _, p := range got {
			messages = append(messages, p.Message)
		}
		want := []string{"Parameter 'nope' not supported", "Parameter 'steps' below minimum 1", "Parameter 'cfg' must be float", "Parameter 'image' is required"}
		if diff := cmp.Diff(want, messages); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCoercion(t *testing.T) {
	t.Parallel()
	const params = `"configurable_params":{
	 "n":{"type":"int","bind":"KSampler.steps"}, "f":{"type":"float","bind":"KSampler.cfg"},
	 "b":{"type":"bool","bind":"KSampler.denoise"}, "s":{"type":"string","bind":"KSampler.scheduler"},
	 "ns":{"type":"list<int>","bind":"KSampler.seed"}, "fs":{"type":"list<image>","bind":["LoadImage.image","VAEEncode.pixels"]},
	 "e":{"type":"enum","choices":["1","2"],"bind":"VAEEncode.vae"}, "wh":{"type":"size","bind":"UNETLoader.unet_name"}}`
	w := oneWorkflow(t, qwenImage, params)
	for _, tt := range []struct {
		arg  registry.Arg
		want string
	}{
		{flag("n", "+7"), "7"},
		{flag("n", "-0"), "0"},
		{api("n", `"18446744073709551615"`), "18446744073709551615"},
		{flag("f", ".5"), "0.5"},
		{flag("f", "1e3"), "1e3"},
		{api("f", `"2.50"`), "2.50"},
		{flag("b", "yes"), "true"},
		{flag("b", "0"), "false"},
		{api("b", "true"), "true"},
		{flag("s", `a "quote" <b>`), `"a \"quote\" <b>"`},
		{flag("ns", "1, 2,3"), "[1,2,3]"},
		{api("ns", "[1,\"2\"]"), "[1,2]"},
		{flag("fs", "a,b.png"), `["a,b.png"]`}, // names may hold commas
		{api("fs", `["a.png","b.png"]`), `["a.png","b.png"]`},
		{api("e", "2"), `"2"`},
		{flag("wh", "1024X768"), `"1024x768"`},
	} {
		t.Run(tt.arg.Name+"="+tt.arg.Text+string(tt.arg.JSON), func(t *testing.T) {
			t.Parallel()
			picture := registry.Arg{Name: "fs", Text: "in.png", Origin: registry.FromPlan}
			v, _ := mustResolve(t, w, registry.ResolveOptions{}, picture, tt.arg).Value(tt.arg.Name)
			if string(v.JSON) != tt.want {
				t.Errorf("%s, want %s", v.JSON, tt.want)
			}
		})
	}
	t.Run("repetition makes a list", func(t *testing.T) {
		t.Parallel()
		v, _ := mustResolve(t, w, registry.ResolveOptions{}, api("fs", `["z"]`), flag("fs", "a"), flag("fs", "b")).Value("fs")
		if string(v.JSON) != `["a","b"]` {
			t.Errorf("%s", v.JSON)
		}
	})
}

func TestSizeProblems(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, fluxCheckpoint, `"configurable_params":{"size":{"type":"size","min":64,"max":2048}}`)
	for given, want := range map[string]string{
		"big":       "Parameter 'size' must be WIDTHxHEIGHT in pixels, like 1024x768",
		"1024":      "Parameter 'size' must be WIDTHxHEIGHT in pixels, like 1024x768",
		"0x10":      "Parameter 'size' must be WIDTHxHEIGHT in pixels, like 1024x768",
		"32x1024":   "Parameter 'size' below minimum 64",
		"1024x4096": "Parameter 'size' above maximum 2048",
	} {
		if got := problems(t, w, registry.ResolveOptions{}, flag("size", given)); len(got) != 1 || got[0].Message != want {
			t.Errorf("%s: %+v", given, got)
		}
	}
	if w.Parameter("width") != nil {
		t.Error("size does not cover width")
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, ownersParams)
	origins := []registry.Origin{registry.FromPlan, registry.FromPreset, registry.FromParams, registry.FromSet, registry.FromFlag, registry.FromSweep, registry.FromRow}
	character := &registry.Character{ID: "m", Defaults: []registry.NamedValue{{Name: "steps", JSON: json.RawMessage("11")}}}
	// Given from strongest to weakest, so that order alone cannot be right.
	for n := range len(origins) + 1 {
		args := []registry.Arg{image()}
		want := "11"
		for i := n - 1; i >= 0; i-- {
			args = append(args, registry.Arg{Name: "steps", Text: strconv.Itoa(20 + i), Origin: origins[i]})
			want = strconv.Itoa(20 + n - 1)
		}
		v, _ := mustResolve(t, w, registry.ResolveOptions{Character: character}, args...).Value("steps")
		if string(v.JSON) != want {
			t.Errorf("with %d origins: %s, want %s", n, v.JSON, want)
		}
	}
	v, _ := mustResolve(t, w, registry.ResolveOptions{}, image(), flag("steps", "1"), flag("steps", "2")).Value("steps")
	if string(v.JSON) != "2" {
		t.Errorf("the last of equals is %s", v.JSON)
	}
	v, _ = mustResolve(t, w, registry.ResolveOptions{}, image(), api("steps", "null")).Value("steps")
	if string(v.JSON) != "20" || v.Origin != registry.FromDefault {
		t.Errorf("null is not 'not given': %s", v.JSON)
	}
}

func TestValuesFollowParameters(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, ownersParams)
	c := mustResolve(t, w, registry.ResolveOptions{DrawSeed: highest}, image(), flag("prompt", "a fox"))
	var got []string
	for _, v := range c.Values {
		got = append(got, fmt.Sprintf("%s=%s %d", v.Param.Name, v.JSON, v.Origin))
	}
	want := []string{
		"steps=20 1", "cfg=2.5 1", "denoise=0.6 1", "lora_strength=1.0 1", "seed=18446744073709551615 1",
		`sampler="euler" 0`, `tag="x" 0`, `prompt="a fox" 7`, `negative="ugly" 0`, `image="in.png" 7`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if files := c.Files(); len(files) != 1 || files[0].Texts()[0] != "in.png" {
		t.Errorf("files: %v", files)
	}
}

func TestSeeds(t *testing.T) {
	t.Parallel()
	entry := func(limits string) string {
		return `"configurable_params":{"seed":{"type":"seed"` + limits + `}}`
	}
	for _, tt := range []struct {
		name, limits, given string
		draw                func(lo, hi uint64) uint64
		want                uint64
	}{
		{"absent, whole range", "", "", highest, 1<<64 - 1},
		{"absent, lowest", "", "", lowest, 0},
		{"-1 within the range", `,"min":5,"max":9`, "-1", highest, 9},
		{"-1 although the minimum is above", `,"min":5,"max":9`, "-1", lowest, 5},
		{"negative minimum draws from 0", `,"min":-1`, "-1", lowest, 0},
		{"default -1", `,"default":-1`, "", highest, 1<<64 - 1},
		{"fixed default", `,"default":7`, "", highest, 7},
		{"given", "", "18446744073709551615", lowest, 1<<64 - 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := oneWorkflow(t, qwenImage, entry(tt.limits))
			var args []registry.Arg
			if tt.given != "" {
				args = append(args, flag("seed", tt.given))
			}
			c := mustResolve(t, w, registry.ResolveOptions{DrawSeed: tt.draw}, args...)
			if got, ok := c.Seed(); !ok || got != tt.want {
				t.Errorf("%d %v, want %d", got, ok, tt.want)
			}
			g, err := c.Bind(nil)
			if err != nil {
				t.Fatal(err)
			}
			if raw, _ := g.Node("3").Inputs.Get("seed"); string(raw) != strconv.FormatUint(tt.want, 10) {
				t.Errorf("the graph says %s", raw)
			}
		})
	}
	t.Run("drawn by default, within the range", func(t *testing.T) {
		t.Parallel()
		w := oneWorkflow(t, qwenImage, entry(`,"min":10,"max":12`))
		seen := map[uint64]bool{}
		for range 200 {
			n, _ := mustResolve(t, w, registry.ResolveOptions{}).Seed()
			seen[n] = true
		}
		if len(seen) != 3 || !seen[10] || !seen[11] || !seen[12] {
			t.Errorf("drew %v", seen)
		}
	})
	t.Run("none without noise", func(t *testing.T) {
		t.Parallel()
		w := oneWorkflow(t, upscaleModel, `"name":"x"`)
		if _, ok := mustResolve(t, w, registry.ResolveOptions{}).Seed(); ok {
			t.Error("an upscaler has a seed")
		}
	})
}

// TestSeedRoundTrip: any 64-bit number survives text, JSON, and the graph.
func TestSeedRoundTrip(t *testing.T) {
	t.Parallel()
	w := oneWorkflow(t, qwenImage, `"name":"x"`)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "seed")
		text := strconv.FormatUint(n, 10)
		for _, arg := range []registry.Arg{flag("seed", text), api("seed", text), api("seed", `"`+text+`"`)} {
			c, err := w.Resolve([]registry.Arg{arg}, registry.ResolveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := c.Seed(); got != n {
				t.Fatalf("%d became %d", n, got)
			}
			g, err := c.Bind(nil)
			if err != nil {
				t.Fatal(err)
			}
			data, _ := json.Marshal(g)
			if !strings.Contains(string(data), `"seed":`+text+",") {
				t.Fatalf("the graph lost %s", text)
			}
		}
	})
}
