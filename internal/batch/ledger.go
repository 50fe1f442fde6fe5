package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
)

// StateFolder is where ledgers lie beside the outputs.
const StateFolder = ".easel"

// LedgerPath is the file of a batch's ledger: in the state folder, if one is given,
// else beside the outputs, which are in a folder then.
func LedgerPath(out, state, name string) string {
	if state == "" {
		state = filepath.Join(out, StateFolder)
	}
	return filepath.Join(state, name+".db")
}

// LedgerOptions say how the ledger of a plan is opened.
type LedgerOptions struct {
	Path    string // of the file
	Easel   string // version
	Out     string
	Args    []string // of the command, to repeat it; nil = it cannot be repeated
	Dir     string
	Update  bool               // take over a plan that has changed
	New     bool               // make everything again
	Wait    bool               // for another process that runs the batch
	Waiting func(ledger.Owner) // it is being waited for; may be nil
}

// OpenLedger opens the ledger of a plan, or makes it, for this process alone. A plan
// that is not the one of the ledger is a *ChangedError, unless that is asked for.
func OpenLedger(ctx context.Context, b *plan.Batch, o LedgerOptions) (*ledger.Batch, error) {
	lock, err := ledger.LockBatch(ctx, o.Path, o.Wait, o.Waiting)
	if err != nil {
		return nil, err
	}
	p := asPlan(b, o)
	book, err := ledger.OpenBatch(o.Path, lock)
	if errors.Is(err, fs.ErrNotExist) {
		if lock, err = ledger.LockBatch(ctx, o.Path, o.Wait, o.Waiting); err != nil {
			return nil, err
		}
		return ledger.CreateBatch(o.Path, lock, p)
	}
	if err != nil {
		return nil, err
	}
	if err := bringInLine(book, b, p, o); err != nil {
		return nil, errors.Join(err, book.Close())
	}
	return book, nil
}

func bringInLine(book *ledger.Batch, b *plan.Batch, p ledger.Plan, o LedgerOptions) error {
	facts := book.Facts()
	if facts.Plan == p.Plan && !facts.Rebuilt && !o.New {
		return book.SetCommand(p.Args, p.Dir)
	}
	if !o.New {
		d, err := book.Compare(p)
		if err != nil {
			return err
		}
		lost := facts.Rebuilt && len(d.Changed)+len(d.Removed) == 0
		if !d.Empty() && !o.Update && !lost {
			return &ChangedError{Name: b.Name, Difference: d}
		}
	}
	return book.Update(p, o.New)
}

func asPlan(b *plan.Batch, o LedgerOptions) ledger.Plan {
	return ledger.Plan{
		Facts: ledger.Facts{Name: b.Name, Plan: b.Digest, Easel: o.Easel, Out: o.Out, Args: o.Args, Dir: o.Dir},
		Len:   len(b.Items),
		Item: func(n int) ledger.Planned {
			it := &b.Items[n]
			return ledger.Planned{ID: it.ID, Digest: it.Digest, Fields: func() ([]byte, error) {
				data, err := json.Marshal(it.Fields())
				if err != nil {
					return nil, fmt.Errorf("write down item %s: %w", it.ID, err)
				}
				return data, nil
			}}
		},
	}
}
