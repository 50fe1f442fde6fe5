package comfy

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// ClassInfo is a node definition: what a class takes and gives. Source:
// GET /object_info.
type ClassInfo struct {
	Name         string
	DisplayName  string
	Description  string
	Category     string
	Module       string // python_module: nodes, comfy_extras.x, custom_nodes.y
	Inputs       []InputInfo
	Outputs      []OutputInfo
	OutputNode   bool // its result is a reason to run a graph
	Deprecated   bool
	Experimental bool
	APINode      bool // it calls a paid service
}

// InputInfo is one input of a class.
type InputInfo struct {
	Name     string
	Type     string // INT, FLOAT, STRING, BOOLEAN, COMBO, IMAGE, "INT,FLOAT", "*", ...; COMBO also for the older form
	Required bool
	Hidden   bool     // filled by the server, never sent
	Choices  []string // of a COMBO or dynamic combo, as text; nil when the server does not list them
	// Values are Choices as JSON, since numbers and booleans may be among them.
	Values   []json.RawMessage
	Min, Max json.Number     // "" when there is no limit; exact to 2^64-1
	Step     json.Number     // what the editor offers; servers do not insist on it
	Default  json.RawMessage // what the editor starts with; servers never apply it
	Tooltip  string
	Options  json.RawMessage // all options as the server sent them, nil when there are none
}

// OutputInfo is one output of a class.
type OutputInfo struct {
	Name string
	Type string
	List bool
}

// Input returns the input of this name, or nil.
func (ci *ClassInfo) Input(name string) *InputInfo {
	for i := range ci.Inputs {
		if ci.Inputs[i].Name == name {
			return &ci.Inputs[i]
		}
	}
	return nil
}

// Upload reports whether the editor lets people upload a file for this input.
// Its list is then only what was there when it was asked for.
func (in *InputInfo) Upload() bool {
	var o map[string]json.RawMessage
	_ = json.Unmarshal(in.Options, &o) // options of another shape say nothing
	for _, k := range []string{"image_upload", "video_upload", "audio_upload", "file_upload"} {
		if string(o[k]) == "true" {
			return true
		}
	}
	return false
}

// definitionsAtOnce is how many classes are asked for at a time: the server
// answers one after the other, the rest hides the way there and back.
const definitionsAtOnce = 4

// Definitions implements Backend. All definitions are several MB, during which
// the server does nothing else: name classes where a few will do.
func (c *Client) Definitions(ctx context.Context, classes ...string) (map[string]*ClassInfo, error) {
	if len(classes) == 0 {
		return c.objectInfo(ctx, "/object_info")
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		first error
		defs  = make(map[string]*ClassInfo, len(classes))
		slots = make(chan struct{}, definitionsAtOnce)
	)
	for _, class := range classes {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			one, err := c.objectInfo(ctx, "/object_info/"+url.PathEscape(class))
			mu.Lock()
			defer mu.Unlock()
			if err != nil && first == nil {
				first = err
				stop(err) // the others would be for nothing
			}
			if info := one[class]; info != nil {
				defs[class] = info
			}
		})
	}
	wg.Wait()
	if first != nil {
		return nil, first
	}
	return defs, nil
}

func (c *Client) objectInfo(ctx context.Context, path string) (map[string]*ClassInfo, error) {
	var defs map[string]*ClassInfo
	err := transport.Again(ctx, func() error {
		k := transport.Call{Path: path, Timeout: c.times.Definitions}
		var raw json.RawMessage
		if err := c.wire.AskJSON(ctx, k, &raw); err != nil {
			return err
		}
		var err error
		if defs, err = ParseObjectInfo(raw); err != nil {
			return &UnreachableError{Address: c.Address(), Reason: "the answer to GET /object_info is not what ComfyUI sends", Err: err}
		}
		return nil
	})
	return defs, err
}

// ParseObjectInfo reads an answer to GET /object_info. Definitions, inputs and
// options of a shape that no ComfyUI documents are skipped, one by one.
func ParseObjectInfo(data []byte) (map[string]*ClassInfo, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(ReplaceNonFinite(data), &raw); err != nil {
		return nil, err
	}
	defs := make(map[string]*ClassInfo, len(raw))
	for name, v := range raw {
		if ci := readClass(name, v); ci != nil {
			defs[name] = ci
		}
	}
	return defs, nil
}

