package nodes

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A definition is a class as /object_info publishes it.
type definition struct {
	Input struct {
		Required, Optional map[string][]json.RawMessage
		Hidden             map[string]json.RawMessage
	}
	Order      struct{ Required, Optional []string } `json:"input_order"`
	Output     []json.RawMessage
	OutputName []string `json:"output_name"`
	Display    string   `json:"display_name"`
	Category   string
	Module     string `json:"python_module"`
	OutputNode bool   `json:"output_node"`

	Experimental bool
	APINode      *bool `json:"api_node"` // told by classes of the newer interface only
}

// published reads a server's definitions, or skips where they are not at hand.
func published(t *testing.T, version string) map[string]definition {
	t.Helper()
	data, err := os.ReadFile("../../../../../shared/corpus/object_info-" + version + ".json")
	if err != nil {
		t.Skipf("no definitions of ComfyUI %s at hand: %v", version, err)
	}
	var all map[string]definition
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestClassesMatchServer compares every class with ComfyUI 0.3.64, classes that
// came later with 0.8.0. Classes of neither are listed in later.
func TestClassesMatchServer(t *testing.T) {
	t.Parallel()
	old, newer := published(t, "0.3.64"), published(t, "0.8.0")
	later := []string{"MiniMaxH3ImageToVideo", "QwenImage21Cache", "ReferenceMultiLatent", "TextEncodeQwenImage21"}
	for _, c := range Classes() {
		want, ok := old[c.Name]
		if !ok {
			want, ok = newer[c.Name]
		}
		if !ok {
			if !slices.Contains(later, c.Name) {
				t.Errorf("%s: the server has no such class", c.Name)
			}
			continue
		}
		if c.Name == "BatchImagesNode" { // its pictures grow on demand there
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			compareClass(t, c, want)
		})
	}
}

func compareClass(t *testing.T, c *Class, want definition) {
	t.Helper()
	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-server +emulator):\n%s", what, diff)
		}
	}
	names := func(list []Input) []string {
		var out []string
		for _, in := range list {
			out = append(out, in.Name)
		}
		return out
	}
	if len(c.Required) > 0 || len(want.Order.Required) > 0 {
		check("required", names(c.Required), want.Order.Required)
	}
	optional := names(c.Optional)
	if extra := laterOptional(c.Name); extra != "" {
		optional = slices.DeleteFunc(optional, func(n string) bool { return n == extra })
	}
	if len(optional) > 0 || len(want.Order.Optional) > 0 {
		check("optional", optional, want.Order.Optional)
	}
	check("hidden", len(c.Hidden), len(want.Input.Hidden))
	check("category", c.Category, want.Category)
	check("module", c.Module, want.Module)
	check("output node", c.OutputNode, want.OutputNode)
	check("experimental", c.Experimental, want.Experimental)
	check("newer interface", c.V3, want.APINode != nil)
	if want.Display != c.Name { // the server falls back to the name
		check("display name", c.Display, want.Display)
	}
	var outputs []string
	for _, raw := range want.Output {
		var typ string
		if json.Unmarshal(raw, &typ) != nil {
			typ = "COMBO"
		}
		outputs = append(outputs, typ)
	}
	check("outputs", c.Outputs, outputs)
	outputNames := c.OutputNames
	if outputNames == nil {
		outputNames = c.Outputs
	}
	if len(outputNames) > 0 {
		check("output names", outputNames, want.OutputName)
	}
	for _, in := range slices.Concat(c.Required, c.Optional) {
		spec := want.Input.Required[in.Name]
		if spec == nil {
			spec = want.Input.Optional[in.Name]
		}
		if spec != nil {
			compareInput(t, c, in, spec)
		}
	}
}

// laterOptional names an input that this table has from a server later than the
// one compared with.
func laterOptional(class string) string {
	return map[string]string{"LTXAVTextEncoderLoader": "device", "ImageScaleToTotalPixels": "resolution_steps"}[class]
}

func compareInput(t *testing.T, c *Class, in Input, spec []json.RawMessage) {
	t.Helper()
	options := map[string]any{}
	if len(spec) > 1 {
		decoder := json.NewDecoder(strings.NewReader(string(spec[1])))
		decoder.UseNumber()
		if err := decoder.Decode(&options); err != nil {
			t.Fatal(err)
		}
	}
	var choices []string
	if json.Unmarshal(spec[0], &choices) == nil || json.Unmarshal(spec[0], new(string)) == nil && options["options"] != nil {
		if in.Type != "COMBO" {
			t.Errorf("%s is %s, on the server a choice", in.Name, in.Type)
			return
		}
		list, _ := options["options"].([]any)
		for _, v := range list {
			choices = append(choices, fmt.Sprint(v))
		}
		if in.Folder != "" || in.Options["image_upload"] == true {
			return // files differ between servers
		}
		for _, choice := range choices {
			if !slices.Contains(in.Choices, choice) {
				t.Errorf("%s lacks the choice %q", in.Name, choice)
			}
		}
		if len(in.Choices) > 0 && len(choices) > 0 && in.Choices[0] != choices[0] {
			t.Errorf("%s starts with %q, on the server with %q", in.Name, in.Choices[0], choices[0])
		}
	} else {
		var typ string
		if err := json.Unmarshal(spec[0], &typ); err != nil || typ != in.Type {
			t.Errorf("%s is %s, on the server %s", in.Name, in.Type, spec[0])
		}
	}
	for _, key := range []string{"default", "min", "max", "step", "multiline", "dynamicPrompts", "control_after_generate", "round"} {
		want, ok := options[key]
		got, has := in.Options[key]
		if !ok {
			if has {
				t.Errorf("%s.%s is %v, on the server nothing", in.Name, key, got)
			}
			continue
		}
		if !has && (want == false || want == nil) {
			continue
		}
		if !sameNumber(got, want) {
			t.Errorf("%s.%s is %v, on the server %v", in.Name, key, got, want)
		}
	}
}

// sameNumber compares values as JSON shows them; 8 and 8.0 are the same.
func sameNumber(got, want any) bool {
	number, ok := want.(json.Number)
	if !ok {
		return got == want
	}
	text := number.String()
	switch v := got.(type) {
	case float64:
		f, err := number.Float64()
		return err == nil && f == v
	default:
		return fmt.Sprint(v) == strings.TrimSuffix(text, ".0")
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if Lookup("NoSuchNode") != nil {
		t.Error("found a class that does not exist")
	}
	seen := map[string]bool{}
	for _, c := range Classes() {
		if Lookup(c.Name) == nil || seen[c.Name] {
			t.Errorf("%s is not found by its name, or twice", c.Name)
		}
		seen[c.Name] = true
		if c.Run == nil {
			t.Errorf("%s does nothing", c.Name)
		}
	}
}
