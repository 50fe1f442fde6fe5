package importer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Mapping is how another program describes the parameters of a graph, in a
// file of its own:
//
//	{"name": "...", "param_mapping": [{"name", "type", "default", "description", "targets": [{"node_id", "field"}]}]}   comfy-swap
//	{"parameters": {"NAME": {"node_id", "field", "type", "required", "description", "min", "max", "choices"}}}           comfyui-skill
//	{"nodeInfoList": [{"nodeId", "fieldName", "description"}]}, or the list alone                                        RunningHub
type Mapping struct {
	Title  string
	Params []*registry.Parameter
}

// ReadMapping reads such a description. ok is false when data is none.
func ReadMapping(data []byte) (m Mapping, ok bool) {
	var file struct {
		Name       string           `json:"name"`
		Swap       []mappedParam    `json:"param_mapping"`
		Parameters json.RawMessage  `json:"parameters"`
		Hub        []mappedNodeInfo `json:"nodeInfoList"`
	}
	data = comfy.ReplaceNonFinite(data)
	if json.Unmarshal(data, &file.Hub) != nil {
		_ = json.Unmarshal(data, &file) // what does not fit is not described
	}
	m.Title = file.Name
	for _, p := range file.Swap {
		m.add(p.Name, p)
	}
	m.addNamed(file.Parameters)
	for _, info := range file.Hub {
		p := mappedParam{Description: info.Description}
		p.Node, p.Field = info.Node, info.Field
		m.add(info.Field, p)
	}
	return m, len(m.Params) > 0
}

// addNamed reads an object of parameters in its order.
func (m *Mapping) addNamed(raw json.RawMessage) {
	members, err := registry.DecodeObject("parameters.json", raw)
	if err != nil {
		return // no object: no parameters
	}
	for _, member := range members {
		var p mappedParam
		if json.Unmarshal(member.JSON, &p) == nil {
			m.add(member.Name, p)
		}
	}
}

// A mappedParam is a parameter in any of the forms.
type mappedParam struct {
	mappedTarget
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Description string          `json:"description"`
	Required    bool            `json:"required"`
	Default     json.RawMessage `json:"default"`
	Min         json.Number     `json:"min"`
	Max         json.Number     `json:"max"`
	Step        json.Number     `json:"step"`
	Choices     []string        `json:"choices"`
	Targets     []mappedTarget  `json:"targets"`
}

type mappedTarget struct {
	Node  looseID `json:"node_id"`
	Field string  `json:"field"`
}

type mappedNodeInfo struct {
	Node        looseID `json:"nodeId"`
	Field       string  `json:"fieldName"`
	Description string  `json:"description"`
}

// A looseID is a node id, as text or as a number.
type looseID string

func (id *looseID) UnmarshalJSON(data []byte) error {
	*id = looseID(word(data))
	return nil
}

func (m *Mapping) add(name string, p mappedParam) {
	param := &registry.Parameter{
		Name: name, Label: name, Description: strings.TrimSpace(p.Description), Required: p.Required,
		Min: p.Min, Max: p.Max, Step: p.Step, Choices: p.Choices,
	}
	switch p.Type {
	case "integer", "int":
		param.Type = registry.TypeInt
	case "float", "number":
		param.Type = registry.TypeFloat
	case "boolean", "bool":
		param.Type = registry.TypeBool
	}
	if len(p.Choices) > 0 {
		param.Type = registry.TypeEnum
	}
	for _, t := range append(p.Targets, p.mappedTarget) {
		if at := (comfy.Target{Node: string(t.Node), Input: t.Field}); at.Node != "" && at.Input != "" && !slices.Contains(param.Targets, at) {
			param.Targets = append(param.Targets, at)
		}
	}
	if name != "" && len(param.Targets) > 0 {
		m.Params = append(m.Params, param)
	}
}

// on keeps of a mapping what a graph has, and says what it does not.
func (m Mapping) on(g *comfy.Graph) (params []*registry.Parameter, notes []string) {
	for _, p := range m.Params {
		kept := *p
		kept.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(t comfy.Target) bool {
			n := g.Node(t.Node)
			if n != nil {
				if v, ok := n.Inputs.Get(t.Input); ok {
					_, linked := comfy.LinkOf(v)
					return linked
				}
			}
			notes = append(notes, fmt.Sprintf("the description names %s for %s, which the graph does not have", t, p.Name))
			return true
		})
		if len(kept.Targets) == 0 {
			continue
		}
		v, _ := g.Node(kept.Targets[0].Node).Inputs.Get(kept.Targets[0].Input)
		if text := len(v) > 0 && v[0] == '"'; text && (kept.Type == registry.TypeInt || kept.Type == registry.TypeFloat || kept.Type == registry.TypeBool) || kept.Targets[0].Input == "seed" || kept.Targets[0].Input == "noise_seed" {
			kept.Type = "" // the graph knows better
		}
		params = append(params, &kept)
	}
	return params, notes
}
