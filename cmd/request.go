package cmd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A request is a run in the form of the HTTP API: what --request reads and
// example_payload holds.
type request struct {
	file     string
	workflow string
	person   string
	texts    map[registry.Role]json.RawMessage // prompt, negative and mask
	images   []string
	inputs   []registry.NamedValue
	params   []registry.NamedValue
	masks    []registry.NamedValue // mask_rect and the like, expand: each is a flag
	count    int
}

// readRequest reads --request.
func (a *app) readRequest(name string) (*request, error) {
	data, err := a.readFile("--request", name)
	if err != nil {
		return nil, err
	}
	if name == "-" {
		name = "stdin"
	}
	return decodeRequest(name, data)
}

// decodeRequest reads a request; name is the file for messages. Unknown keys
// and values of a wrong kind are errors; integers stay exact.
func decodeRequest(name string, data []byte) (*request, error) {
	members, err := registry.DecodeObject(name, data)
	if err != nil {
		return nil, err
	}
	r := &request{file: name, texts: map[registry.Role]json.RawMessage{}}
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

func (r *request) bad(key, want string) error {
	return &invalidError{fmt.Sprintf("%s: %s must be %s", r.file, key, want), "easel workflows show ID --json prints an example_payload"}
}

// take reads one key.
func (r *request) take(key string, raw json.RawMessage) (err error) {
	switch key {
	case "workflow_id":
		r.workflow, err = r.word(key, raw)
	case "character_id":
		r.person, err = r.word(key, raw)
	case "prompt":
		r.texts[registry.RolePrompt] = raw
	case "negative":
		r.texts[registry.RoleNegative] = raw
	case "mask":
		_, err = r.name(key, raw)
		r.texts[registry.RoleMask] = raw
	case "input_image":
		var file string
		file, err = r.name(key, raw)
		r.images = append(r.images, file)
	case "input_images":
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return r.bad(key, "a list of files")
		}
		for _, item := range list {
			file, err := r.name(key, item)
			if err != nil {
				return err
			}
			r.images = append(r.images, file)
		}
	case "inputs":
		r.inputs, err = r.object(key, raw)
	case "params":
		r.params, err = r.object(key, raw)
	case "count":
		if json.Unmarshal(raw, &r.count) != nil || r.count < 1 {
			return r.bad(key, "a number of runs, at least 1")
		}
	default:
		if key == "mask_preview" || !isMaskFlag(strings.ReplaceAll(key, "_", "-")) {
			return r.unknown(key)
		}
		r.masks = append(r.masks, registry.NamedValue{Name: key, JSON: raw})
	}
	return err
}

func (r *request) word(key string, raw json.RawMessage) (string, error) {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", r.bad(key, "text")
	}
	return s, nil
}

// name reads a file's name. "-" means stdin only in flags.
func (r *request) name(key string, raw json.RawMessage) (string, error) {
	s, err := r.word(key, raw)
	if err == nil && (s == "" || s == "-") {
		err = r.bad(key, "the name of a file")
	}
	return s, err
}

func (r *request) object(key string, raw json.RawMessage) ([]registry.NamedValue, error) {
	members, err := registry.DecodeObject(r.file, raw)
	if err != nil {
		return nil, r.bad(key, "an object of names and values")
	}
	return members, nil
}

func (r *request) unknown(key string) error {
	known := []string{
		"workflow_id", "character_id", "input_image", "input_images", "mask", "mask_rect", "expand", "inputs", "prompt", "negative", "params", "count",
	}
	hint := "the keys are " + strings.Join(known, ", ") + "; parameters stand under params"
	if near := comfy.Nearest(key, known, 2); len(near) > 0 {
		hint = problem.DidYouMean(near)
	}
	return &invalidError{fmt.Sprintf("%s: unknown key %q", r.file, key), hint}
}

// requestedWorkflow is the workflow_id of --request, for a command line
// without WORKFLOW.
func (a *app) requestedWorkflow(name string) (string, bool) {
	r, err := a.readRequest(name)
	if err != nil {
		return "", false // the command says so when it runs
	}
	return r.workflow, r.workflow != ""
}

// useRequest lays the request under the flags: what a flag gives is not taken
// from it.
func (o *generateOptions) useRequest(params []*registry.Parameter) ([]registry.Arg, error) {
	if o.request == "" {
		return nil, nil
	}
	r, err := o.app.readRequest(o.request)
	if err != nil {
		return nil, err
	}
	if wf := o.target.workflow.ID; r.workflow != "" && r.workflow != wf {
		return nil, &invalidError{
			fmt.Sprintf("%s is a request for workflow %s, and not for %s", r.file, r.workflow, wf),
			"leave WORKFLOW or workflow_id out, or make them agree",
		}
	}
	if o.character == "" {
		o.character = r.person
	}
	if r.count > 0 && !o.changed("count") {
		o.count = r.count
	}
	if err := o.drawRequested(r); err != nil {
		return nil, err
	}
	var args []registry.Arg
	for _, role := range []registry.Role{registry.RolePrompt, registry.RoleNegative, registry.RoleMask} {
		if raw, ok := r.texts[role]; ok {
			args = append(args, registry.Arg{Name: nameOf(params, role), JSON: raw, Origin: registry.FromParams})
		}
	}
	args = append(args, o.requestInputs(r, params)...)
	for _, m := range r.params {
		args = append(args, registry.Arg{Name: m.Name, JSON: m.JSON, Origin: registry.FromParams})
	}
	return args, nil
}

// drawRequested gives what the request says of masks to the flags of the same
// names, unless they are given.
func (o *generateOptions) drawRequested(r *request) error {
	for _, m := range r.masks {
		flag := strings.ReplaceAll(m.Name, "_", "-")
		switch {
		case o.given.Lookup(flag) == nil:
			return noSuchInput(o.target.workflow, flag)
		case o.changed(flag):
			continue
		}
		var several []json.RawMessage // --mask-rect is repeatable
		if json.Unmarshal(m.JSON, &several) != nil {
			several = []json.RawMessage{m.JSON}
		}
		for _, raw := range several {
			if o.given.Set(flag, jsonText(raw)) != nil {
				return r.bad(m.Name, "what --"+flag+" takes")
			}
		}
	}
	return nil
}

// requestInputs gives the request's pictures to --image, which knows where
// they go, and its other files to their parameters.
func (o *generateOptions) requestInputs(r *request, params []*registry.Parameter) []registry.Arg {
	var images []string
	var args []registry.Arg
	loose := !slices.ContainsFunc(o.images, func(given string) bool { return !strings.Contains(given, "=") })
	for _, m := range r.inputs {
		i := slices.IndexFunc(params, func(p *registry.Parameter) bool { return p.Name == m.Name })
		var file string
		if i < 0 || params[i].Type != registry.TypeImage || json.Unmarshal(m.JSON, &file) != nil {
			args = append(args, registry.Arg{Name: m.Name, JSON: m.JSON, Origin: registry.FromParams})
			continue
		}
		if !slices.ContainsFunc(o.images, func(given string) bool { return strings.HasPrefix(given, m.Name+"=") }) {
			images = append(images, m.Name+"="+file)
		}
	}
	if loose {
		images = append(images, r.images...)
	}
	o.images = append(images, o.images...)
	return args
}

// nameOf is the parameter that has a role, or the role's own name, so that the
// error about a missing one says why.
func nameOf(params []*registry.Parameter, role registry.Role) string {
	if p := byRole(params, role); p != nil {
		return p.Name
	}
	return string(role)
}
