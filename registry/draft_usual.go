package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A usualPlace is what people change in graphs of most kinds: where it stands
// in this one, and what it is called.
type usualPlace struct {
	name, label, group string
	unit, description  string
	advanced           bool
	file               bool
	prompt             bool
	list               bool
	typ                ParamType
	targets            []comfy.Target
}

// rank is the place of the parameter in the entry.
func (u *usualPlace) rank(otherwise int) int {
	switch {
	case u.prompt:
		return rankPrompt
	case u.file:
		return rankFile
	case u.advanced:
		return rankAdvanced
	}
	return otherwise
}

// usualGroup reports whether a heading is one of easel's own.
func usualGroup(name string) bool {
	return slices.Contains([]string{"", "Prompt", "Input", "Size", "Sampling", "Model", "Style"}, name)
}

// usualAt is what a place is usually called, nil when it is nothing usual.
func (d *draft) usualAt(targets []comfy.Target) *usualPlace {
	for i := range d.usual {
		if overlap(d.usual[i].targets, targets) {
			return &d.usual[i]
		}
	}
	return nil
}

// usualPlaces finds them in the order of the built-in workflows. Places whose
// value differs from that of the first are left alone: one value for all would
// change what the graph makes.
func (d *draft) usualPlaces() []usualPlace {
	r, w := d.r, d.w
	film := len(r.across(w, "length")) > 0
	shows, hides, what := "What the picture shows", "What the picture must not show", "picture"
	switch {
	case film || d.category() == "video":
		shows, hides, what = "What happens in the video", "What the video must not show", "video"
	case d.category() == "audio":
		shows, hides = "What is heard", "What must not be heard"
	case d.needsMask():
		shows = "What the masked part shows"
	}
	denoise := "How much is made anew: 1 starts from noise alone"
	if r.imageFeedsLatent {
		denoise = "How much of the original is replaced: 0.3 retouches, 0.8 reinvents"
	}
	places := []usualPlace{
		{name: "prompt", label: "Prompt", group: "Prompt", prompt: true, typ: TypeText, description: shows, targets: r.prompt},
		{name: "negative", label: "Negative prompt", group: "Prompt", prompt: true, typ: TypeText, description: hides, targets: r.negative},
		{name: "width", label: "Width", group: "Size", unit: "px", description: "Width of the " + what, targets: r.across(w, "width")},
		{name: "height", label: "Height", group: "Size", unit: "px", description: "Height of the " + what, targets: r.across(w, "height")},
		{name: "frames", label: "Frames", group: "Size", description: "Number of pictures in the video", targets: r.across(w, "length")},
		{name: "duration", label: "Duration", group: "Size", unit: "s", description: "Length in seconds", targets: firstTargets(r.across(w, "seconds"), d.only("duration"))},
		{name: "fps", label: "FPS", group: "Size", advanced: true, description: "Pictures per second", targets: d.only("fps", "frame_rate")},
		{name: "steps", label: "Steps", group: "Sampling", description: "Sampling steps; more is slower and finer", targets: r.control(w, "steps")},
		{name: "cfg", label: "Prompt strength", group: "Sampling", description: "How strictly the picture follows the prompt; too high looks burnt", targets: r.control(w, "cfg")},
		{name: "guidance", label: "Guidance", group: "Sampling", description: "How strictly the picture follows the prompt", targets: r.guidance},
		{name: "denoise", label: "Change", group: "Sampling", advanced: !r.imageFeedsLatent, description: denoise, targets: r.control(w, "denoise")},
		{name: "seed", label: "Seed", group: "Sampling", typ: TypeSeed, description: "Start of the noise: the same seed and settings give the same " + what + "; -1 draws one", targets: r.seed},
		{name: "scale", label: "Scale", group: "Size", description: "Width and height are multiplied by this", targets: d.only("scale_by", "upscale_by", "rescale_factor")},
		{name: "control_strength", label: "Control strength", group: "Sampling", description: "How strictly the picture follows the control picture", targets: d.ofClass("ControlNetApply", "strength")},
		{name: "megapixels", label: "Working size", group: "Size", unit: "MP", advanced: true, description: "The picture is scaled to this size before it is worked on", targets: d.only("megapixels")},
		{name: "sampler", label: "Sampler", group: "Sampling", advanced: true, description: "Method that turns noise into the picture", targets: r.control(w, "sampler_name")},
		{name: "scheduler", label: "Scheduler", group: "Sampling", advanced: true, description: "How the noise falls from step to step", targets: r.control(w, "scheduler")},
		{name: "batch_size", label: "Batch size", group: "Size", advanced: true, description: "Pictures made at a time, in one run", targets: r.across(w, "batch_size")},
		{name: "checkpoint", label: "Checkpoint", group: "Model", advanced: true, description: "Which checkpoint of the server to use", targets: modelFile("ckpt_name")(w, r)},
		{name: "model", label: "Model", group: "Model", advanced: true, description: "Which model of the server to use", targets: modelFile("unet_name")(w, r)},
		{name: "text_encoder", label: "Text encoder", group: "Model", advanced: true, description: "Which text encoder of the server to use", targets: d.inFolder("text_encoders", "clip_name")},
		{name: "vae", label: "VAE", group: "Model", advanced: true, description: "Which VAE of the server to use", targets: d.only("vae_name")},
		{name: "upscale_model", label: "Upscale model", group: "Model", advanced: len(r.samplers) > 0, description: "Which upscale model of the server to use", targets: upscaler(w, r)},
	}
	if r.lora.slot != "" {
		places = append(places, usualPlace{
			name: "lora", label: "LoRA", group: "Style", list: true, description: "LoRA files to mix in, chained in this order",
			targets: []comfy.Target{{Node: r.lora.slot, Input: "lora_name"}},
		}, usualPlace{
			name: "lora_strength", label: "LoRA strength", group: "Style", typ: TypeFloat,
			description: "How strongly the LoRA changes the model", targets: r.lora.strengthTargets(w),
		})
	}
	d.words = slices.Clone(places)
	for i := range places {
		if places[i].name != "seed" {
			places[i].targets = d.alike(places[i].targets)
		}
	}
	return slices.DeleteFunc(places, func(u usualPlace) bool { return len(u.targets) == 0 })
}