func readClass(name string, data json.RawMessage) *ClassInfo {
	var m struct {
		Input        json.RawMessage            `json:"input"`
		Order        map[string]json.RawMessage `json:"input_order"`
		Output       []json.RawMessage          `json:"output"`
		OutputName   json.RawMessage            `json:"output_name"`
		OutputList   []json.RawMessage          `json:"output_is_list"`
		DisplayName  looseString                `json:"display_name"`
		Description  looseString                `json:"description"`
		Category     looseString                `json:"category"`
		Module       looseString                `json:"python_module"`
		OutputNode   json.RawMessage            `json:"output_node"`
		Deprecated   json.RawMessage            `json:"deprecated"`
		Experimental json.RawMessage            `json:"experimental"`
		APINode      json.RawMessage            `json:"api_node"`
	}
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	_ = json.Unmarshal(data, &m) // what does not fit stays empty
	isTrue := func(v json.RawMessage) bool { return string(v) == "true" }
	ci := &ClassInfo{
		Name: name, DisplayName: string(m.DisplayName), Description: string(m.Description),
		Category: string(m.Category), Module: string(m.Module), OutputNode: isTrue(m.OutputNode),
		Deprecated: isTrue(m.Deprecated), Experimental: isTrue(m.Experimental), APINode: isTrue(m.APINode),
	}
	if ci.DisplayName == "" {
		ci.DisplayName = name
	}
	sections := map[string]json.RawMessage{}
	_ = json.Unmarshal(m.Input, &sections)
	for _, section := range []string{"required", "optional", "hidden"} {
		ci.Inputs = append(ci.Inputs, readSection(section, sections[section], m.Order[section])...)
	}
	var names []looseString
	_ = json.Unmarshal(m.OutputName, &names)
	for i, raw := range m.Output {
		o := OutputInfo{Type: typeName(raw)}
		o.Name = o.Type
		if i < len(names) && names[i] != "" {
			o.Name = string(names[i])
		}
		o.List = i < len(m.OutputList) && isTrue(m.OutputList[i])
		ci.Outputs = append(ci.Outputs, o)
	}
	return ci
}

// readSection reads the inputs of a section in the order that the server gives.
func readSection(section string, data, order json.RawMessage) []InputInfo {
	var ins []InputInfo
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	_ = eachMember(data, func(name string, spec json.RawMessage) error {
		in, ok := readInput(name, spec)
		if section == "hidden" {
			in, ok = InputInfo{Name: name, Type: typeName(spec), Hidden: true}, true
		}
		if ok {
			in.Required = section == "required"
			ins = append(ins, in)
		}
		return nil
	})
	rank := map[string]int{}
	for i, name := range looseStrings(order) {
		rank[name] = i
	}
	slices.SortStableFunc(ins, func(a, b InputInfo) int {
		i, aOK := rank[a.Name]
		j, bOK := rank[b.Name]
		if !aOK || !bOK {
			return 0
		}
		return i - j
	})
	return ins
}

// readInput reads [type] or [type, options]; false when it is neither.
func readInput(name string, spec json.RawMessage) (InputInfo, bool) {
	var pair []json.RawMessage
	if json.Unmarshal(spec, &pair) != nil || len(pair) == 0 {
		return InputInfo{}, false
	}
	in := InputInfo{Name: name, Type: typeName(pair[0])}
	if in.Type == "" {
		return InputInfo{}, false
	}
	var o struct {
		Options json.RawMessage `json:"options"`
		Min     json.RawMessage `json:"min"`
		Max     json.RawMessage `json:"max"`
		Step    json.RawMessage `json:"step"`
		Default json.RawMessage `json:"default"`
		Tooltip looseString     `json:"tooltip"`
	}
	if len(pair) > 1 && len(pair[1]) > 0 && pair[1][0] == '{' {
		in.Options = pair[1]
		_ = json.Unmarshal(pair[1], &o) // what does not fit stays empty
	}
	in.Min, in.Max, in.Step = number(o.Min), number(o.Max), number(o.Step)
	in.Tooltip = string(o.Tooltip)
	if string(o.Default) != "null" {
		in.Default = o.Default
	}
	choices := o.Options
	if pair[0][0] == '[' {
		choices = pair[0]
	}
	if in.Type == "COMBO" && json.Unmarshal(choices, &in.Values) == nil {
		for _, v := range in.Values {
			in.Choices = append(in.Choices, plainText(v))
		}
	}
	if in.Type == dynamicCombo {
		for _, o := range comboOptions(in.Options) {
			in.Choices = append(in.Choices, o.Key)
			in.Values = append(in.Values, RawString(o.Key))
		}
	}
	return in, true
}

// typeName is a type as text; a list of choices is the older form of COMBO.
func typeName(v json.RawMessage) string {
	v = bytes.TrimSpace(v)
	switch {
	case len(v) == 0:
		return ""
	case v[0] == '[':
		// A hidden input of newer nodes is ["PROMPT"], which looks the same.
		return "COMBO"
	case v[0] == '"':
		return strings.TrimSpace(plainText(v))
	}
	return ""
}

func number(v json.RawMessage) json.Number {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return ""
	}
	return json.Number(v)
}
