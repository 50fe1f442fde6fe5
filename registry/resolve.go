package registry

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// ResolveOptions are what a call needs besides its arguments.
type ResolveOptions struct {
	Character *Character
	// DrawSeed draws a seed from lo to hi, both inclusive; nil = crypto/rand.
	DrawSeed func(lo, hi uint64) uint64
}

// Resolve gives every parameter its value. The argument with the highest
// Origin wins, among equals the last; lists given in pieces of one origin are
// joined. Absent and -1 seeds are drawn. All problems are in one *ValuesError.
func (w *Workflow) Resolve(args []Arg, o ResolveOptions) (*Call, error) {
	a, err := w.analyse()
	if err != nil {
		return nil, err
	}
	r := &resolver{
		Call:    Call{Workflow: w, analysis: a},
		options: o,
		given:   map[*Parameter]Value{},
	}
	r.sort(args)
	if o.Character != nil {
		r.characterDefaults()
	}
	for _, p := range a.params {
		r.resolve(p)
	}
	if o.Character != nil {
		r.extend(o.Character)
	}
	r.resolveLoras()
	for _, p := range a.params {
		v, ok := r.given[p]
		if ok {
			r.Values = append(r.Values, v)
		}
		if p.Required && !r.failed[p] && (!ok || string(v.JSON) == "[]") {
			r.bad(Problem{Parameter: p.Name, Message: fmt.Sprintf("Parameter '%s' is required", p.Name), Allowed: p.Allowed()})
		}
	}
	r.noteIneffective()
	if len(r.problems) > 0 {
		return nil, &ValuesError{Workflow: w.ID, Problems: r.problems}
	}
	call := r.Call
	return &call, nil
}

// A resolver builds a call.
type resolver struct {
	Call
	options  ResolveOptions
	args     map[*Parameter][]Arg
	given    map[*Parameter]Value // resolved so far
	problems []Problem
	failed   map[*Parameter]bool
}

func (r *resolver) bad(p Problem) { r.problems = append(r.problems, p) }

// sort gives each argument to its parameter, or to the graph input it names.
func (r *resolver) sort(args []Arg) {
	r.args = map[*Parameter][]Arg{}
	r.failed = map[*Parameter]bool{}
	ordered := slices.Clone(args)
	slices.SortStableFunc(ordered, func(a, b Arg) int { return int(a.Origin) - int(b.Origin) })
	for _, arg := range ordered {
		if string(arg.JSON) == "null" {
			continue
		}
		if p := r.analysis.parameter(arg.Name); p != nil {
			r.args[p] = append(r.args[p], arg)
			continue
		}
		if strings.Contains(arg.Name, ".") {
			r.set(arg)
			continue
		}
		r.bad(r.unknown(arg.Name))
	}
}

// unknown says that there is no such parameter: with the reason when the name
// is that of a standard input, else with the nearest names.
func (r *resolver) unknown(name string) Problem {
	if p, lacks := r.Workflow.Lacks(name); lacks {
		return p
	}
	p := Problem{Parameter: name, Message: fmt.Sprintf("Parameter '%s' not supported", name)}
	names := make([]string, len(r.analysis.params))
	for i, known := range r.analysis.params {
		names[i] = known.Name
	}
	if role := roleNamed(name); role != "" && slices.Contains(names, string(role)) {
		p.Nearest = []string{string(role)}
		return p
	}
	p.Nearest = nearest.To(name, names, 3)
	return p
}

// Lacks reports whether name is that of a standard input that the graph has no
// place for, and says why.
func (w *Workflow) Lacks(name string) (Problem, bool) {
	role := Role(fold(name))
	a, err := w.analyse()
	if err != nil || a.parameter(name) != nil || !slices.Contains(standardRoles(), role) {
		return Problem{}, false
	}
	return Problem{
		Parameter: name,
		Message:   fmt.Sprintf("Parameter '%s' not supported", name),
		Hint:      fmt.Sprintf("workflow %s has no %s: %s", w.ID, name, a.roles.absent(role)),
	}, true
}

