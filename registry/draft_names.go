package registry

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// nameShown names a value that the author put into view: as he calls it, else
// by what it is for, else by its node's title or the name of its input.
func (d *draft) nameShown(p *Parameter) {
	raw, t := p.Name, p.Targets[0]
	label := strings.TrimSpace(strings.TrimRight(strings.TrimSpace(p.Label), ":：."))
	usual := d.usualAt(p.Targets)
	title := d.w.g.Node(t.Node).Title
	if d.usualTitle(d.w.g.Node(t.Node)) || isPrimitiveWord(title) {
		title = ""
	}
	if vague(label) && (usual != nil || title != "") {
		label = ""
	}
	said := label
	if label == "" && vague(raw) && usual == nil && !d.isModel(t) {
		said = title
	}
	name := paramName(said)
	switch {
	case name != "":
	case d.isFile(t):
		name = d.fileName(t, string(d.fileKind(t)))
	case usual != nil:
		name = usual.name
	default:
		name = inputWord(raw)
		if !d.Author.Chosen && slices.ContainsFunc(d.usual, func(u usualPlace) bool { return u.name == name }) {
			name = d.boxed(p.Group, name) // that is somewhere else
		}
	}
	if vague(name) {
		name = d.vagueName(t, p.Group, name)
	}
	if usual == nil && !d.isFile(t) && d.elsewhere(p) {
		name = d.boxed(p.Group, name)
	}
	p.Name = d.clearOfLora(name, t)
	if usual == nil && !d.isModel(t) && !d.isFile(t) {
		usual = d.wordFor(p.Name)
	}
	boxes := map[string]bool{}
	for _, s := range d.Author.Shown {
		boxes[s.Group] = true
	}
	if len(boxes) < 2 {
		p.Group = ""
	}
	p.Label = inWords(cmp.Or(said, name))
	switch {
	case usual != nil:
		p.Group, p.Unit = usual.group, cmp.Or(p.Unit, usual.unit)
		if label == "" || paramName(label) == usual.name {
			p.Label = usual.label
		}
		if p.Description = cmp.Or(p.Description, usual.description); p.Type == "" {
			p.Type = usual.typ
		}
	case d.isModel(t):
		p.Group = "Model"
	case d.isFile(t):
		p.Group = "Input"
	}
}

// elsewhere reports whether another box shows a value of the same name.
func (d *draft) elsewhere(p *Parameter) bool {
	return slices.ContainsFunc(d.Author.Shown, func(o *Parameter) bool {
		return o.Name == p.Name && o.Label == p.Label && o.Group != p.Group
	})
}

// vagueName names a value that nobody named: by what it is given to, else by the
// box that shows it.
func (d *draft) vagueName(t comfy.Target, box, name string) string {
	for _, u := range d.w.uses[t.Node] {
		if word := inputWord(u.Input); !vague(word) {
			return word
		}
	}
	return cmp.Or(d.boxed(box, name), name)
}

// boxed puts in front of a name what tells its box from the others.
func (d *draft) boxed(box, name string) string {
	word := paramName(box)
	for _, s := range d.Author.Shown {
		if other := paramName(s.Group); other != word {
			word = word[commonWords(paramName(box), other):]
			break
		}
	}
	word = strings.Trim(cmp.Or(word, paramName(box)), "_")
	if word == "" || strings.HasPrefix(name, word+"_") {
		return name
	}
	return word + "_" + name
}

// commonWords is how much two names have in common at the beginning, in whole
// words; nothing when one is all of the other.
func commonWords(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	if n == len(a) || n == len(b) {
		return 0
	}
	return strings.LastIndexByte(a[:n], '_') + 1
}

// wordFor is what easel says of a parameter of this name, nil when it is none
// of the usual.
func (d *draft) wordFor(name string) *usualPlace {
	if role := roleNamed(name); role != "" {
		name = string(role)
	}
	if i := slices.IndexFunc(d.words, func(u usualPlace) bool { return u.name == name }); i >= 0 {
		return &d.words[i]
	}
	return nil
}

