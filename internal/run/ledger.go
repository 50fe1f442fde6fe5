package run

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
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

// A Journal is a Recorder that also keeps what lies between the end of a run on
// its backend and the end of its record.
type Journal interface {
	Recorder
	// Ended notes that the backend has ended the run. The ticket in rec says what it
	// calls the outputs.
	Ended(rec ledger.Record) error
	// Claim notes which names files of the run are about to get. When it returns
	// nil that survives a power cut.
	Claim(run string, files ...ledger.File) error
}

// journal is the Journal of the runner, nil when its recorder is none.
func (r *Runner) journal() Journal {
	j, _ := r.History.(Journal)
	return j
}

// recordEnd notes in the journal, if there is one, what a backend that is done
// calls the outputs.
func (r *Runner) recordEnd(t *Ticket, made []comfy.Output) error {
	j := r.journal()
	if j == nil {
		return nil
	}
	t.Made = made
	rec, err := r.recordOf(t, ledger.Submitted)
	if err != nil {
		return err
	}
	err = j.Ended(rec)
	crashpoint.Here(crashpoint.Noted)
	return err
}

// record writes the state of a run down. Before the submission it must be on
// disk; afterwards the backend's own memory backs it up.
func (r *Runner) record(t *Ticket, state ledger.State, res *Result, failure error) error {
	if r.History == nil {
		return nil
	}
	rec, err := r.recordOf(t, state)
	if err != nil {
		return err
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

func (r *Runner) recordOf(t *Ticket, state ledger.State) (ledger.Record, error) {
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
		return rec, fmt.Errorf("record run %s: %w", t.Run, err)
	}
	return rec, nil
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
