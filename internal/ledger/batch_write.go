package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// A write is a change that waits for its turn. All that wait at a time go to the
// disk together: one sync of the disk serves many items.
type write struct {
	do   func(q queryer) error
	done chan error // nil: nobody waits
	n    int        // of item
	item *Item      // as it is written; nil = the change is of none
}

// group bounds the writes of one commit.
const group = 512

func (b *Batch) write() {
	defer close(b.ended)
	for first := range b.writes {
		waiting := []write{first}
		for len(waiting) < group {
			select {
			case next, ok := <-b.writes:
				if ok {
					waiting = append(waiting, next)
					continue
				}
			default:
			}
			break
		}
		err := b.failed
		if err == nil {
			err = b.commit(waiting)
		}
		switch {
		case err == nil:
			b.release(waiting)
		case b.failed == nil:
			b.mu.Lock()
			b.failed = err
			b.mu.Unlock()
		}
		for _, w := range waiting {
			if w.done != nil {
				w.done <- err
			}
		}
	}
}

func (b *Batch) commit(waiting []write) error {
	return transact(b.db, b.path, func(q queryer) error {
		for _, w := range waiting {
			if err := w.do(q); err != nil {
				return err
			}
		}
		return nil
	})
}

// transact makes changes all together or not at all.
func transact(db *sql.DB, path string, change func(queryer) error) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return storing(path, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to take back
	if err := change(tx); err != nil {
		return storing(path, err)
	}
	return storing(path, tx.Commit())
}

// ErrReadOnly answers a write to a ledger that was opened by ReadBatch.
var ErrReadOnly = errors.New("the ledger is only read")

// change changes an item, in memory at once and on the disk with the next commit;
// with wait it returns when that is done. more are changes besides.
func (b *Batch) change(id string, wait bool, edit func(*Item), more ...func(q queryer, n int) error) error {
	n, err := b.index(id)
	if err != nil {
		return err
	}
	if b.writes == nil {
		return ErrReadOnly
	}
	var done chan error
	if wait {
		done = make(chan error, 1)
	}
	if err := b.queue(n, done, edit, more); err != nil || !wait {
		return err
	}
	return <-done
}

// queue changes an item in memory and queues the change for the disk.
func (b *Batch) queue(n int, done chan error, edit func(*Item), more []func(q queryer, n int) error) error {
	b.order.Lock()
	defer b.order.Unlock()
	it, err := b.item(n)
	if err != nil {
		return err
	}
	b.mu.Lock()
	edit(&it)
	it.Updated = time.Now()
	b.hold(n, &it)
	b.mu.Unlock()
	b.writes <- write{n: n, item: &it, done: done, do: func(q queryer) error {
		for _, f := range more {
			if err := f(q, n); err != nil {
				return err
			}
		}
		return putItem(q, n, it)
	}}
	return nil
}

// Sync waits until all changes so far are on the disk.
func (b *Batch) Sync() error {
	if b.writes == nil {
		return nil
	}
	w := write{do: func(queryer) error { return nil }, done: make(chan error, 1)}
	b.order.Lock()
	b.writes <- w
	b.order.Unlock()
	return <-w.done
}

// Bind says which run an item's next attempt is, before the engine records it.
func (b *Batch) Bind(id, run string) error {
	n, err := b.index(id)
	if err != nil {
		return err
	}
	return b.change(id, false, func(it *Item) { it.Run, b.entries[n].bound = run, true })
}

// KeepSeed keeps a seed that was drawn for an item. It is on the disk with the
// record of the run, at the latest.
func (b *Batch) KeepSeed(id, seed string) error {
	return b.change(id, false, func(it *Item) { it.Seed = seed })
}

// Put implements the engine's Recorder for the runs of items (see Bind). Of a run
// that did not succeed only the end is noted: whether its item is tried again is
// not the engine's to say.
func (b *Batch) Put(rec Record) error {
	b.mu.Lock()
	n, ok := b.byRun[rec.ID]
	id := ""
	if ok {
		id, b.entries[n].bound = b.entries[n].id, false
	}
	b.mu.Unlock()
	if !ok {
		return fmt.Errorf("record run %s: it is of no item of the batch", rec.ID)
	}
	ticket := func(q queryer, n int) error { return putBody(q, n, "ticket", rec.Request) }
	switch rec.State {
	case Prepared:
		return b.change(id, true, func(it *Item) {
			it.State, it.Backend, it.PromptID, it.Handle, it.Accepted = ItemSubmitted, rec.Backend, rec.PromptID, rec.Handle, false
			it.Attempt++
			it.Code, it.Error = "", ""
		}, ticket, func(q queryer, n int) error { return removeBody(q, n, "result") })
	case Submitted:
		wait := false
		err := b.change(id, false, func(it *Item) {
			wait = it.Handle != rec.Handle // the backend has chosen it: nothing else names the run
			it.Handle, it.Accepted = rec.Handle, true
		}, ticket)
		if err == nil && wait {
			err = b.Sync()
		}
		return err
	case Done:
		return b.change(id, true, func(it *Item) {
			it.State = ItemStored
			it.ExecutedMS += rec.ExecutedMS
			b.remember(kindOfItem{rec.Workflow, rec.Backend}, rec.ExecutedMS)
		}, func(q queryer, n int) error { return putBody(q, n, "result", rec.Result) },
			markStored)
	}
	return b.change(id, false, func(it *Item) {
		it.ExecutedMS += rec.ExecutedMS
		it.Error = rec.Error
	})
}

