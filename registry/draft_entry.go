package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// An ordered builds a JSON object in order.
type ordered struct{ value }

func (o *ordered) put(name string, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		return // only plain data is put
	}
	if s, ok := v.(string); ok {
		raw = comfy.RawString(s)
	}
	o.Members = append(o.Members, member{Name: name, Value: value{Scalar: raw}})
}

// some puts a value that is not the zero of its type.
func some[T comparable](o *ordered, name string, v T) {
	var zero T
	if v != zero {
		o.put(name, v)
	}
}

func newOrdered() *ordered { return &ordered{value{Kind: textdoc.Object}} }

// entry writes the draft with the keys of the owner's file first.
func (d *draft) entry() json.RawMessage {
	o, from := newOrdered(), ""
	if d.Source != "" {
		from = "Imported from " + d.Source
	}
	o.put("id", d.ID)
	o.put("name", cmp.Or(d.Name, oneLine(d.Author.Title), inWords(d.ID)))
	o.put("description", cmp.Or(d.Description, oneLine(d.Author.Description), from))
	o.put("category", d.category())
	o.put("model_family", d.family())
	o.put("workflow_path", d.Path)
	o.put("supports_batch", false)
	o.put("max_batch_size", 1)
	o.put("requires_input_image", !d.KeepFiles && d.needsImage())
	o.put("requires_mask", !d.KeepFiles && d.needsMask())
	params := newOrdered()
	for _, p := range d.params {
		params.put(p.Name, p.entry())
	}
	o.put("configurable_params", params.Raw())
	o.put("example_payload", d.example())
	if models := d.models(); len(models) > 0 {
		o.put("models", models)
	}
	some(o, "output", d.declaredOutput())
	return o.Raw()
}

// entry writes a parameter as a registry file has it.
func (p *Parameter) entry() json.RawMessage {
	o := newOrdered()
	o.put("type", p.TypeName())
	some(o, "min", p.Min)
	some(o, "max", p.Max)
	some(o, "step", p.Step)
	if len(p.Choices) > 0 {
		o.put("choices", p.Choices)
	}
	some(o, "choices_from", p.ChoicesFrom)
	some(o, "folder", p.Folder)
	if len(p.Default) > 0 {
		o.put("default", p.Default)
	}
	some(o, "required", p.Required)
	some(o, "description", p.Description)
	some(o, "label", p.Label)
	some(o, "group", p.Group)
	some(o, "unit", p.Unit)
	some(o, "advanced", p.Advanced)
	targets := make([]string, len(p.Bind))
	for i, b := range p.Bind {
		targets[i] = b.Target
	}
	if len(targets) == 1 {
		o.put("bind", targets[0])
	} else if len(targets) > 1 {
		o.put("bind", targets)
	}
	return o.Raw()
}

func (d *draft) needsImage() bool { return len(d.r.image) > 0 && !d.unchosen(d.r.image[0]) }

func (d *draft) needsMask() bool {
	return len(d.r.mask) > 0 && !d.unchosen(d.r.mask[0]) || d.r.maskInAlpha && d.needsImage()
}

// category says in a word what the graph does.
func (d *draft) category() string {
	saves := func(word string) bool {
		return slices.ContainsFunc(findOutputs(d.w, ""), func(id string) bool { return strings.Contains(d.w.g.Node(id).Class, word) })
	}
	enlarges := slices.ContainsFunc(d.w.g.IDs(), func(id string) bool {
		return strings.Contains(strings.ToLower(d.w.g.Node(id).Class), "upscal") || d.w.has(id, "scale_by")
	})
	switch {
	case saves("Video"), saves("WEBM"), saves("Animated"):
		return "video"
	case saves("Audio"):
		return "audio"
	case saves("GLB"), saves("3D"):
		return "3d"
	case d.needsMask():
		return "editing"
	case d.needsImage() && len(d.r.samplers) == 0 && enlarges:
		return "upscaling"
	case len(d.r.samplers) > 0, len(d.r.prompt) > 0 && !d.needsImage():
		return "generation"
	case len(loaders(d.w, "image")) > 0:
		return "editing"
	}
	return "utility"
}

