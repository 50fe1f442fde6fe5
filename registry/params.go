package registry

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// List is the workflows of a category in file order, all for "".
func (r *Registry) List(category string) []*Workflow {
	list := []*Workflow{}
	for _, w := range r.workflows.list {
		if category == "" || w.Category == category {
			list = append(list, w)
		}
	}
	return list
}

// ValidateParams holds values against a workflow's parameters, without asking
// for those that are required. It fails with *UnknownWorkflowError, or with
// *ValuesError in the order of the values.
func (r *Registry) ValidateParams(id string, params []Arg) error {
	w, err := r.Workflow(id)
	if err != nil {
		return err
	}
	a, err := w.analyse()
	if err != nil {
		return err
	}
	v := &resolver{Call: Call{Workflow: w, analysis: a}}
	for _, arg := range params {
		p := a.parameter(arg.Name)
		if p == nil {
			v.bad(v.unknown(arg.Name))
			continue
		}
		if _, bad := p.coerce(arg); bad != nil && string(arg.JSON) != "null" {
			v.bad(*bad)
		}
	}
	if len(v.problems) > 0 {
		return &ValuesError{Workflow: id, Problems: v.problems}
	}
	return nil
}

// DefaultParams lists the declared parameters with their defaults, null for
// none, in file order.
func (r *Registry) DefaultParams(id string) ([]NamedValue, error) {
	w, err := r.Workflow(id)
	if err != nil {
		return nil, err
	}
	defaults := []NamedValue{}
	for _, p := range w.Params {
		raw := p.Default
		if len(raw) == 0 {
			raw = json.RawMessage("null")
		}
		defaults = append(defaults, NamedValue{p.Name, raw})
	}
	return defaults, nil
}

// Detail says what is wrong with a request in the words of the owner's API,
// which clients show to people: the first problem of several. It is the error's
// own text when the API has no word for it, and "" for nil.
func Detail(err error) string {
	if err == nil {
		return ""
	}
	if unknown, ok := errors.AsType[*UnknownWorkflowError](err); ok {
		return fmt.Sprintf("Workflow '%s' not found", unknown.ID)
	}
	if values, ok := errors.AsType[*ValuesError](err); ok {
		return cmp.Or(values.Problems[0].Message, err.Error())
	}
	return err.Error()
}