// clearOfLora keeps a name from taking the place of the LoRA that people choose,
// where the file belongs to the graph.
func (d *draft) clearOfLora(name string, t comfy.Target) string {
	if roleNamed(name) != RoleLora || d.r.lora.slot == t.Node {
		return name
	}
	if file, _ := d.w.g.Node(t.Node).Inputs.Text(t.Input); isSpeedLora(file) {
		return "turbo_lora"
	}
	return "lora_file"
}

// vague reports whether a word only says that there is a value.
func vague(word string) bool {
	word = strings.TrimRight(strings.ToLower(word), "_0123456789")
	return slices.Contains([]string{"", "value", "choice", "text", "string", "int", "float", "number", "boolean", "input", "any", "index", "a", "b", "u_float", "u_int", "u_bool"}, word)
}

// inputWord is what people call an input of a node.
func inputWord(input string) string {
	input = input[strings.LastIndexByte(input, '.')+1:]
	switch input {
	case "noise_seed":
		return "seed"
	case "ckpt_name":
		return "checkpoint"
	case "unet_name":
		return "model"
	case "clip_name":
		return "text_encoder"
	case "clip_name1", "clip_name2", "clip_name3", "clip_name4":
		return "text_encoder_" + strings.TrimPrefix(input, "clip_name")
	case "vae_name":
		return "vae"
	case "lora_name":
		return "lora"
	case "sampler_name":
		return "sampler"
	case "control_net_name":
		return "controlnet"
	case "style_model_name":
		return "style_model"
	case "strength_model":
		return "strength"
	}
	return cmp.Or(paramName(input), "value")
}

// inWords makes a label of a name: "enable_turbo_mode" is "Enable turbo mode".
func inWords(name string) string {
	words := strings.TrimSpace(strings.ReplaceAll(name, "_", " "))
	if words == "" || words != strings.ToLower(words) {
		return words // the author's own capitals
	}
	list := strings.Fields(words)
	for i, word := range list {
		switch word {
		case "cfg", "fps", "vae", "id", "clip", "url", "rgb":
			list[i] = strings.ToUpper(word)
		case "lora":
			list[i] = "LoRA"
		case "controlnet":
			list[i] = "ControlNet"
		}
	}
	words = strings.Join(list, " ")
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}

// selector names a place so that the name survives another export, if it can.
func (d *draft) selector(t comfy.Target) (name string, stable bool) {
	n := d.w.g.Node(t.Node)
	names := []string{n.Class + "." + t.Input}
	if n.Title != "" {
		names = append(names, "#"+n.Title+"."+t.Input)
	}
	for _, name := range names {
		if found := d.w.address(name); len(found) == 1 && found[0] == t {
			return name, true
		}
	}
	return t.String(), false
}

// nameOf makes a parameter name of a node's own title, else uses fallback.
func (d *draft) nameOf(t comfy.Target, fallback string) string {
	n := d.w.g.Node(t.Node)
	if name := paramName(n.Title); name != "" && !d.usualTitle(n) {
		return name
	}
	return fallback
}

// usualTitle reports whether a title is the class's own and not its author's:
// "CLIP Text Encode", and "CLIP Text Encode (Positive Prompt)" of ComfyUI's
// templates.
func (d *draft) usualTitle(n *comfy.Node) bool {
	if def := d.Definitions[n.Class]; def != nil && n.Title == def.DisplayName {
		return true
	}
	title := strings.ReplaceAll(strings.ToLower(n.Title), " ", "")
	rest, ok := strings.CutPrefix(title, strings.ToLower(n.Class))
	switch rest {
	case "", "(prompt)", "(positive)", "(positiveprompt)", "(negative)", "(negativeprompt)":
		return ok
	}
	return false
}

// longestName bounds a name that is made of a title, in characters: nobody types more.
const longestName = 60

// paramName turns free text of any script into a name: "Hair colour" is
// hair_colour, "步数" stays as it is. A long one ends with a whole word where it can.
func paramName(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r) && b.Len() > 0, unicode.IsDigit(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := []rune(strings.Trim(b.String(), "_"))
	if len(name) <= longestName {
		return string(name)
	}
	cut := string(name[:longestName])
	if i := strings.LastIndexByte(cut, '_'); i > len(cut)/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, "_")
}
