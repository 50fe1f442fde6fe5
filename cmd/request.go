package cmd

import (
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// readParams reads --params: an object of parameter names and values, in JSON
// or YAML, integers exact.
func (a *app) readParams(name string) ([]plan.Value, error) {
	data, err := a.readFile("--params", name)
	if err != nil {
		return nil, err
	}
	object, err := registry.DecodeObject(name, data)
	if err != nil {
		return nil, err
	}
	var values []plan.Value
	for _, m := range object {
		values = append(values, plan.Value{Name: m.Name, JSON: m.JSON, Origin: registry.FromParams})
	}
	return values, nil
}

// readRequest reads --request.
func (a *app) readRequest(name string) (*plan.Request, error) {
	data, err := a.readFile("--request", name)
	if err != nil {
		return nil, err
	}
	if name == "-" {
		name = "stdin"
	}
	return plan.DecodeRequest(name, data)
}

// requestedWorkflow is the workflow_id of --request, for a command line
// without WORKFLOW.
func (a *app) requestedWorkflow(name string) (string, bool) {
	r, err := a.readRequest(name)
	if err != nil {
		return "", false // the command says so when it runs
	}
	return r.Workflow, r.Workflow != ""
}
