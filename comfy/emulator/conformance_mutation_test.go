package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A mutator makes graphs of the classes that both servers have, and spoils
// them.
type mutator struct {
	*rand.Rand
	classes []*nodes.Class
	known   map[string]any // the server's definitions
	nodes   map[string]any
	ids     []string
}

// grow adds a node that gives a value of that type, and what it needs. It
// gives the link.
func (m *mutator) grow(typ string, depth int) []any {
	var fit []*nodes.Class
	for _, c := range m.classes {
		if slices.Contains(c.Outputs, typ) && (depth > 0 || !slices.ContainsFunc(c.Required, linked)) {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return []any{"none", 0}
	}
	if depth > 0 && len(m.ids) > 0 && m.IntN(3) == 0 { // one that is there
		for _, id := range m.ids {
			c := nodes.Lookup(m.nodes[id].(map[string]any)["class_type"].(string))
			if slot := slices.Index(c.Outputs, typ); slot >= 0 {
				return []any{id, slot}
			}
		}
	}
	c := fit[m.IntN(len(fit))]
	return []any{m.node(c, depth-1), slices.Index(c.Outputs, typ)}
}

// linked reports whether an input takes a link and no constant.
func linked(in nodes.Input) bool {
	return !in.IsCombo() && !slices.Contains([]string{"INT", "FLOAT", "STRING", "BOOLEAN"}, in.Type)
}

func (m *mutator) node(c *nodes.Class, depth int) string {
	inputs := map[string]any{}
	for in, required := range c.EachInput() {
		if !required && (linked(*in) || m.IntN(2) == 0 || !m.has(c, in)) {
			continue
		}
		switch {
		case linked(*in):
			inputs[in.Name] = m.grow(in.Type, depth)
		case in.IsCombo() && len(in.Choices) > 0:
			inputs[in.Name] = in.Choices[m.IntN(len(in.Choices))]
		case in.IsCombo():
			inputs[in.Name] = "easel-none.png"
		default:
			inputs[in.Name] = m.constant(in)
		}
	}
	id := fmt.Sprint(len(m.ids) + 1)
	m.ids = append(m.ids, id)
	m.nodes[id] = map[string]any{"class_type": c.Name, "inputs": inputs}
	return id
}

// has reports whether the server's class has that input, too.
func (m *mutator) has(c *nodes.Class, in *nodes.Input) bool {
	inputs := m.known[c.Name].(map[string]any)["input"].(map[string]any)
	optional, _ := inputs["optional"].(map[string]any)
	return optional[in.Name] != nil
}

// constant is a small value that is within the limits.
func (m *mutator) constant(in *nodes.Input) any {
	switch in.Type {
	case "STRING":
		return "text"
	case "BOOLEAN":
		return m.IntN(2) == 0
	}
	if low, ok := in.Options["min"]; ok && fmt.Sprint(low)[0] != '-' {
		return low
	}
	return 0
}

// odd is a value of any kind.
func (m *mutator) odd() any {
	pool := []any{
		nil, true, false, 0, 1, -1, 3, 0.5, -0.25, 1.0, 1e30, -1e30, json.RawMessage("NaN"), json.RawMessage("-Infinity"), json.RawMessage("1e400"),
		json.RawMessage("9223372036854775808"), json.RawMessage("18446744073709551616"), json.RawMessage("-99999999999999999999"),
		"", " ", "x", "7", " 8 ", "-1", "1e3", "0x10", "nan", "inf", "1_0", "__1", "\u0663", "\u00e9\u4e2d\U0001f600", "a'b", "a\"b'c", "\n\t\x7f\u00a0\u200b\\",
		[]any{},
		[]any{1},
		[]any{"1"},
		[]any{"1", 0, 0},
		[]any{[]any{}, 0},
		map[string]any{},
		map[string]any{"a": 1},
		map[string]any{"__value__": 5},
		map[string]any{"__value__": []any{"1", 0}},
		map[string]any{"__value__": nil},
		map[string]any{"__type__": "x", "__value__": "s"},
	}
	return pool[m.IntN(len(pool))]
}

// link is a link to anywhere.
func (m *mutator) link() any {
	ids := []any{m.ids[m.IntN(len(m.ids))], m.ids[m.IntN(len(m.ids))], m.ids[m.IntN(len(m.ids))], "none", 1, nil, 1.5, true, map[string]any{}}
	slots := []any{0, 0, 0, 1, 2, -1, -9, "0", nil, 0.0, true, false, []any{}, json.RawMessage("99999999999999999999")}
	return []any{ids[m.IntN(len(ids))], slots[m.IntN(len(slots))]}
}

// spoil changes one thing. It leaves optional inputs alone: the server looks at
// all inputs in the order of one set, the first exception ends that, and
// inAnyOrder cannot put an optional one before a required one.
func (m *mutator) spoil() {
	id := m.ids[m.IntN(len(m.ids))]
	node, ok := m.nodes[id].(map[string]any)
	if !ok {
		return
	}
	inputs, ok := node["inputs"].(map[string]any)
	if !ok || len(inputs) == 0 {
		return
	}
	class, _ := node["class_type"].(string)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(inputs)), func(name string) bool {
		c := nodes.Lookup(class)
		return c != nil && slices.ContainsFunc(c.Optional, func(in nodes.Input) bool { return in.Name == name })
	})
	if len(names) == 0 {
		return
	}
	name := names[m.IntN(len(names))]
	switch m.IntN(24) {
	case 0, 1, 2:
		delete(inputs, name)
	case 3, 4, 5, 6, 7, 8, 9, 10:
		inputs[name] = m.odd()
	case 11, 12, 13, 14, 15, 16, 17:
		inputs[name] = m.link()
	case 18:
		inputs["easel_extra"] = m.odd()
	case 19:
		node["inputs"] = m.odd()
	case 20:
		delete(node, "inputs")
	case 21:
		node["class_type"] = []any{"NoSuchClass", "", nil, 5, "SaveImage ", true, 1.5}[m.IntN(7)]
	case 22:
		delete(node, "class_type")
	case 23:
		delete(m.nodes, id)
	}
}

