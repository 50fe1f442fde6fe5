package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A title is the only free text of a node that survives an API export, so
// authors mark there what may be changed. These are the forms that are in use:
//
//	$steps.value!:how many      name, input, required, description (Pixelle)
//	#steps                      name (ComfyUI-Connect)
//	<Steps:advanced:1/2> 1, 50  label, group, place, range (Minimalistic Comfy Wrapper)
//	VC_ADV Steps                group and label (ViewComfy)
//
// Nodes that exist to hold a parameter are read too (ETN_Parameter,
// CPackInput..., ComfyUIDeployExternal...), as are primitives with a title of
// their own and texts that are a placeholder: ${PROMPT}.

// A mark is what a node's author said about it.
type mark struct {
	param  Parameter
	input  string // "" = the node's main one
	row    int    // place in the form, from 1; 0 = none given
	column int
	output bool
	hint   bool // the usual controls count as well
}

// titleWord is a name in any script.
const titleWord = `[\p{L}_][\p{L}\p{M}\p{N}_]*`

type titlePatterns struct{ pixelle, connect, wrapper, placeholder *regexp.Regexp }

var titleForms = sync.OnceValue(func() titlePatterns {
	return titlePatterns{
		pixelle:     regexp.MustCompile(`^\$(` + titleWord + `)(?:\.~?(\w+))?(!)?\s*(?:[:：]\s*(.*))?$`),
		connect:     regexp.MustCompile(`^#(` + titleWord + `)$`),
		wrapper:     regexp.MustCompile(`^<([^:<>]+):([^/:<>]+)(?:/([^:<>]+))?:(\d+)(?:/(\d+))?>\s*(.*)$`),
		placeholder: regexp.MustCompile(`^\$\{(` + titleWord + `)\}$`),
	}
})

// markedByTitles declares what the author marked; complete says that this is
// what the author wants to be changed, and nothing else.
func (d *draft) markedByTitles() (complete bool) {
	var marks []mark
	for _, id := range d.w.g.IDs() {
		n := d.w.g.Node(id)
		m, ok := d.markOf(n)
		if ok && m.output {
			d.output = d.outputName(id)
			continue
		}
		if ok {
			m.input = d.markedInput(id, m)
			t := comfy.Target{Node: id, Input: m.input}
			if m.input == "" || m.hint && d.hidden([]comfy.Target{t}) {
				continue
			}
			if m.param.Targets = []comfy.Target{t}; m.hint {
				d.nameShown(&m.param)
			}
			marks = append(marks, m)
			continue
		}
		marks = append(marks, d.placeholders(id)...)
	}
	slices.SortStableFunc(marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column))
	})
	for _, m := range marks {
		p, rank := m.param, rankShown
		if usual := d.usualAt(p.Targets); usual != nil && m.hint {
			rank, p.Advanced = usual.rank(rankShown), usual.advanced
		}
		d.add(&p, p.Targets, rank)
		complete = complete || !m.hint
	}
	return complete
}

func (d *draft) outputName(id string) string {
	if title := d.w.g.Node(id).Title; title != "" && len(d.w.find("#"+title)) == 1 {
		return "#" + title
	}
	return id
}

func (d *draft) markOf(n *comfy.Node) (mark, bool) {
	switch {
	case n.Class == "ETN_Parameter":
		return toolingMark(n), true
	case strings.HasPrefix(n.Class, "CPackInput"), strings.HasPrefix(n.Class, "ComfyUIDeployExternal"):
		return externalMark(n)
	}
	if m, ok := parseTitle(n.Title); ok {
		return m, true
	}
	if strings.HasPrefix(n.Title, "$") {
		d.nameless(n)
	}
	if strings.HasPrefix(n.Class, "Primitive") && !d.usualTitle(n) && !isPrimitiveWord(n.Title) {
		title := primitiveTitle(n.Title)
		if name := paramName(title); name != "" {
			return mark{param: Parameter{Name: "value", Label: title}, input: "value", hint: true}, true
		}
		d.nameless(n)
	}
	return mark{}, false
}

// nameless notes a title that seems to mark a parameter and gives no name.
func (d *draft) nameless(n *comfy.Node) {
	if n.Title == "" {
		return
	}
	d.notes = append(d.notes, fmt.Sprintf("the title %q of a node %s gives no name for a parameter, so it is none", n.Title, n.Class))
}

// primitiveTitle is what a primitive's title says besides its kind: "Int (Seed)".
func primitiveTitle(title string) string {
	kind, rest, ok := strings.Cut(strings.TrimSuffix(title, ")"), "(")
	if rest = strings.TrimSpace(rest); ok && rest != "" && isPrimitiveWord(strings.TrimSpace(kind)) {
		return rest
	}
	return title
}

// isPrimitiveWord: the titles that the editor gives primitives itself.
func isPrimitiveWord(title string) bool {
	return slices.Contains([]string{"int", "float", "string", "boolean", "string (multiline)", "primitive"}, strings.ToLower(title))
}

