package mcp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An object is a JSON object that keeps the order of its members.
type object run.Values

func (o object) MarshalJSON() ([]byte, error) { return run.Values(o).MarshalJSON() }

// with adds a member; what has no JSON form is a mistake of this package.
func (o object) with(name string, value any) object {
	raw, err := json.Marshal(value)
	if err != nil {
		raw = comfy.RawString(err.Error())
	}
	return append(o, run.NamedValue{Name: name, JSON: raw})
}

// mostChoices bounds a list of choices that a schema holds: clients send the
// schemas of all tools to their model each time.
const mostChoices = 100

// An argument is one thing that a tool takes.
type argument struct {
	name   string // what the agent calls it
	param  *registry.Parameter
	key    string // of a request, for what is no parameter: character_id, mask_rect
	schema object
	must   bool
}

// file reports whether the argument names input files.
func (a argument) file() bool { return a.param != nil && a.param.Type.File() }

// arguments are what the tool of a workflow takes. offer is what the backend has,
// nil when that is not known.
func arguments(wf *registry.Workflow, characters []*registry.Character, offer map[string][]string) ([]argument, error) {
	params, err := wf.Parameters()
	if err != nil {
		return nil, err
	}
	var args []argument
	taken := map[string]bool{}
	add := func(a argument) {
		if a.name = plain(a.name, 64); taken[a.name] {
			return
		}
		taken[a.name] = true
		args = append(args, a)
	}
	masked := plan.WithRole(params, registry.RoleMask) != nil
	for _, p := range params {
		must := p.Required && (p.Role != registry.RoleMask || !masked) // a mask can be drawn instead
		add(argument{name: p.Name, param: p, schema: parameterSchema(p, offer[p.Name]), must: must})
	}
	if ids := idsOf(characters); len(ids) > 0 {
		name := "character"
		if taken[name] {
			name = "character_id"
		}
		add(argument{name: name, key: "character_id", schema: choose(object{}.with("type", "string"), ids).
			with("description", "a preset of LoRA, words and defaults; list_characters shows them")})
	}
	if masked {
		for _, m := range maskArguments() {
			add(m)
		}
	}
	return args, nil
}

func idsOf(characters []*registry.Character) []string {
	var ids []string
	for _, c := range characters {
		ids = append(ids, c.ID)
	}
	return ids
}

// maskArguments draw a mask, as a request of the HTTP API does.
func maskArguments() []argument {
	text, whole, truth := object{}.with("type", "string"), object{}.with("type", "integer"), object{}.with("type", "boolean")
	shapes := object{}.with("type", "array").with("items", text)
	var args []argument
	for _, m := range []struct {
		key    string
		schema object
		doc    string
	}{
		{"mask_rect", shapes, `paint these rectangles anew: "X,Y,W,H", each in pixels or percent ("25%,10%,50%,40%")`},
		{"mask_ellipse", shapes, `paint the ellipses inside "X,Y,W,H" anew`},
		{"mask_color", text, "paint anew where the picture has this colour: #ff00ff"},
		{"mask_tolerance", whole.with("minimum", 0).with("maximum", 255), "how far red, green and blue may be from mask_color"},
		{"mask_alpha", truth, "paint anew where the picture is transparent"},
		{"mask_invert", truth, "keep what the mask selects and paint the rest"},
		{"mask_grow", whole, "widen the mask by pixels; below 0 narrows it"},
		{"mask_feather", whole, "soften the mask's edge over pixels to each side"},
		{"mask_whole", truth, "show the model the whole of a large picture, not what is around the mask"},
		{"expand", text, "enlarge the picture and paint what is new: left=256,bottom=10%"},
	} {
		args = append(args, argument{name: m.key, key: m.key, schema: m.schema.with("description", m.doc)})
	}
	return args
}

// inputSchema is the JSON Schema of a tool's arguments.
func inputSchema(args []argument) json.RawMessage {
	properties, required := object{}, []string{}
	for _, a := range args {
		properties = properties.with(a.name, a.schema)
		if a.must {
			required = append(required, a.name)
		}
	}
	schema := object{}.with("type", "object").with("properties", properties)
	if len(required) > 0 {
		schema = schema.with("required", required)
	}
	raw, _ := json.Marshal(schema.with("additionalProperties", false)) // made above
	return raw
}