// set resolves an argument that addresses the graph itself. A later one for
// the same input replaces an earlier one.
func (r *resolver) set(arg Arg) {
	w := r.analysis.w
	targets := w.address(arg.Name)
	switch {
	case len(targets) == 0:
		r.bad(Problem{Parameter: arg.Name, Message: fmt.Sprintf("Unknown graph input '%s'", arg.Name), Nearest: w.nearestAddresses(arg.Name, 3)})
		return
	case len(targets) > 1:
		names := make([]string, len(targets))
		for i, t := range targets {
			names[i] = t.String()
		}
		r.bad(Problem{Parameter: arg.Name, Message: fmt.Sprintf("Graph input '%s' is ambiguous", arg.Name), Nearest: names})
		return
	}
	like, _ := w.g.Node(targets[0].Node).Inputs.Get(targets[0].Input)
	v, want := likeText(arg, like)
	if want != "" {
		r.bad(Problem{Parameter: arg.Name, Message: fmt.Sprintf("Graph input '%s' must be %s", arg.Name, want)})
		return
	}
	r.Sets = slices.DeleteFunc(r.Sets, func(s Set) bool { return s.Targets[0] == targets[0] })
	r.Sets = append(r.Sets, Set{Target: arg.Name, JSON: v, Targets: targets})
}

// likeText gives an argument the JSON type of the value it replaces; want says
// what it should have been. A link may be replaced by any scalar.
func likeText(arg Arg, like json.RawMessage) (v json.RawMessage, want string) {
	p := Parameter{Type: TypeString}
	switch {
	case isNumber(like):
		p.Type, want = TypeFloat, "a number" // nodes write 1 for 1.0: both are numbers
	case string(like) == "true" || string(like) == "false":
		p.Type, want = TypeBool, "true or false"
	case len(like) > 0 && like[0] == '"':
		want = "UTF-8 text"
	default:
		if arg.JSON != nil {
			if v = compact(arg.JSON); v == nil {
				return nil, "JSON"
			}
			return v, ""
		}
		if s := json.RawMessage(arg.Text); isNumber(s) || arg.Text == "true" || arg.Text == "false" {
			return s, ""
		}
		if !utf8.ValidString(arg.Text) {
			return nil, "UTF-8 text"
		}
		return comfy.RawString(arg.Text), ""
	}
	var bad *Problem
	if arg.JSON != nil {
		v, bad = p.fromJSON(arg.JSON)
	} else {
		v, bad = p.fromText(arg.Text)
	}
	if bad != nil {
		return nil, want
	}
	return v, ""
}

// characterDefaults puts the character's values under those of the user. What
// this workflow does not have is told, not refused: one character serves many.
func (r *resolver) characterDefaults() {
	c := r.options.Character
	for _, d := range c.Defaults {
		p := r.analysis.parameter(d.Name)
		if p == nil {
			r.Notes = append(r.Notes, fmt.Sprintf("character %s sets %s, which workflow %s does not have", c.ID, d.Name, r.Workflow.ID))
			continue
		}
		r.args[p] = slices.Insert(r.args[p], 0, Arg{Name: d.Name, JSON: d.JSON, Origin: FromCharacter})
	}
}

// resolve finds the value of one parameter.
func (r *resolver) resolve(p *Parameter) {
	v, ok := r.chosen(p)
	if !ok || p.Type.File() && string(v.JSON) == "[]" {
		return // a list of no files is a file that was not given
	}
	if err := r.analysis.trouble[p.Name]; err != nil && v.Origin > FromDefault {
		r.bad(Problem{Parameter: p.Name, Message: fmt.Sprintf("Parameter '%s' cannot be set: %v", p.Name, err)})
	}
	if n := len(p.Targets); p.Type.File() && p.List && n > 0 && len(items(v.JSON)) > n {
		r.bad(Problem{Parameter: p.Name, Message: fmt.Sprintf("Parameter '%s' takes at most %d file(s)", p.Name, n)})
	}
	if p.Type == TypeSeed && !p.List {
		v = r.drawn(p, v)
	}
	r.given[p] = r.makeable(p, v)
}