// parseTitle reads the forms that stand in a title.
func parseTitle(title string) (mark, bool) {
	forms := titleForms()
	if f := forms.pixelle.FindStringSubmatch(title); f != nil {
		if f[1] == "output" {
			return mark{output: true}, true
		}
		return mark{param: Parameter{Name: f[1], Required: f[3] != "", Description: strings.TrimSpace(f[4])}, input: f[2]}, true
	}
	if f := forms.connect.FindStringSubmatch(title); f != nil {
		return mark{param: Parameter{Name: f[1]}}, true
	}
	if f := forms.wrapper.FindStringSubmatch(title); f != nil {
		return wrapperMark(f), true
	}
	for prefix, advanced := range map[string]bool{"VC_BASIC": false, "VC_ADV": true} {
		if rest, ok := strings.CutPrefix(title, prefix); ok {
			label := strings.Trim(rest, " _-:")
			return mark{param: Parameter{Name: cmp.Or(paramName(label), "value"), Label: label, Advanced: advanced}}, true
		}
	}
	return mark{}, false
}

// wrapperMark reads <Label:category/tab:row/column> min, max, step.
func wrapperMark(f []string) mark {
	label, category := strings.TrimSpace(f[1]), strings.TrimSpace(f[2])
	m := mark{param: Parameter{Name: cmp.Or(paramName(label), "value"), Label: label, Group: strings.TrimSpace(f[3])}}
	m.output = category == "output"
	m.param.Advanced = category == "advanced"
	m.row, _ = strconv.Atoi(f[4])
	m.column, _ = strconv.Atoi(f[5])
	limits := []*json.Number{&m.param.Min, &m.param.Max, &m.param.Step}
	for i, word := range strings.Split(f[6], ",") {
		word = strings.TrimSpace(word)
		if i >= len(limits) || !isNumber([]byte(word)) {
			break
		}
		*limits[i] = json.Number(word)
	}
	return m
}

// toolingMark reads an ETN_Parameter node.
func toolingMark(n *comfy.Node) mark {
	name, _ := n.Inputs.Text("name")
	kind, _ := n.Inputs.Text("type")
	m := mark{input: "default", param: Parameter{Name: cmp.Or(paramName(name), "value"), Label: name}}
	switch kind {
	case "number (integer)":
		m.param.Type = TypeInt
	case "number", "slider":
		m.param.Type = TypeFloat
	case "toggle":
		m.param.Type = TypeBool
	case "text", "prompt (positive)", "prompt (negative)":
		m.param.Type = TypeText
	}
	if m.param.Type == TypeInt || m.param.Type == TypeFloat {
		m.param.Min, m.param.Max = numberIn(n, "min"), numberIn(n, "max")
	}
	return m
}

// externalMark reads the input nodes of comfy-pack and ComfyUI Deploy.
func externalMark(n *comfy.Node) (mark, bool) {
	id, _ := n.Inputs.Text("input_id")
	label, _ := n.Inputs.Text("display_name")
	text, _ := n.Inputs.Text("description")
	name := cmp.Or(paramName(id), paramName(n.Title))
	m := mark{param: Parameter{Name: name, Label: label, Description: text}}
	m.param.Min = cmp.Or(numberIn(n, "min"), numberIn(n, "min_value"))
	m.param.Max = cmp.Or(numberIn(n, "max"), numberIn(n, "max_value"))
	for _, input := range []string{"value", "default_value", "text", "prompt", "image", "file"} {
		if v, ok := n.Inputs.Get(input); ok {
			if _, linked := comfy.LinkOf(v); !linked {
				m.input = input
				break
			}
		}
	}
	return m, name != "" && m.input != ""
}

func numberIn(n *comfy.Node, input string) json.Number {
	if v, ok := n.Inputs.Get(input); ok && isNumber(v) {
		return json.Number(v)
	}
	return ""
}

// markedInput is the input of a node that a mark means, "" when it has none.
func (d *draft) markedInput(id string, m mark) string {
	n := d.w.g.Node(id)
	for _, input := range slices.Concat([]string{m.input, m.param.Name}, primitives(),
		[]string{"image", "audio", "video", "file", "ckpt_name", "unet_name", "lora_name", "model_name"}) {
		drawn := (input == "seed" || input == "noise_seed") && m.param.Name != input && m.input != input
		if input != "" && d.w.literal(id, input) && !drawn {
			return input
		}
	}
	only := ""
	for _, input := range n.Inputs.Names() {
		if d.w.literal(id, input) {
			if only != "" {
				d.notes = append(d.notes, "node "+id+" ("+n.Class+`, "`+n.Title+`") is marked, but has several inputs: none is taken`)
				return ""
			}
			only = input
		}
	}
	return only
}

// placeholders are texts that are a name to be filled in: ${PROMPT}.
func (d *draft) placeholders(id string) []mark {
	var marks []mark
	n := d.w.g.Node(id)
	for _, input := range n.Inputs.Names() {
		text, ok := n.Inputs.Text(input)
		if !ok {
			continue
		}
		if f := titleForms().placeholder.FindStringSubmatch(text); f != nil {
			t := comfy.Target{Node: id, Input: input}
			p := Parameter{Name: strings.ToLower(f[1]), Required: true, Targets: []comfy.Target{t}}
			if in, isLoader := loaderOf(d.w, id, "image"); isLoader && in == t {
				p.Type = TypeImage
			}
			marks = append(marks, mark{param: p, input: input})
		}
	}
	return marks
}
