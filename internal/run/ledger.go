package run

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// A Recorder is where runs are written down: the history of this machine, the
// ledger of a batch, the row of a job. It is safe for concurrent use.
type Recorder interface {
	// Put writes a run down, replacing what was known of it. When it returns nil
	// the record survives a power cut.
	Put(rec ledger.Record) error
	// Usual is how long such a run computes, 0 when that is not known.
	Usual(workflow, backend string) time.Duration
}

// record writes the state of a run down. Before the submission it must be on
// disk; afterwards the backend's own memory backs it up.
func (r *Runner) record(t *Ticket, state ledger.State, res *Result, failure error) error {
	if r.History == nil {
		return nil
	}
	rec := ledger.Record{
		ID:             t.Run,
		PromptID:       t.PromptID,
		Handle:         string(t.Handle),
		Workflow:       t.Workflow,
		WorkflowDigest: t.WorkflowDigest,
		Backend:        t.Backend,
		State:          state,
		PID:            os.Getpid(),
		Created:        t.Prepared,
		Updated:        r.now(),
	}
	var err error
	if rec.Request, err = json.Marshal(t); err != nil {
		return fmt.Errorf("record run %s: %w", t.Run, err)
	}
	if res != nil {
		if rec.Result, err = json.Marshal(res); err != nil {
			return fmt.Errorf("record run %s: %w", t.Run, err)
		}
		if state == ledger.Done && !res.Cached {
			rec.ExecutedMS = res.Timing.Execution
		}
		for _, o := range res.Outputs {
			rec.Hashes = append(rec.Hashes, o.SHA256)
			if o.Original != "" {
				rec.Hashes = append(rec.Hashes, o.Original)
			}
		}
	}
	if failure != nil {
		rec.Error = failure.Error()
	}
	return r.History.Put(rec)
}

// OpenTicket reads the ticket of a recorded run, to collect it in this process.
func OpenTicket(request json.RawMessage) (*Ticket, error) {
	var t Ticket
	if err := json.Unmarshal(request, &t); err != nil {
		return nil, fmt.Errorf("read the record of a run: %w", err)
	}
	t.resumed = true
	return &t, nil
}
