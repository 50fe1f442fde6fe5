package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/worker"
)

func (s *Server) countRoutes() {
	count := operation(http.MethodPost, "/generate/count", "count-runs", "Check a request and count its runs, without queueing any", "generate")
	count.Description = "Takes what POST /generate takes and answers mistakes as that does."
	count.MaxBodyBytes, count.SkipValidateBody = s.o.Limits.Body, true
	count.Errors = append(count.Errors, http.StatusNotFound)
	count.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: bodySchema(requestSchema("generate"))}}}
	huma.Register(s.api, count, s.countRuns)
	s.bodyIs(count, requestSchema("generate"))
}

type countAnswer struct {
	Body struct {
		Runs    int      `json:"runs"`
		Each    *int64   `json:"each_ms" doc:"median of the workflow's last jobs that succeeded; null before any"`
		Total   *int64   `json:"estimated_ms" doc:"of all runs on the backends that there are now; null when it is not known"`
		EachUSD *float64 `json:"each_usd" doc:"US dollars of a run: the median time that the backend computed for the workflow's last jobs, at the price of the backends that there are now, the mean of several; null before any, and where one has no known price"`
		USD     *float64 `json:"estimated_usd" doc:"US dollars of all runs; null where each_usd is"`
		Waiting int64    `json:"waiting" doc:"jobs of all keys that have not ended and go before or beside them"`
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
	if err != nil || len(times) == 0 {
		return out, s.refused(err)
	}
	each := worker.Median(times).Milliseconds()
	out.Body.Each = &each
	places, price, err := s.places(ctx)
	if err != nil || places == 0 {
		return out, s.refused(err)
	}
	rounds := int64((len(p.points) + places - 1) / places)
	total := rounds * each
	out.Body.Total = &total
	if price == 0 {
		return out, nil
	}
	computed, err := s.computed(ctx, p.workflow.ID)
	if err != nil || len(computed) == 0 {
		return out, s.refused(err)
	}
	usd := worker.Median(computed).Hours() * price
	all := usd * float64(len(p.points))
	out.Body.EachUSD, out.Body.USD = &usd, &all
	return out, nil
}

// places is how many backends answer now, and what an hour of one costs in US
// dollars, the mean of them; 0 when the price of one is not known.
func (s *Server) places(ctx context.Context) (n int, price float64, err error) {
	list, err := s.listBackends(ctx, nil)
	if err != nil {
		return 0, 0, err
	}
	known := true
	for _, b := range list.Body.Backends {
		if b.State == "unreachable" {
			continue
		}
		n++
		if b.USDPerHour == nil {
			known = false
			continue
		}
		price += *b.USDPerHour
	}
	if !known || n == 0 {
		return n, 0, nil
	}
	return n, price / float64(n), nil
}

// countedJobs are the last ones that an estimate is made of.
const countedJobs = 20

// computed is how long backends computed for the last jobs of a workflow, which is
// what they cost. Of a run that was served from a backend's memory it says nothing.
func (s *Server) computed(ctx context.Context, workflow string) ([]time.Duration, error) {
	last, err := s.o.DB.Jobs(ctx, jobs.Filter{Workflow: workflow, States: []jobs.State{jobs.Succeeded}, Cleared: true, Limit: countedJobs})
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for _, j := range last {
		var result struct {
			Cached bool     `json:"cached"`
			Cost   run.Cost `json:"cost"`
		}
		if j.Result != nil && json.Unmarshal(j.Result, &result) == nil && !result.Cached {
			all = append(all, time.Duration(result.Cost.GPUSeconds*float64(time.Second)))
		}
	}
	return all, nil
}