// parameterSchema says of one parameter what a client can check, and the rest in
// words. The registry checks all of it again.
func parameterSchema(p *registry.Parameter, choices []string) object {
	if len(p.Choices) > 0 {
		choices = p.Choices
	}
	one := object{}
	switch p.Type {
	case registry.TypeInt:
		one = limited(one.with("type", "integer"), p)
	case registry.TypeFloat:
		one = limited(one.with("type", "number"), p)
	case registry.TypeBool:
		one = one.with("type", "boolean")
	case registry.TypeSeed:
		one = one.with("type", "string").with("pattern", "^(-1|[0-9]{1,20})$")
	case registry.TypeSize:
		one = one.with("type", "string").with("pattern", "^[0-9]+x[0-9]+$")
	default:
		one = choose(one.with("type", "string"), choices)
		if p.MaxLength > 0 {
			one = one.with("maxLength", p.MaxLength)
		}
	}
	if p.List {
		one = object{}.with("type", "array").with("items", one)
	}
	if doc := parameterDoc(p, choices); doc != "" {
		one = one.with("description", doc)
	}
	if len(p.Default) > 0 && string(p.Default) != "null" && string(p.Default) != `""` {
		fallback := p.Default
		if p.Type == registry.TypeSeed {
			fallback = comfy.RawString(plan.JSONText(p.Default))
		}
		one = append(one, run.NamedValue{Name: "default", JSON: fallback})
	}
	return one
}

func limited(o object, p *registry.Parameter) object {
	if p.Min != "" {
		o = o.with("minimum", p.Min)
	}
	if p.Max != "" {
		o = o.with("maximum", p.Max)
	}
	return o
}

// choose limits a text to choices, unless there are too many of them to send.
func choose(o object, choices []string) object {
	if len(choices) == 0 || len(choices) > mostChoices {
		return o
	}
	for _, c := range choices {
		if !nameLike(c) {
			return o
		}
	}
	return o.with("enum", choices)
}

// nameLike reports whether a text that a server offers is a name, and not prose
// to be read by a model.
func nameLike(s string) bool {
	return len(s) <= 200 && !strings.ContainsFunc(s, unicode.IsControl)
}

// parameterDoc is what a schema cannot say of a parameter.
func parameterDoc(p *registry.Parameter, choices []string) string {
	parts := []string{}
	say := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if doc := cmp.Or(p.Description, p.Label); doc != "" {
		say("%s", doc)
	}
	switch {
	case p.Type == registry.TypeSeed:
		lo, hi := p.SeedRange()
		say("an integer as text, %d to %d; left out, one is drawn", lo, hi)
	case p.Type == registry.TypeSize:
		say("WIDTHxHEIGHT in pixels")
	case p.Role == registry.RoleMask:
		say("white is painted anew; %s; or draw it by the mask_ arguments", fileDoc)
	case p.Type.File():
		say("%s", fileDoc)
	}
	if p.Unit != "" {
		say("in %s", p.Unit)
	}
	if p.Step != "" {
		say("in steps of %s", p.Step)
	}
	if p.Pattern != "" {
		say("must match %s", p.Pattern)
	}
	if len(choices) > mostChoices {
		list := "list_models"
		if p.Folder != "" {
			list += " with folder " + p.Folder
		}
		say("one of %d names of the backend: %s shows them", len(choices), list)
	}
	if p.Advanced {
		say("rarely needed")
	}
	return strings.Join(parts, "; ")
}

// fileDoc is short, since it is said often; the instructions say the rest.
const fileDoc = "a path, a data: URI, or easel://outputs/RUN/N"

// plain is a name that every client takes for a tool or an argument: letters,
// digits, _ and -, at most so many.
func plain(name string, most int) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '_'
	}, name)
	return cmp.Or(name[:min(len(name), most)], "_")
}

// toolNames gives each id a name of its own that is not taken already.
func toolNames(ids []string, taken map[string]bool) map[string]string {
	names := map[string]string{}
	for _, id := range ids {
		name := plain(id, mostName)
		for n := 2; taken[name]; n++ {
			end := "_" + strconv.Itoa(n)
			name = plain(id, mostName-len(end)) + end
		}
		taken[name] = true
		names[id] = name
	}
	return names
}

// mostName is how long the name of a tool is at most: clients put theirs and the
// server's before it, and some models take 64 characters in all.
const mostName = 48