// family recognises the model by its file names.
func (d *draft) family() string {
	var names []string
	for _, m := range d.models() {
		if m.Folder == "checkpoints" || m.Folder == "diffusion_models" {
			names = append(names, strings.ToLower(m.File))
		}
	}
	all := strings.Join(names, " ")
	for _, f := range []struct{ family, marks string }{
		{"qwen", "qwen"},
		{"flux", "flux"},
		{"wan", "wan2 wan_"},
		{"ltx", "ltx"},
		{"hunyuan", "hunyuan"},
		{"zimage", "z_image z-image"},
		{"krea", "krea"},
		{"minimax", "minimax"},
		{"hidream", "hidream"},
		{"sd3", "sd3"},
		{"sdxl", "sdxl sd_xl pony illustrious"},
		{"sd", "sd15 sd1 v1-5 512-inpainting dreamshaper"},
	} {
		for _, mark := range strings.Fields(f.marks) {
			if strings.Contains(all, mark) {
				return f.family
			}
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return "other"
}

// oneLine is the beginning of an author's text, short enough for a list.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 200 {
		text = string(r[:199]) + "…"
	}
	return text
}

// declaredOutput names the result where the graph has several, since a
// workflow has one.
func (d *draft) declaredOutput() string {
	if d.output != "" {
		return d.output
	}
	outputs := findOutputs(d.w, "")
	if len(outputs) < 2 {
		return ""
	}
	if d.w.g.Node(d.Author.Output) != nil {
		return d.outputName(d.Author.Output)
	}
	// What most of the graph leads to is the end of it, and not a stage on the way.
	last, most := outputs[0], -1
	for _, id := range outputs {
		n := 0
		d.w.upstream(comfy.Link{Node: id}, func(string) bool {
			n++
			return false
		})
		if n > most {
			last, most = id, n
		}
	}
	name := d.outputName(last)
	d.notes = append(d.notes, fmt.Sprintf("the graph saves in %d places; output names %s as the result", len(outputs), name))
	return name
}

// example is a request that runs once its files are there.
func (d *draft) example() json.RawMessage {
	o := newOrdered()
	o.put("workflow_id", d.ID)
	if d.needsImage() {
		o.put("input_image", "photo.png")
	}
	if len(d.r.mask) > 0 {
		o.put("mask", "mask.png")
	}
	if i := slices.IndexFunc(d.params, func(p *drafted) bool { return p.Type == TypeText && roleNamed(p.Name) == RolePrompt }); i >= 0 {
		if text := beginning(plainValue(d.params[i].Default)); text != "" {
			o.put("prompt", text)
		}
	}
	inputs := newOrdered()
	for _, p := range d.params {
		if p.Required && p.Type.File() && len(p.Targets) > 0 && !overlap(p.Targets, d.r.image) && !overlap(p.Targets, d.r.mask) {
			inputs.put(p.Name, p.Name+fileEnding(p.Type))
		}
	}
	if len(inputs.Members) > 0 {
		o.put("inputs", inputs.Raw())
	}
	return o.Raw()
}

// beginning is a prompt that fits a line: whole sentences or phrases of it.
func beginning(text string) string {
	const most = 100 // letters
	text = strings.Join(strings.Fields(text), " ")
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	cut := string(r[:most])
	if at := strings.LastIndexAny(cut, ".,;!?"); at > most/3 {
		cut = cut[:at]
	} else if at := strings.LastIndexByte(cut, ' '); at > 0 {
		cut = cut[:at]
	}
	return cut
}

// fileEnding is that of a usual file of a kind.
func fileEnding(t ParamType) string {
	switch t {
	case TypeVideo:
		return ".mp4"
	case TypeAudio:
		return ".wav"
	}
	return ".png"
}
