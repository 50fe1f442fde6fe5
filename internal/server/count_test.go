package server

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// counted asks what a request would take.
func (h *house) counted(body string) (c countAnswer) {
	h.t.Helper()
	h.want(200, h.ask("POST", "/api/v1/generate/count", body)).into(h.t, &c.Body)
	return c
}

// report says how a backend is, as a process that runs jobs does.
func (h *house) report(name, how string) {
	h.t.Helper()
	if err := h.db.ReportBackend(h.t.Context(), name, json.RawMessage(how)); err != nil {
		h.t.Fatal(err)
	}
}

func TestCountingRunsAndTheirCost(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, price: 3.6})
	body := `{"workflow_id": "flux_single", "prompt": "a fox", "count": 3}`
	if c := h.counted(body).Body; c.Runs != 3 || c.Each != nil || c.EachUSD != nil || c.USD != nil {
		t.Errorf("before any run the count is %+v", c)
	}
	var j jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id": "flux_single", "prompt": "a fox"}`)).into(t, &j)
	if j.State != jobs.Succeeded {
		t.Fatalf("the job is %+v", j)
	}
	kept, err := h.db.Job(t.Context(), j.ID)
	if err != nil {
		t.Fatal(err)
	}
	var result struct {
		Cost struct {
			Seconds float64  `json:"gpu_seconds"`
			USD     *float64 `json:"usd"`
		}
	}
	if err := json.Unmarshal(kept.Result, &result); err != nil || result.Cost.USD == nil {
		t.Fatalf("the result is %s, %v", kept.Result, err)
	}
	h.report("emulator", `{"state": "idle", "usd_per_hour": 3.6}`)
	near := func(got *float64, want float64) bool { return got != nil && math.Abs(*got-want) < 1e-9 }
	if c := h.counted(body).Body; !near(c.EachUSD, *result.Cost.USD) || !near(c.USD, 3*(*result.Cost.USD)) || c.Total == nil {
		t.Errorf("after a run that cost %g the count is %+v", *result.Cost.USD, c)
	}
	h.report("dear", `{"state": "busy", "usd_per_hour": 10.8}`)
	if c := h.counted(body).Body; !near(c.EachUSD, 2*(*result.Cost.USD)) {
		t.Errorf("of two backends the count is %+v", c)
	}
	h.report("away", `{"state": "unreachable"}`)
	if c := h.counted(body).Body; !near(c.EachUSD, 2*(*result.Cost.USD)) {
		t.Errorf("a backend that is away counts: %+v", c)
	}
	h.report("own", `{"state": "idle"}`)
	if c := h.counted(body).Body; c.EachUSD != nil || c.USD != nil || c.Total == nil {
		t.Errorf("with a backend of no known price the count is %+v", c)
	}
}