// Ended notes that the backend has ended a run, with the ticket that says what it
// calls the outputs there.
func (b *Batch) Ended(rec Record) error {
	id, err := b.itemOf(rec.ID)
	if err != nil {
		return err
	}
	return b.change(id, false, func(it *Item) { it.State, it.Accepted = ItemDone, true },
		func(q queryer, n int) error { return putBody(q, n, "ticket", rec.Request) })
}

// Claim writes down which names files of a run are about to get, and what is in
// them. It is on the disk when it returns, so whatever dies afterwards, a file of
// that name and content is known to be the item's.
func (b *Batch) Claim(run string, files ...File) error {
	id, err := b.itemOf(run)
	if err != nil {
		return err
	}
	return b.change(id, true, func(*Item) {}, func(q queryer, n int) error {
		for _, f := range files {
			f.Stored = false
			if err := putFile(q, n, f); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *Batch) itemOf(run string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.byRun[run]
	if !ok {
		return "", fmt.Errorf("run %s is of no item of the batch", run)
	}
	return b.entries[n].id, nil
}

// markStored makes all claimed names of an item files of it. Names that were not
// used in the end are taken out by Commit.
func markStored(q queryer, n int) error {
	files, err := filesOf(q, "", n)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Stored {
			continue
		}
		f.Stored = true
		if err := putFile(q, n, f); err != nil {
			return err
		}
	}
	return nil
}

// Commit ends an item well: files are all that it has now, and made says where the
// backend keeps them. keep says that the record of the run stays in the ledger,
// where none lies beside the files.
func (b *Batch) Commit(id string, files []File, made json.RawMessage, usd float64, keep bool) error {
	return b.change(id, false, func(it *Item) {
		it.State, it.Code, it.Error = ItemCommitted, "", ""
		it.USD += usd
	}, replaceFiles(files), func(q queryer, n int) error {
		if err := putBody(q, n, "made", made); err != nil {
			return err
		}
		if keep {
			return nil
		}
		return removeBody(q, n, "ticket")
	})
}

func replaceFiles(files []File) func(q queryer, n int) error {
	return func(q queryer, n int) error {
		if _, err := q.Exec("DELETE FROM files WHERE n = ?", n); err != nil {
			return err
		}
		for _, f := range files {
			f.Stored = true
			if err := putFile(q, n, f); err != nil {
				return err
			}
		}
		return nil
	}
}

// Own makes files known as an item's that another record than this ledger names.
// Where the item stands does not change.
func (b *Batch) Own(id string, files []File) error {
	return b.change(id, true, func(*Item) {}, replaceFiles(files))
}

// Fail ends an item that is not tried again.
func (b *Batch) Fail(id, code, reason string, usd float64) error {
	n, err := b.index(id)
	if err != nil {
		return err
	}
	return b.change(id, true, func(it *Item) {
		b.entries[n].bound = false
		it.State, it.Code, it.Error = ItemFailed, code, reason
		it.USD += usd
	})
}

// Requeue makes an item planned again: no backend has a run of it. killed says
// that its server ended while it executed the item.
func (b *Batch) Requeue(id string, killed bool) error {
	return b.change(id, false, func(it *Item) {
		it.State, it.PromptID, it.Handle, it.Accepted = ItemPlanned, "", "", false
		if killed {
			it.Kills++
		}
	})
}

// Retry makes an item planned as if it had never been tried. Its files stay known.
func (b *Batch) Retry(id string) error {
	return b.change(id, true, func(it *Item) {
		it.State, it.PromptID, it.Handle, it.Accepted = ItemPlanned, "", "", false
		it.Attempt, it.Kills, it.Code, it.Error = 0, 0, "", ""
	})
}

// Usual is the median of what the last runs of a workflow on a backend computed
// in this process; 0 when none has ended.
func (b *Batch) Usual(workflow, backend string) time.Duration {
	b.mu.Lock()
	took := slices.Sorted(slices.Values(b.took[kindOfItem{workflow, backend}]))
	b.mu.Unlock()
	if len(took) == 0 {
		return 0
	}
	return time.Duration(took[len(took)/2]) * time.Millisecond
}

// remember is called with b.mu held.
func (b *Batch) remember(k kindOfItem, ms int64) {
	if ms > 0 {
		took := slices.Concat(b.took[k], []int64{ms})
		b.took[k] = took[max(0, len(took)-durationsSample):]
	}
}

// storing makes of a failure to write what users are told; nil for nil.
func storing(path string, err error) error {
	if err == nil {
		return nil
	}
	var damage *DamagedError
	if err = damaged(path, err); errors.As(err, &damage) && damage.certain {
		return err
	}
	return &WriteError{Run: "of the batch", Folder: filepath.Dir(path), Err: bare(err)}
}

func bare(err error) error {
	var damage *DamagedError
	if errors.As(err, &damage) {
		return damage.Err
	}
	return err
}
