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

// FuzzParseParameters: whatever stands in a file, nothing is made up.
func FuzzParseParameters(f *testing.F) {
	f.Add("a fox\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Size: 1x1")
	f.Add("Steps: \"\\\\\", \"a: b")
	f.Fuzz(func(t *testing.T, text string) {
		p := ParseParameters(text)
		if clean := strings.ReplaceAll(text, "\r\n", "\n"); !strings.Contains(clean, p.Prompt) || !strings.Contains(clean, p.Negative) {
			t.Errorf("%q gave prompt %q and negative %q", text, p.Prompt, p.Negative)
		}
		if len(p.Prompt)+len(p.Negative) > len(text) {
			t.Errorf("%q gave more than it holds", text)
		}
	})
}
