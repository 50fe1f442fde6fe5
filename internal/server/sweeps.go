package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/registry"
)

func (s *Server) countRoutes() {
	count := operation(http.MethodPost, "/generate/count", "count-runs", "Check a request and count its runs, without queueing any", "generate")
	count.Description = "Takes what POST /generate takes and answers mistakes as that does."
	count.MaxBodyBytes, count.SkipValidateBody = s.o.Limits.Body, true
	count.Errors = append(count.Errors, http.StatusNotFound)
	count.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/" + requestSchema("generate")}}}}
	huma.Register(s.api, count, s.countRuns)
	s.bodyIs(count, requestSchema("generate"))
}

type countAnswer struct {
	Body struct {
		Runs    int    `json:"runs"`
		Each    *int64 `json:"each_ms" doc:"median of the workflow's last jobs that succeeded; null before any"`
		Total   *int64 `json:"estimated_ms" doc:"of all runs on the backends that there are now; null when it is not known"`
		Waiting int64  `json:"waiting" doc:"jobs of all keys that have not ended and go before or beside them"`
	}
}

func (s *Server) countRuns(ctx context.Context, in *struct {
	RawBody []byte `contentType:"application/json"`
},
) (*countAnswer, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	p, err := s.prepare(ctx, in.RawBody, func(*plan.Request) error { return nil })
	if err != nil {
		return nil, s.refused(err)
	}
	out := &countAnswer{}
	out.Body.Runs = len(p.points)
	counts, err := s.o.DB.Counts(ctx)
	if err != nil {
		return nil, s.refused(err)
	}
	out.Body.Waiting = counts[jobs.Queued] + counts[jobs.Running]
	times, err := s.o.DB.Durations(ctx, p.workflow.ID)
	if err != nil {
		return nil, s.refused(err)
	}
	if len(times) == 0 {
		return out, nil
	}
	each := slices.Sorted(slices.Values(times))[len(times)/2].Milliseconds()
	out.Body.Each = &each
	places, err := s.places(ctx)
	if err != nil || places == 0 {
		return out, s.refused(err)
	}
	rounds := int64((len(p.points) + places - 1) / places)
	total := rounds * each
	out.Body.Total = &total
	return out, nil
}

// places is how many backends answer now.
func (s *Server) places(ctx context.Context) (int, error) {
	list, err := s.listBackends(ctx, nil)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, b := range list.Body.Backends {
		if b.State != "unreachable" {
			n++
		}
	}
	return n, nil
}

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
		return nil, nil, invalid("sweep", "a request has at most "+strconv.Itoa(mostSweeps)+" sweeps", "")
	}
	var all []plan.Sweep
	for _, m := range members {
		if m.Name == "workflow" {
			return nil, nil, invalid("sweep.workflow", "a request has one workflow", "POST "+apiPath+"/generate/batch takes items of several")
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
		return invalid("sweep."+sweep.Name, sweep.Error(), "")
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