// noteIneffective tells what was given and does less than it seems to.
func (r *resolver) noteIneffective() {
	out := r.leftOut()
	for _, s := range r.Sets {
		if why, ok := out[s.Targets[0].Node]; ok {
			r.Notes = append(r.Notes, fmt.Sprintf("%s has no effect: node %s is left out, since %s", s.Target, s.Targets[0].Node, why))
		}
	}
	for _, s := range r.Sets {
		for _, t := range s.Targets {
			if name := r.replacedBy(t); name != "" {
				r.Notes = append(r.Notes, fmt.Sprintf("%s has no effect on node %s: %s sets its %s to %s", name, t.Node, s.Target, t.Input, s.JSON))
			}
		}
	}
	others := r.analysis.roles.otherPrompts
	if p := r.analysis.role(RolePrompt); p != nil && p.Standard && len(others) > 0 && r.given[p].Origin > FromDefault {
		r.Notes = append(r.Notes, fmt.Sprintf("the prompt is written to %s; %d other texts of the graph stay (%s is one)", p.Targets[0], len(others), others[0]))
	}
}

// replacedBy names what somebody gave for a graph input that is also set by its
// address, which is written last; "" when nobody did.
func (r *resolver) replacedBy(t comfy.Target) string {
	if t.Node == r.analysis.roles.lora.slot && t.Input == "lora_name" && len(r.loras) > 0 {
		v, given := r.given[r.analysis.role(RoleLora)]
		if c := r.options.Character; given && v.Origin > FromDefault || c != nil && len(c.Loras) > 0 {
			return "LoRA " + r.loras[0].file
		}
	}
	for _, p := range r.analysis.params {
		if v, ok := r.given[p]; ok && v.Origin > FromCharacter && slices.Contains(p.Targets, t) {
			return p.Name
		}
	}
	return ""
}

// chosen is the value with the highest precedence.
func (r *resolver) chosen(p *Parameter) (Value, bool) {
	args := r.args[p]
	if len(args) > 0 {
		top := args[len(args)-1].Origin
		var parts []json.RawMessage
		v := Value{Param: p, Origin: top}
		for _, arg := range args {
			// What a higher value replaces is still checked: a typo is a typo.
			raw, bad := p.coerce(arg)
			if bad != nil {
				if arg.Origin == FromCharacter {
					bad.Message = fmt.Sprintf("character %s: %s", r.options.Character.ID, bad.Message)
				}
				r.bad(*bad)
				r.failed[p] = true
				continue
			}
			v.JSON = raw
			if arg.Origin == top && p.List {
				parts = append(parts, items(raw)...)
			}
		}
		if p.List {
			v.JSON = list(parts)
		}
		return v, v.JSON != nil
	}
	if len(p.Default) > 0 && string(p.Default) != "null" {
		raw, bad := p.fromJSON(p.Default)
		if bad != nil {
			bad.Message += " (this is the registry's own default)"
			r.bad(*bad)
			return Value{}, false
		}
		return Value{Param: p, JSON: raw, Origin: FromDefault}, true
	}
	if p.Type == TypeSeed && !p.List {
		return Value{Param: p, JSON: json.RawMessage("-1"), Origin: FromDefault}, true
	}
	if p.Required {
		return Value{}, false // what stands in the graph is an example
	}
	if raw := r.analysis.graphValue(p); raw != nil {
		return Value{Param: p, JSON: raw, Origin: FromLiteral}, true
	}
	return Value{}, false
}

func (p *Parameter) coerce(arg Arg) (json.RawMessage, *Problem) {
	if arg.JSON != nil {
		return p.fromJSON(arg.JSON)
	}
	return p.fromText(arg.Text)
}

