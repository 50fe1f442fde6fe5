package run

import (
	"encoding/json"
	"slices"
	"sync/atomic"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// The time a run will take is looked for among so many of the last runs of
// this machine, and is the median of at most so many of the same kind.
const (
	expectScan   = 50
	expectSample = 9
)

// expectation reads in the background how long earlier runs of the same
// workflow took on the same backend. get is the median of their executions, 0
// while it is not known; stop ends the reading and waits for its end.
func (r *Runner) expectation(t *Ticket) (get func() time.Duration, stop func()) {
	if r.History == nil {
		return func() time.Duration { return 0 }, func() {}
	}
	var found atomic.Int64
	var stopped atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		found.Store(int64(usual(r.History, t, stopped.Load)))
	}()
	return func() time.Duration { return time.Duration(found.Load()) },
		func() { stopped.Store(true); <-done }
}

// usual is the median execution time of the last runs of a workflow on a
// backend that computed something; 0 when there are none.
func usual(h *ledger.History, t *Ticket, stopped func() bool) time.Duration {
	var times []time.Duration
	seen := 0
	for rec, err := range h.List() {
		if seen++; stopped() || seen > expectScan || len(times) == expectSample {
			break
		}
		if err != nil || rec.State != ledger.Done || rec.Workflow != t.Workflow || rec.Backend != t.Backend {
			continue
		}
		var res struct {
			Cached bool   `json:"cached"`
			Timing Timing `json:"timing"`
		}
		if json.Unmarshal(rec.Result, &res) == nil && !res.Cached && res.Timing.Execution > 0 {
			times = append(times, time.Duration(res.Timing.Execution)*time.Millisecond)
		}
	}
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)/2]
}