// firstTargets is the first list that has something.
func firstTargets(lists ...[]comfy.Target) []comfy.Target {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

// alike keeps the places that hold the same value as the first, of those that
// hold one.
func (d *draft) alike(targets []comfy.Target) []comfy.Target {
	var kept []comfy.Target
	for _, t := range targets {
		v, ok := d.w.g.Node(t.Node).Inputs.Get(t.Input)
		if _, linked := comfy.LinkOf(v); !ok || linked {
			continue
		}
		if len(kept) > 0 {
			first, _ := d.w.g.Node(kept[0].Node).Inputs.Get(kept[0].Input)
			if strings.TrimSpace(plainValue(first)) != strings.TrimSpace(plainValue(v)) &&
				(!isNumber(first) || !isNumber(v) || compareNumbers(json.Number(first), json.Number(v)) != 0) {
				continue
			}
		}
		kept = append(kept, t)
	}
	return kept
}

// ofClass lists an input of the nodes whose class begins so.
func (d *draft) ofClass(prefix, input string) []comfy.Target {
	var found []comfy.Target
	for _, id := range d.w.g.IDs() {
		if strings.HasPrefix(d.w.g.Node(id).Class, prefix) {
			if t, ok := d.w.origin(id, input); ok {
				found = addTarget(found, t)
			}
		}
	}
	return found
}

// inFolder finds the one place that names a file of a model folder.
func (d *draft) inFolder(folder, input string) []comfy.Target {
	var found []comfy.Target
	for _, id := range d.w.g.IDs() {
		if t := (comfy.Target{Node: id, Input: input}); d.w.isText(id, input) && d.folderOf(t) == folder {
			found = append(found, t)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found
}

// only finds the one place in the graph that has an input of such a name.
func (d *draft) only(names ...string) []comfy.Target {
	found, err := onlyInput(&Parameter{Name: names[0]}, d.w, names...)
	if err != nil {
		return nil
	}
	return found
}

// usualControls declares what people change in a graph of this kind.
func (d *draft) usualControls() {
	for i := range d.usual {
		d.addUsual(&d.usual[i])
	}
	for i, t := range d.r.otherPrompts {
		p := &Parameter{Name: d.nameOf(t, fmt.Sprintf("prompt_%d", i+2)), Type: TypeText, Group: "Prompt"}
		p.Label = inWords(cmp.Or(paramNameOrNot(d.w.g.Node(t.Node).Title, p.Name), p.Name))
		d.add(p, []comfy.Target{t}, rankPrompt)
	}
	d.sizeChoosers()
	if len(d.r.samplers) == 0 {
		d.everyValue()
	}
}

func (d *draft) addUsual(u *usualPlace) {
	d.add(&Parameter{
		Name: u.name, Type: u.typ, Label: u.label, Group: u.group, Unit: u.unit, Description: u.description,
		Advanced: u.advanced || u.name != string(RoleSeed) && d.hidden(u.targets), List: u.list,
	}, u.targets, u.rank(rankUsual))
}

// paramNameOrNot is a title that a name was made of, "" when it was not.
func paramNameOrNot(title, name string) string {
	if paramName(title) == name {
		return title
	}
	return ""
}

// hidden reports whether the author keeps a place out of view: it is inside of
// a subgraph whose box shows other values.
func (d *draft) hidden(targets []comfy.Target) bool {
	if len(d.Author.Shown) == 0 || len(targets) == 0 {
		return false
	}
	box, _, inside := strings.Cut(targets[0].Node, ":")
	return inside && slices.ContainsFunc(d.Author.Shown, func(p *Parameter) bool {
		return slices.ContainsFunc(p.Targets, func(t comfy.Target) bool { return strings.HasPrefix(t.Node, box+":") })
	})
}

// sizeChoosers declares what a node offers that works out a size for others.
func (d *draft) sizeChoosers() {
	for _, id := range d.w.g.IDs() {
		gives := slices.ContainsFunc(d.w.uses[id], func(u use) bool { return u.Input == "width" || u.Input == "height" })
		if !gives || len(d.w.in[id]) > 0 {
			continue
		}
		for _, input := range d.w.g.Node(id).Inputs.Names() {
			if !slices.Contains(primitives(), input) {
				d.add(&Parameter{Name: inputWord(input), Label: inWords(inputWord(input)), Group: "Size"}, []comfy.Target{{Node: id, Input: input}}, rankUsual)
			}
		}
	}
}

// everyValue declares the values of a graph without a sampler: what its nodes
// do is all that there is to choose.
func (d *draft) everyValue() {
	const several = 12 // more are kept back
	paid := slices.ContainsFunc(d.w.g.IDs(), d.isService)
	for _, id := range d.w.g.IDs() {
		n := d.w.g.Node(id)
		if d.w.has(id, "filename_prefix") || strings.HasPrefix(n.Class, "Preview") || strings.HasPrefix(n.Class, "Save") {
			continue
		}
		for _, input := range n.Inputs.Names() {
			t := comfy.Target{Node: id, Input: input}
			if d.notForPeople(t) {
				continue
			}
			word := inputWord(input)
			if vague(word) {
				if word = d.nameOf(t, word); vague(word) || isPrimitiveWord(n.Title) {
					word = d.vagueName(t, "", inputWord(input))
				}
			}
			p := &Parameter{Name: word, Label: inWords(word), Advanced: d.hidden([]comfy.Target{t}) || len(d.params) >= several || d.isModel(t) || paid && !d.isService(id)}
			if d.isModel(t) {
				p.Group = "Model"
			}
			d.add(p, []comfy.Target{t}, rankUsual)
		}
	}
}

// isService reports whether a node calls a service, which is what such a graph
// is about.
func (d *draft) isService(id string) bool {
	def := d.Definitions[d.w.g.Node(id).Class]
	return def != nil && def.APINode
}

// notForPeople: files have their own way, and what nobody types is none either.
func (d *draft) notForPeople(t comfy.Target) bool {
	if d.isFile(t) || strings.HasPrefix(t.Input, "control_after_generate") {
		return true
	}
	n := d.w.g.Node(t.Node)
	v, _ := n.Inputs.Get(t.Input)
	if len(v) == 0 || v[0] == '[' || v[0] == '{' || v[0] == 'n' {
		return true
	}
	if n.Class == customCombo {
		return t.Input != "choice"
	}
	if in := d.inputAt(t); in != nil {
		return !slices.Contains([]string{"INT", "FLOAT", "BOOLEAN", "STRING", "COMBO", "COMFY_DYNAMICCOMBO_V3"}, in.Type)
	}
	return d.Definitions[n.Class] != nil // the class does not know the input
}

// files declares what the graph loads: which file is which only its author
// knows. The only picture is a standard input where the others are enough.
func (d *draft) files() {
	if (d.KeepFiles || d.complete) && len(d.r.image) == 1 && len(loaders(d.w, "image")) == 1 {
		d.loaders(TypeVideo, TypeAudio)
	} else {
		d.loaders(TypeImage, TypeVideo, TypeAudio)
	}
	hasMask := slices.ContainsFunc(d.params, func(p *drafted) bool { return roleNamed(p.Name) == RoleMask })
	if d.r.maskInAlpha && !d.KeepFiles && !d.complete && !hasMask {
		d.params = append(d.params, &drafted{&Parameter{
			Name: string(RoleMask), Type: TypeMask, Required: true, Label: "Mask", Group: "Input", Description: "White is painted anew",
		}, rankFile})
	}
}

func (d *draft) loaders(kinds ...ParamType) {
	for _, kind := range kinds {
		for _, t := range loaders(d.w, string(kind)) {
			p := &Parameter{Name: d.fileName(t, string(kind)), Type: kind, Required: !d.KeepFiles && !d.unchosen(t), Group: "Input"}
			p.Advanced = !d.KeepFiles && d.unchosen(t)
			switch {
			case kind == TypeImage && slices.Contains(d.r.image, t):
				p.Name, p.Description = string(RoleImage), "Picture to work on"
				if d.r.imageFeedsLatent {
					p.Description = "Picture to start from"
				}
			case kind == TypeImage && maskChannelOf(d.w, t.Node) != "":
				p.Name, p.Type, p.Description = d.fileName(t, string(RoleMask)), TypeMask, "White is painted anew"
			}
			if said := d.Author.Files[t.Node]; paramName(said) != "" && paramName(said) != p.Name {
				p.Description = inWords(said)
			}
			if p.Name == string(RoleImage) {
				p.Label = inWords(d.Author.Files[t.Node])
			}
			d.add(p, []comfy.Target{t}, rankFile)
		}
	}
}

// unchosen reports whether the author chose what is to be changed, and not this.
func (d *draft) unchosen(t comfy.Target) bool {
	return d.Author.Chosen && !slices.ContainsFunc(d.Author.Shown, func(p *Parameter) bool { return slices.Contains(p.Targets, t) })
}

// fileName is what the author calls a file: by its loader's title, on the box
// that takes it, or by the input that it feeds where that says more than the
// kind of file.
func (d *draft) fileName(t comfy.Target, kind string) string {
	name := d.nameOf(t, "")
	for _, prefix := range []string{"load_", "upload_"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if said := paramName(d.Author.Files[t.Node]); name == "" && !vague(said) {
		name = said
	}
	for _, u := range d.w.uses[t.Node] {
		word := inputWord(u.Input)
		if name == "" && strings.Contains(word, "_") && (strings.Contains(word, kind) || strings.Contains(word, "reference") || strings.Contains(word, "frame")) {
			name = word
		}
	}
	return cmp.Or(name, kind)
}