// drawn replaces a seed of -1 and notes the run's seed.
func (r *resolver) drawn(p *Parameter, v Value) Value {
	drawn := string(v.JSON) == "-1" || v.Origin == FromSweep && !r.seedGiven(p)
	if string(v.JSON) == "-1" {
		lo, hi := p.SeedRange()
		draw := r.options.DrawSeed
		if draw == nil {
			draw = drawSeed
		}
		v.JSON = strconv.AppendUint(nil, draw(lo, hi), 10)
	}
	if p.Role == RoleSeed {
		if n, err := strconv.ParseUint(string(v.JSON), 10, 64); err == nil {
			r.seed, r.seeded, r.seedDrawn = n, true, drawn
		}
	}
	return v
}

// seedGiven reports whether a seed stands below the counted ones of a command.
func (r *resolver) seedGiven(p *Parameter) bool {
	return slices.ContainsFunc(r.args[p], func(a Arg) bool {
		raw, bad := p.coerce(a)
		return a.Origin < FromSweep && bad == nil && string(raw) != "-1"
	})
}

// SeedRange is the range that a seed is drawn from: the parameter's, within 0
// to 2^64-1.
func (p *Parameter) SeedRange() (lo, hi uint64) {
	hi = 1<<64 - 1
	if n, err := strconv.ParseUint(string(p.Min), 10, 64); err == nil {
		lo = n
	}
	if n, err := strconv.ParseUint(string(p.Max), 10, 64); err == nil {
		hi = n
	}
	return lo, max(lo, hi)
}

// drawSeed draws uniformly: the high half of a 128-bit product.
func drawSeed(lo, hi uint64) uint64 {
	var b [16]byte
	rand.Read(b[:]) // never fails since Go 1.24
	x, y := binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])
	span := hi - lo + 1
	if span == 0 {
		return x // the whole range
	}
	// Two products, the second to carry: the bias is below 2^-64.
	high, low := bits.Mul64(x, span)
	carryHigh, _ := bits.Mul64(y, span)
	_, carry := bits.Add64(low, carryHigh, 0)
	return lo + high + carry
}

// extend lets the character extend prompt and negative prompt, and gives its
// reference picture where an image is taken and none was given.
func (r *resolver) extend(c *Character) {
	r.extendText(RolePrompt, c.prompt, c.Prompt != "" || c.Trigger != "", "prompt")
	r.extendText(RoleNegative, c.negative, c.Negative != "", "negative prompt")
	if c.ReferenceImage == "" {
		return
	}
	p := r.analysis.role(RoleImage)
	if p == nil {
		return
	}
	if v, ok := r.given[p]; !ok || v.Origin <= FromDefault {
		raw := comfy.RawString(c.ReferenceImage)
		if p.List {
			raw = list([]json.RawMessage{raw})
		}
		r.given[p] = Value{Param: p, JSON: raw, Origin: FromCharacter, FS: c.FS}
	}
}

func (r *resolver) extendText(role Role, extend func(string) string, wanted bool, what string) {
	if !wanted {
		return
	}
	p := r.analysis.role(role)
	if p == nil {
		r.Notes = append(r.Notes, fmt.Sprintf("the words of character %s are not used: workflow %s has no %s", r.options.Character.ID, r.Workflow.ID, what))
		return
	}
	if r.failed[p] {
		return
	}
	v, ok := r.given[p]
	if !ok {
		v = Value{Param: p, JSON: json.RawMessage(`""`)}
	}
	before := strings.Join(v.Texts(), ", ")
	after := extend(before)
	if after == before {
		return
	}
	v.Given, v.JSON = v.JSON, comfy.RawString(after)
	if p.List {
		v.JSON = list([]json.RawMessage{v.JSON})
	}
	v.Origin = max(v.Origin, FromCharacter)
	r.given[p] = v
}
