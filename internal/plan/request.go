package plan

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Request is what somebody asks for in the form of the HTTP API, which is also
// that of --request and example_payload. It knows no parameters yet.
type Request struct {
	Name      string // of the file, for messages
	Workflow  string
	Character string
	Texts     map[registry.Role]json.RawMessage // prompt, negative and mask
	Images    []string
	Inputs    []registry.NamedValue
	Params    []registry.NamedValue
	Mask      *Mask
	MaskKey   string // the first key that says something of the mask
	Count     int
}

// DecodeRequest reads a request; name is the file for messages. Unknown keys
// and values of a wrong kind are errors; integers stay exact.
func DecodeRequest(name string, data []byte) (*Request, error) {
	members, err := registry.DecodeObject(name, data)
	if err != nil {
		return nil, err
	}
	r := &Request{Name: name, Texts: map[registry.Role]json.RawMessage{}}
	for _, m := range members {
		if string(m.JSON) == "null" {
			continue
		}
		if err := r.take(m.Name, m.JSON); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// take reads one key.
func (r *Request) take(key string, raw json.RawMessage) (err error) {
	switch key {
	case "workflow_id":
		r.Workflow, err = r.word(key, raw)
	case "character_id":
		r.Character, err = r.word(key, raw)
	case "prompt":
		r.Texts[registry.RolePrompt] = raw
	case "negative":
		r.Texts[registry.RoleNegative] = raw
	case "mask":
		_, err = r.fileName(key, raw)
		r.Texts[registry.RoleMask] = raw
	case "input_image":
		return r.takeImages(key, []json.RawMessage{raw})
	case "input_images":
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return r.bad(key, "a list of files")
		}
		return r.takeImages(key, list)
	case "inputs":
		r.Inputs, err = r.object(key, raw)
	case "params":
		r.Params, err = r.object(key, raw)
	case "count":
		if json.Unmarshal(raw, &r.Count) != nil || r.Count < 1 {
			return r.bad(key, "a number of runs, at least 1")
		}
	default:
		return r.takeMask(key, raw)
	}
	return err
}

func (r *Request) takeImages(key string, list []json.RawMessage) error {
	for _, raw := range list {
		file, err := r.fileName(key, raw)
		if err != nil {
			return err
		}
		r.Images = append(r.Images, file)
	}
	return nil
}

// takeMask reads what draws a mask; any other key is unknown.
func (r *Request) takeMask(key string, raw json.RawMessage) error {
	if !slices.Contains(maskKeys(), key) {
		return r.unknown(key)
	}
	if r.Mask == nil {
		r.Mask, r.MaskKey = &Mask{}, key
	}
	if r.Mask.set(key, raw) != nil {
		return r.bad(key, maskForm(key))
	}
	return nil
}

func (r *Request) bad(key, want string) error { return &FormError{File: r.Name, Key: key, Want: want} }

func (r *Request) word(key string, raw json.RawMessage) (string, error) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", r.bad(key, "text")
	}
	return s, nil
}

// fileName reads a file's name. "-" means stdin only in flags.
func (r *Request) fileName(key string, raw json.RawMessage) (string, error) {
	s, err := r.word(key, raw)
	if err == nil && (s == "" || s == "-") {
		err = r.bad(key, "the name of a file")
	}
	return s, err
}

func (r *Request) object(key string, raw json.RawMessage) ([]registry.NamedValue, error) {
	members, err := registry.DecodeObject(r.Name+", "+key, raw)
	if err != nil && len(raw) > 0 && raw[0] == '{' {
		return nil, err
	}
	if err != nil {
		return nil, r.bad(key, "an object of names and values")
	}
	return members, nil
}

func (r *Request) unknown(key string) error {
	known := []string{
		"workflow_id", "character_id", "input_image", "input_images", "mask", "mask_rect", "expand", "inputs", "prompt", "negative", "params", "count",
	}
	return &UnknownKeyError{File: r.Name, Key: key, Known: known, Nearest: nearest.To(key, known, 2)}
}

// Order is the request for a workflow, which says where its texts and files go.
func (r *Request) Order(wf *registry.Workflow) (Order, error) {
	if r.Workflow != "" && r.Workflow != wf.ID {
		return Order{}, &OtherWorkflowError{File: r.Name, Asked: r.Workflow, Workflow: wf.ID}
	}
	params, err := wf.Parameters()
	if err != nil {
		return Order{}, err
	}
	if r.Mask != nil && WithRole(params, registry.RoleMask) == nil {
		return Order{}, &NoMaskError{Key: r.MaskKey}
	}
	o := Order{Workflow: r.Workflow, Character: r.Character, Count: r.Count, Mask: r.Mask}
	for _, role := range []registry.Role{registry.RolePrompt, registry.RoleNegative, registry.RoleMask} {
		if raw, ok := r.Texts[role]; ok {
			o = o.with(Value{Name: nameOf(params, role), JSON: raw, Origin: registry.FromParams})
		}
	}
	for _, m := range r.Inputs {
		o.takeInput(m, params)
	}
	for _, file := range r.Images {
		o.Files = append(o.Files, File{Type: registry.TypeImage, Path: file, Origin: registry.FromParams})
	}
	for _, m := range r.Params {
		o = o.with(Value{Name: m.Name, JSON: m.JSON, Origin: registry.FromParams})
	}
	return o, nil
}

// takeInput adds one of a request's named inputs. A single picture takes its
// place from those without a name, anything else is a value like others.
func (o *Order) takeInput(m registry.NamedValue, params []*registry.Parameter) {
	i := slices.IndexFunc(params, func(p *registry.Parameter) bool { return p.Name == m.Name })
	var file string
	if i >= 0 && params[i].Type == registry.TypeImage && json.Unmarshal(m.JSON, &file) == nil {
		o.Files = append(o.Files, File{Type: registry.TypeImage, Parameter: m.Name, Path: file, Origin: registry.FromParams})
		return
	}
	o.Values = append(o.Values, Value{Name: m.Name, JSON: m.JSON, Origin: registry.FromParams})
}

// WithRole is the parameter that has a role, or nil.
func WithRole(params []*registry.Parameter, role registry.Role) *registry.Parameter {
	i := slices.IndexFunc(params, func(p *registry.Parameter) bool { return p.Role == role })
	if i < 0 {
		return nil
	}
	return params[i]
}

// nameOf is the parameter that has a role, or the role's own name, so that the
// error about a missing one says why.
func nameOf(params []*registry.Parameter, role registry.Role) string {
	if p := WithRole(params, role); p != nil {
		return p.Name
	}
	return string(role)
}

// JSONText is the string in a value, or its JSON.
func JSONText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(bytes.TrimSpace(raw))
}