// prompt makes a body of POST /prompt: what comes before the nodes, and each node.
func (m *mutator) prompt(id string) (head string, parts []string) {
	m.nodes, m.ids = map[string]any{}, nil
	outputs := slices.DeleteFunc(slices.Clone(m.classes), func(c *nodes.Class) bool { return !c.OutputNode })
	for range 1 + m.IntN(2) {
		m.node(outputs[m.IntN(len(outputs))], 3)
	}
	for range 1 + m.IntN(2) {
		m.spoil()
	}
	body := map[string]any{"prompt_id": id, "number": 1e9}
	switch m.IntN(12) {
	case 0:
		body["partial_execution_targets"] = []any{m.ids[m.IntN(len(m.ids))]}
	case 1:
		body["partial_execution_targets"] = m.odd()
	}
	for _, id := range slices.Sorted(maps.Keys(m.nodes)) {
		parts = append(parts, fmt.Sprintf("%q: %s", id, encodePrompt(m.nodes[id])))
	}
	return strings.TrimSuffix(encodePrompt(body), "}"), parts
}

func promptBody(head string, parts []string) string {
	return head + `, "prompt": {` + strings.Join(parts, ", ") + "}}"
}

// harmless reports whether a server that takes the graph survives it. Its worker
// dies of a node that validation does not look at and whose inputs or links lead
// nowhere; so such a node must be upstream of the only output.
func (m *mutator) harmless() bool {
	above := map[string][]string{}
	var outputs []string
	sound := true
	for id, n := range m.nodes {
		node := n.(map[string]any)
		class, _ := node["class_type"].(string)
		if c := nodes.Lookup(class); c != nil && c.OutputNode {
			outputs = append(outputs, id)
		}
		inputs, ok := node["inputs"].(map[string]any)
		sound = sound && ok
		for _, value := range inputs {
			link, ok := value.([]any)
			if !ok || len(link) != 2 {
				continue
			}
			source, _ := link[0].(string)
			above[id] = append(above[id], source)
			sound = sound && m.nodes[source] != nil
		}
	}
	seen := map[string]bool{}
	var walk func(id string)
	walk = func(id string) {
		if m.nodes[id] == nil || seen[id] {
			return
		}
		seen[id] = true
		for _, source := range above[id] {
			walk(source)
		}
	}
	if len(outputs) == 1 {
		walk(outputs[0])
	}
	return sound || len(seen) == len(m.nodes)
}

