package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

// mostSweeps is as in easel batch.
const mostSweeps = 64

// sweeps reads the sweeps of a request, with the files that their values name
// looked up.
func (s *Server) sweeps(ctx context.Context, wf *registry.Workflow, job ours) (product, zip []plan.Sweep, err error) {
	if job.Sweep == nil || string(job.Sweep) == "null" {
		return nil, nil, nil
	}
	members, err := registry.DecodeObject("sweep", job.Sweep)
	if err != nil {
		return nil, nil, invalid("sweep", "sweep is an object of values by parameter", `{"steps": "10,20,30"}`)
	}
	params, err := wf.Parameters()
	if err != nil {
		return nil, nil, err
	}
	if len(members) > mostSweeps {
		return nil, nil, invalid("sweep", "a request has at most "+strconv.Itoa(mostSweeps)+" sweeps", "send several requests")
	}
	var all []plan.Sweep
	for _, m := range members {
		if m.Name == "workflow" {
			return nil, nil, invalid("sweep.workflow", "a request has one workflow", "POST "+apiPath+"/generate/batch takes items of several")
		}
		if m.Name, err = reach(ctx, wf, m.Name); err != nil {
			return nil, nil, err
		}
		if takesFile(params, m.Name) {
			if m.JSON, err = s.findInputJSON(ctx, "sweep."+m.Name, m.JSON); err != nil {
				return nil, nil, err
			}
		}
		all = append(all, plan.Sweep{Name: m.Name, JSON: m.JSON})
	}
	if !job.Zip {
		return all, nil, nil
	}
	if len(all) < 2 {
		return nil, nil, invalid("zip", "zip pairs sweeps, and there are not two", `{"sweep": {"steps": "10,20", "guidance": "2,3"}, "zip": true}`)
	}
	return nil, all, nil
}

// sweepFailure says which sweep is wrong.
func sweepFailure(err error) error {
	if sweep, ok := errors.AsType[*plan.SweepError](err); ok {
		return invalid("sweep."+sweep.Name, sweep.Error(), `values are "10,20,30", "1..8" or "2:5:0.5"`)
	}
	if many, ok := errors.AsType[*plan.TooManyRunsError](err); ok {
		return &statusError{
			Status: http.StatusBadRequest, Code: "invalid_parameter", Detail: many.Error(), Hint: "send several requests",
			Errors: []fieldError{{Field: "count", Message: many.Error(), Allowed: "1 to " + strconv.Itoa(many.Most)}},
		}
	}
	return err
}

// sweepPoint is where a run stands in its sweeps, as rows keep it; nil without.
func sweepPoint(axes []plan.Axis) json.RawMessage {
	if len(axes) == 0 {
		return nil
	}
	text := []byte{'{'}
	for i, a := range axes {
		if i > 0 {
			text = append(text, ',')
		}
		name, _ := json.Marshal(a.Name) // texts do not fail
		value, _ := json.Marshal(a.Value)
		text = append(append(append(text, name...), ':'), value...)
	}
	return append(text, '}')
}

// pointText is a point of sweepPoint in one line, parameters in their order; "" where
// there is none.
func pointText(point json.RawMessage) string {
	read := json.NewDecoder(bytes.NewReader(point))
	if _, err := read.Token(); err != nil { // {
		return ""
	}
	var parts []string
	for read.More() {
		name, err := read.Token()
		var value string
		if err != nil || read.Decode(&value) != nil {
			return ""
		}
		parts = append(parts, fmt.Sprintf("%s=%s", name, value))
	}
	return strings.Join(parts, " ")
}
