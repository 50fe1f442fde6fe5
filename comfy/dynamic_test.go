package comfy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// dynamicDefinitions are in the form of ComfyUI 0.33.0.
const dynamicDefinitions = `{
  "Picture": {"input": {"required": {}}, "output": ["IMAGE"]},
  "Resize": {"input": {"required": {
      "mode": ["COMFY_DYNAMICCOMBO_V3", {"options": [
        {"key": "size", "inputs": {"required": {"width": ["INT", {"min": 1, "max": 99}]}, "optional": {"crop": ["COMBO", {"options": ["no", "centre"]}]}}},
        {"key": "codec", "inputs": {"required": {"codec": ["COMFY_DYNAMICCOMBO_V3", {"options": [
          {"key": "auto", "inputs": {"required": {}}},
          {"key": "h264", "inputs": {"required": {"crf": ["FLOAT", {"max": 51.0}]}}}]}]}}}]}],
      "tags": ["COMBO", {"multiselect": true, "options": ["a", "b"]}]},
    "optional": {
      "images": ["COMFY_AUTOGROW_V3", {"template": {"input": {"required": {"image": ["IMAGE", {}]}}, "prefix": "image", "min": 1, "max": 3}}],
      "names": ["COMFY_AUTOGROW_V3", {"template": {"input": {"optional": {"x": ["FLOAT,INT", {}]}}, "names": ["a", "b"], "min": 2}}],
      "slot": ["COMFY_DYNAMICSLOT_V3", {"slotType": "MASK", "inputs": {"required": {"grow": ["INT", {"max": 9}]}}}],
      "any": ["COMFY_MATCHTYPE_V3", {"template": {}}],
      "odd": ["COMFY_AUTOGROW_V3", {"template": 5}], "odder": ["COMFY_DYNAMICCOMBO_V3", {"options": [5]}]}},
   "output": ["IMAGE"], "output_node": true}}`

func TestInputsOf(t *testing.T) {
	t.Parallel()
	defs, err := comfy.ParseObjectInfo([]byte(dynamicDefinitions))
	if err != nil {
		t.Fatal(err)
	}
	g := mustParse(t, `{"1": {"class_type": "Resize", "inputs": {"mode": "codec", "mode.codec": "h264", "slot": ["1", 0]}}}`)
	var got []string
	for _, in := range defs["Resize"].InputsOf(&g.Node("1").Inputs) {
		name := in.Name
		if in.Required {
			name += "!"
		}
		got = append(got, name)
	}
	want := "mode! mode.codec! mode.codec.crf! tags! images.image0! images.image1 images.image2 names.a names.b slot slot.grow! any odder"
	if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
		t.Error(diff)
	}
}

func TestCheckOfDynamicInputs(t *testing.T) {
	t.Parallel()
	defs, err := comfy.ParseObjectInfo([]byte(dynamicDefinitions))
	if err != nil {
		t.Fatal(err)
	}
	base := `"tags": {"__value__": ["a", "b"]}, "images.image0": ["1", 0]`
	tests := []struct{ name, inputs, want string }{
		{"good", base + `, "mode": "size", "mode.width": 9, "mode.crop": "no", "slot": ["1", 0], "slot.grow": 1, "names.b": 0.5`, ""},
		{"a combo alone is not required", base, ""},
		{"inner combo may be missing", base + `, "mode": "codec"`, ""},
		{"unknown choice", base + `, "mode": "sise"`, "mode value_not_in_list"},
		{"unknown inner choice", base + `, "mode": "codec", "mode.codec": "h265"`, "mode.codec value_not_in_list"},
		{"part missing", base + `, "mode": "size"`, "mode.width required_input_missing"},
		{"part of another choice", base + `, "mode": "codec", "mode.codec": "auto", "mode.width": 1000`, ""},
		{"part too big", base + `, "mode": "size", "mode.width": 100`, "mode.width value_bigger_than_max"},
		{"inner part too big", base + `, "mode": "codec", "mode.codec": "h264", "mode.codec.crf": 52`, "mode.codec.crf value_bigger_than_max"},
		{"part not in list", base + `, "mode": "size", "mode.width": 1, "mode.crop": "left"`, "mode.crop value_not_in_list"},
		{"first of a list missing", `"tags": "a"`, "images.image0 required_input_missing"},
		{"slot without its part", base + `, "slot": ["1", 0]`, "slot.grow required_input_missing"},
		{"one of several not in list", `"tags": {"__value__": ["a", "c"]}, "images.image0": ["1", 0]`, "tags value_not_in_list"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := mustParse(t, `{"1": {"class_type": "Picture", "inputs": {}}, "2": {"class_type": "Resize", "inputs": {`+test.inputs+`}}}`)
			var got []string
			for _, p := range comfy.CheckAgainst(g, defs) {
				got = append(got, p.Input+" "+p.Type)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