// encodePrompt writes JSON with the numbers that only Python takes.
func encodePrompt(v any) string {
	switch v := v.(type) {
	case json.RawMessage:
		return string(v)
	case float64:
		if v == float64(int64(v)) {
			return fmt.Sprintf("%.1f", v)
		}
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = encodePrompt(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, fmt.Sprintf("%q: %s", k, encodePrompt(v[k])))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// inAnyOrder gives the classes of the table with their inputs shuffled: the
// server walks over them in the order of a set.
func inAnyOrder(r *rand.Rand) func(name string) *nodes.Class {
	seen := map[string]*nodes.Class{}
	return func(name string) *nodes.Class {
		c := nodes.Lookup(name)
		if c == nil {
			return nil
		}
		if seen[name] == nil {
			shuffled := *c
			shuffled.Required, shuffled.Optional = slices.Clone(c.Required), slices.Clone(c.Optional)
			for _, list := range [][]nodes.Input{shuffled.Required, shuffled.Optional} {
				r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			}
			seen[name] = &shuffled
		}
		return seen[name]
	}
}

// TestConformanceOfMutations compares what both servers say of random graphs
// with random mistakes.
func TestConformanceOfMutations(t *testing.T) {
	t.Parallel()
	_, theirs := sides(t, Options{})
	all, err := theirs.ask(t.Context(), http.MethodGet, "/object_info", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	version := theirs.version(t)
	known := all.Body.(map[string]any)
	m := &mutator{known: known}
	for _, c := range nodes.Classes() {
		needsFile := false
		for in := range c.EachInput() {
			needsFile = needsFile || in.Folder != ""
		}
		if !needsFile && sameDefinition(t, known[c.Name], c) {
			m.classes = append(m.classes, c)
		}
	}
	if !slices.ContainsFunc(m.classes, func(c *nodes.Class) bool { return c.OutputNode }) {
		t.Skip("the real server's saving nodes are of another version: they have outputs")
	}
	for seed := range uint64(1000) {
		m.Rand = rand.New(rand.NewPCG(seed, 1))
		head, parts := m.prompt(newUUID())
		first := shuffled(t, version, seed, 0, head, parts)
		if first.Status == http.StatusOK || !m.harmless() {
			continue
		}
		want, err := theirs.ask(t.Context(), http.MethodPost, "/prompt", promptBody(head, parts), nil)
		if err != nil {
			t.Fatal(err)
		}
		diff := cmp.Diff(want, first)
		for try := uint64(1); try < 300 && diff != ""; try++ {
			if cmp.Equal(want, shuffled(t, version, seed, try, head, parts)) {
				diff = ""
			}
		}
		if diff != "" {
			t.Errorf("seed %d: (-real +emulator):\n%s\n%s", seed, diff, promptBody(head, parts))
		}
	}
}

// sameDefinition reports whether the real server defines the class as the
// emulator does; other versions have other inputs, outputs and interfaces.
func sameDefinition(t *testing.T, theirs any, c *nodes.Class) bool {
	t.Helper()
	v, err := pyval.Decode(pyval.Encode(c.Info()))
	if err != nil {
		t.Fatal(err)
	}
	known, _ := theirs.(map[string]any)
	ours, _ := normal(v).(map[string]any)
	_, v3 := known["api_node"]
	if known == nil || v3 != c.V3 || !cmp.Equal(known["output"], ours["output"]) {
		return false
	}
	for _, section := range []string{"required", "optional"} {
		if !cmp.Equal(known["input"].(map[string]any)[section], ours["input"].(map[string]any)[section]) {
			return false
		}
	}
	return true
}

// shuffled asks a new emulator, which walks over nodes and inputs in an order
// of its own; the order number 0 is the table's.
func shuffled(t *testing.T, version string, seed, order uint64, head string, parts []string) answer {
	t.Helper()
	find := nodes.Lookup
	if order > 0 {
		r := rand.New(rand.NewPCG(seed, order))
		find = inAnyOrder(r)
		parts = slices.Clone(parts)
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	s := newServer(Options{StepTime: -1, StrictModels: true, Version: version}, nodes.Classes, find)
	defer func() { _ = s.Close() }()
	got, err := side{"http://emulator", s.Client()}.ask(t.Context(), http.MethodPost, "/prompt", promptBody(head, parts), nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
