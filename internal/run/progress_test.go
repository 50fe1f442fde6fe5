package run

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// Ten steps and nine other nodes' worth of one each would be hard to read:
// this graph weighs ten steps in one node.
const tenSteps = `{"1": {"class_type": "KSampler", "inputs": {"steps": 10}}}`

func TestETA(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		usual  time.Duration
		step   int
		passed time.Duration
		want   time.Duration
	}{
		{"nothing known", 0, 0, time.Second, 0},
		{"its own pace", 0, 5, 10 * time.Second, 10 * time.Second},
		{"only the usual", 30 * time.Second, 0, 4 * time.Second, 26 * time.Second},
		{"a fifth of its own pace at a tenth", 30 * time.Second, 1, 10 * time.Second, (90*time.Second + 4*20*time.Second) / 5},
		{"its own pace from the middle on", 30 * time.Second, 5, 10 * time.Second, 10 * time.Second},
		{"longer than usual", 5 * time.Second, 1, 10 * time.Second, 90 * time.Second},
		{"longer than usual, without a pace", 5 * time.Second, 0, 10 * time.Second, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, err := comfy.ParseGraph([]byte(tenSteps))
			if err != nil {
				t.Fatal(err)
			}
			now := time.Unix(0, 0)
			p := newProgress(g, func() time.Time { return now }, func() time.Duration { return tt.usual })
			if got := p.eta(); got != 0 {
				t.Errorf("%s left before it began", got)
			}
			p.enter("1")
			now = now.Add(tt.passed)
			p.step("1", tt.step, 10)
			if got := p.eta(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestUsual(t *testing.T) {
	t.Parallel()
	h, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put := func(id, workflow, backend string, state ledger.State, ms int64, cached bool) {
		t.Helper()
		result, err := json.Marshal(Result{Cached: cached, Timing: Timing{Execution: ms}})
		if err := errors.Join(err, h.Put(ledger.Record{ID: id, Workflow: workflow, Backend: backend, State: state, Result: result})); err != nil {
			t.Fatal(err)
		}
	}
	never := func() bool { return false }
	ticket := &Ticket{Workflow: "flux", Backend: "studio"}
	if got := usual(h, ticket, never); got != 0 {
		t.Errorf("without history: %s", got)
	}
	put("1", "flux", "studio", ledger.Done, 3000, false)
	put("2", "flux", "studio", ledger.Done, 1000, false)
	put("3", "flux", "studio", ledger.Done, 2000, false)
	put("4", "flux", "studio", ledger.Failed, 9000, false)
	put("5", "flux", "studio", ledger.Done, 9000, true)
	put("6", "qwen", "studio", ledger.Done, 9000, false)
	put("7", "flux", "laptop", ledger.Done, 9000, false)
	if got := usual(h, ticket, never); got != 2*time.Second {
		t.Errorf("got %s, want the median of its own kind, 2s", got)
	}
	if got := usual(h, ticket, func() bool { return true }); got != 0 {
		t.Errorf("stopped: got %s", got)
	}
	r := &Runner{History: h}
	get, stop := r.expectation(ticket)
	stop()
	if got := get(); got != 0 && got != 2*time.Second {
		t.Errorf("in the background: got %s", got)
	}
}

// What lies far back is not read: the time of today's runs does not depend on
// the length of the history.
func TestUsualIsBounded(t *testing.T) {
	t.Parallel()
	h, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put := func(id, workflow string) {
		t.Helper()
		if err := h.Put(ledger.Record{ID: id, Workflow: workflow, State: ledger.Done, Result: json.RawMessage(`{"timing":{"execution_ms":5}}`)}); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "flux")
	for i := range expectScan {
		put("b"+string(rune('a'+i/26))+string(rune('a'+i%26)), "qwen")
	}
	if got := usual(h, &Ticket{Workflow: "flux"}, func() bool { return false }); got != 0 {
		t.Errorf("got %s from beyond the last %d runs", got, expectScan)
	}
}
