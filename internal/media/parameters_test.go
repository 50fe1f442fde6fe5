package media

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseParameters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       Parameters
	}{
		{
			"all parts",
			"a fox in snow,\nmasterpiece\nNegative prompt: blurry,\nlow quality\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 18446744073709551615, Size: 512x768, Model: dreamshaper",
			Parameters{
				"a fox in snow,\nmasterpiece", "blurry,\nlow quality",
				[]Setting{{"Steps", "20"}, {"Sampler", "Euler a"}, {"CFG scale", "7"}, {"Seed", "18446744073709551615"}, {"Size", "512x768"}, {"Model", "dreamshaper"}},
			},
		},
		{"no negative prompt", "a fox\nSteps: 4, Seed: 1", Parameters{"a fox", "", []Setting{{"Steps", "4"}, {"Seed", "1"}}}},
		{"no prompt", "Steps: 4, Seed: 1", Parameters{"", "", []Setting{{"Steps", "4"}, {"Seed", "1"}}}},
		{"only a prompt", "a fox, Seed: none", Parameters{Prompt: "a fox, Seed: none"}},
		{"Windows lines", "a fox\r\nNegative prompt: dog\r\nSteps: 4", Parameters{"a fox", "dog", []Setting{{"Steps", "4"}}}},
		{
			"quoted value with commas",
			"a fox\nSteps: 4, Lora hashes: \"one: 1a, two: \\\"2b\\\"\", Version: v1.9",
			Parameters{"a fox", "", []Setting{{"Steps", "4"}, {"Lora hashes", `one: 1a, two: "2b"`}, {"Version", "v1.9"}}},
		},
		{"comma within a value", "x\nSteps: 4, Sampler: Euler, ancestral", Parameters{"x", "", []Setting{{"Steps", "4"}, {"Sampler", "Euler, ancestral"}}}},
		{"the prompt speaks of steps", "Steps: of a stair\nNegative prompt: no\nSteps: 4", Parameters{"Steps: of a stair", "no", []Setting{{"Steps", "4"}}}},
		{
			"JSON as a value, as ComfyUI's image savers write Hashes",
			"a fox\nNegative prompt: bad\nSteps: 20, Model: foo, Hashes: {\"model\": \"abc123\", \"lora:bar\": \"def456\"}, Version: ComfyUI",
			Parameters{"a fox", "bad", []Setting{{"Steps", "20"}, {"Model", "foo"}, {"Hashes", `{"model": "abc123", "lora:bar": "def456"}`}, {"Version", "ComfyUI"}}},
		},
		{
			"a list of JSON, as Civitai writes its resources",
			`a fox` + "\n" + `Steps: 20, Civitai resources: [{"type":"lora","weight":0.8},{"type":"checkpoint"}], Civitai metadata: {}`,
			Parameters{"a fox", "", []Setting{{"Steps", "20"}, {"Civitai resources", `[{"type":"lora","weight":0.8},{"type":"checkpoint"}]`}, {"Civitai metadata", "{}"}}},
		},
		{
			"a lone quote", "a fox\nSteps: 20, Model: 12\" disc, Denoising strength: 0.5, Version: v1.9",
			Parameters{"a fox", "", []Setting{{"Steps", "20"}, {"Model", `12" disc`}, {"Denoising strength", "0.5"}, {"Version", "v1.9"}}},
		},
		{
			"a lone quote and a lone brace at the beginning of values", "a fox\nSteps: 20, Model: \"disc, VAE: {x, Seed: 5",
			Parameters{"a fox", "", []Setting{{"Steps", "20"}, {"Model", `"disc`}, {"VAE", "{x"}, {"Seed", "5"}}},
		},
		{
			"all on one line", "a fox in snow, Negative prompt: bad hands, blurry. Steps: 25, Sampler: DPM++ 2M, Seed: 77",
			Parameters{"a fox in snow,", "bad hands, blurry.", []Setting{{"Steps", "25"}, {"Sampler", "DPM++ 2M"}, {"Seed", "77"}}},
		},
		{
			"all on one line, with dots for the ends of lines", "a fox, detailed,.Negative prompt: bad hands.Steps: 25, Sampler: DPM++ 2M, Seed: 77",
			Parameters{"a fox, detailed,", "bad hands", []Setting{{"Steps", "25"}, {"Sampler", "DPM++ 2M"}, {"Seed", "77"}}},
		},
		{"one line of prompt that speaks of steps", "stairs, Steps: many", Parameters{Prompt: "stairs, Steps: many"}},
		{
			"SwarmUI", `{"sui_image_params": {"prompt": "a fox", "negativeprompt": "bad", "seed": 18446744073709551615, "cfgscale": 4.0, "loras": ["a"]}, "sui_extra_data": {"date": "x"}}`,
			Parameters{"a fox", "bad", []Setting{{"seed", "18446744073709551615"}, {"cfgscale", "4.0"}, {"loras", `["a"]`}}},
		},
		{
			"SwarmUI without a prompt", `{"sui_image_params": {"prompt": "", "seed": 1}}`,
			Parameters{Settings: []Setting{{"seed", "1"}}},
		},
		{
			"Fooocus", `{"prompt": "a fox", "negative_prompt": "bad", "steps": 30, "sampler": "dpmpp_2m"}`,
			Parameters{"a fox", "bad", []Setting{{"steps", "30"}, {"sampler", "dpmpp_2m"}}},
		},
		{"InvokeAI", `{"positive_prompt": "a fox", "negative_prompt": "bad", "seed": 7}`, Parameters{"a fox", "bad", []Setting{{"seed", "7"}}}},
		{"NovelAI", `{"prompt": "a fox", "uc": "bad", "steps": 28}`, Parameters{"a fox", "bad", []Setting{{"steps", "28"}}}},
		{
			"JSON over several lines", "a fox\nSteps: 20, Hashes: {\n  \"model\": \"abc\",\n  \"vae\": \"0\"\n}, Version: ComfyUI",
			Parameters{"a fox", "", []Setting{{"Steps", "20"}, {"Hashes", "{\n  \"model\": \"abc\",\n  \"vae\": \"0\"\n}"}, {"Version", "ComfyUI"}}},
		},
		{
			"nested JSON with quotes, commas and brackets in it", `x` + "\n" + `Steps: 2, Extra: {"a": [1, {"b": "},"}], "c": "\"]"}, Seed: 5`,
			Parameters{"x", "", []Setting{{"Steps", "2"}, {"Extra", `{"a": [1, {"b": "},"}], "c": "\"]"}`}, {"Seed", "5"}}},
		},
		{
			"what Python prints of a dict", "x\nSteps: 2, Hashes: {'model': 'a', 'vae': 'b'}, Loras: ['a', 'b'], Seed: 5",
			Parameters{"x", "", []Setting{{"Steps", "2"}, {"Hashes", "{'model': 'a', 'vae': 'b'}"}, {"Loras", "['a', 'b']"}, {"Seed", "5"}}},
		},
		{
			"a lone quote at the end of a value, and one in a quoted value", `x` + "\n" + `Steps: 2, Model: disc 12", Hires prompt: "a \"big\" fox, Steps: 9", Seed: 5`,
			Parameters{"x", "", []Setting{{"Steps", "2"}, {"Model", `disc 12"`}, {"Hires prompt", `a "big" fox, Steps: 9`}, {"Seed", "5"}}},
		},
		{
			"lines after the pairs, as wildcards write them", "x\nSteps: 2, Seed: 5, Version: v1\nTemplate: {a|b}\nNegative Template: no",
			Parameters{"x", "", []Setting{{"Steps", "2"}, {"Seed", "5"}, {"Version", "v1"}, {"Template", "{a|b}"}, {"Negative Template", "no"}}},
		},
		{
			"pairs in another order", "a fox\nNegative prompt: bad\nSampler: Euler, Steps: 20, Seed: 4",
			Parameters{"a fox", "bad", []Setting{{"Sampler", "Euler"}, {"Steps", "20"}, {"Seed", "4"}}},
		},
		{"two pairs in another order are words", "a fox\nSize: small, Model: nude", Parameters{Prompt: "a fox\nSize: small, Model: nude"}},
		{
			"Forge", "a fox <lora:x:1>\nSteps: 20, Sampler: Euler, Schedule type: Simple, Distilled CFG Scale: 3.5, Seed: 5, Module 1: ae, Version: f2.0.1v1.10",
			Parameters{"a fox <lora:x:1>", "", []Setting{{"Steps", "20"}, {"Sampler", "Euler"}, {"Schedule type", "Simple"}, {"Distilled CFG Scale", "3.5"}, {"Seed", "5"}, {"Module 1", "ae"}, {"Version", "f2.0.1v1.10"}}},
		},
		{
			"SD.Next", "a fox\nNegative prompt: bad\nSteps: 20, Size: 1024x1024, Seed: 5, App: SD.Next, Pipeline: StableDiffusionXLPipeline, Operations: txt2img; hires",
			Parameters{"a fox", "bad", []Setting{{"Steps", "20"}, {"Size", "1024x1024"}, {"Seed", "5"}, {"App", "SD.Next"}, {"Pipeline", "StableDiffusionXLPipeline"}, {"Operations", "txt2img; hires"}}},
		},
		{
			"one line with other steps later", "a fox Negative prompt: bad Steps: 25, Hires Steps: 10, Seed: 77, Size: 64x64",
			Parameters{"a fox", "bad", []Setting{{"Steps", "25"}, {"Hires Steps", "10"}, {"Seed", "77"}, {"Size", "64x64"}}},
		},
		{
			"one line without a negative prompt", "a fox Steps: 25, Sampler: Euler, Seed: 77",
			Parameters{"a fox", "", []Setting{{"Steps", "25"}, {"Sampler", "Euler"}, {"Seed", "77"}}},
		},
		{
			"negative prompt and pairs on one line", "a fox\nNegative prompt: bad Steps: 25, Sampler: Euler, Seed: 77",
			Parameters{"a fox", "bad", []Setting{{"Steps", "25"}, {"Sampler", "Euler"}, {"Seed", "77"}}},
		},
		{
			"one line with escaped ends", `a fox\nNegative prompt: bad\nSteps: 25, Seed: 77`,
			Parameters{"a fox", "bad", []Setting{{"Steps", "25"}, {"Seed", "77"}}},
		},
		{"lines of an old Mac", "a fox\rNegative prompt: dog\rSteps: 4", Parameters{"a fox", "dog", []Setting{{"Steps", "4"}}}},
		{"InvokeAI without a prompt", `{"positive_prompt": "", "negative_prompt": null, "seed": 7}`, Parameters{Settings: []Setting{{"seed", "7"}}}},
		{
			"old InvokeAI", `{"model": "sd", "image": {"prompt": [{"prompt": "a fox", "weight": 1}], "steps": 50}}`,
			Parameters{"a fox", "", []Setting{{"steps", "50"}}},
		},
		{"old Fooocus", `{"Prompt": "a fox", "Negative Prompt": "bad", "Seed": 7}`, Parameters{"a fox", "bad", []Setting{{"Seed", "7"}}}},
		{"Draw Things", `{"c": "a fox", "uc": "bad", "steps": 8}`, Parameters{"a fox", "bad", []Setting{{"steps", "8"}}}},
		{"a prompt in braces is no object", "{a fox|a dog} in snow", Parameters{Prompt: "{a fox|a dog} in snow"}},
		{"nothing", "", Parameters{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, ParseParameters(tt.text)); diff != "" {
				t.Errorf("ParseParameters(%q) (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

// Texts of nothing but beginnings are read in time that grows with their length.
func TestHostileParameters(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"a:{,", `a:[",`, `a:{"b":[,`, ".,", "a:{}x,", "Steps: 1 ", "a:", "\n", `a:"\`, "[{"} {
		for _, head := range []string{"x\nSteps: 2, ", "Steps: 1 ", "x Steps: 2, "} {
			if p := ParseParameters(head + strings.Repeat(piece, 1<<17/len(piece))); len(p.Settings) > 1<<17 {
				t.Errorf("%q: %d settings", piece, len(p.Settings))
			}
		}
	}
}

// FuzzParseParameters: whatever stands in a file, nothing is made up.
func FuzzParseParameters(f *testing.F) {
	f.Add("a fox\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Size: 1x1")
	f.Add("Steps: \"\\\\\", \"a: b")
	f.Fuzz(func(t *testing.T, text string) {
		p := ParseParameters(text)
		if _, ok := parseObject(strings.TrimSpace(text)); ok {
			return // its strings are escaped
		}
		if strings.Contains(text, `\n`) || strings.Contains(text, "\r") {
			return // line ends are made one
		}
		if clean := strings.ReplaceAll(text, "\r\n", "\n"); !strings.Contains(clean, p.Prompt) || !strings.Contains(clean, p.Negative) {
			t.Errorf("%q gave prompt %q and negative %q", text, p.Prompt, p.Negative)
		}
		if len(p.Prompt)+len(p.Negative) > len(text) {
			t.Errorf("%q gave more than it holds", text)
		}
	})
}
