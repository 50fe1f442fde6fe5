package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// A Planned is an item as a plan has it.
type Planned struct {
	ID     string
	Digest string
	Fields func() ([]byte, error) // what the digest is over, as JSON; called when it is to be written down
}

// A Plan is a plan as a ledger knows it.
type Plan struct {
	Facts     // Form, Created and Items are not used
	Len   int // of items
	Item  func(n int) Planned
}

// CreateBatch makes the ledger of a plan that has none. It appears under its name
// only when it is complete, and is opened then. Folders are made. The lock is
// released when there is an error.
func CreateBatch(path string, lock *Lock, p Plan) (*Batch, error) {
	if err := create(path, p); err != nil {
		lock.Release()
		return nil, err
	}
	return OpenBatch(path, lock)
}

func create(path string, p Plan) error {
	if exists(path) {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	// What belonged to a ledger that is not there any more would be taken for ours.
	for _, left := range []string{path + "-wal", path + "-shm", path + "-journal"} {
		if exists(left) {
			return &DamagedError{File: path, Err: fmt.Errorf("%s is there without it", filepath.Base(left))}
		}
	}
	temp := path + ".new"
	if err := removeDatabase(temp); err != nil {
		return storing(path, err)
	}
	if err := fill(temp, p.put); err != nil {
		_ = removeDatabase(temp)
		return storing(path, err)
	}
	if err := os.Rename(temp, path); err != nil {
		return storing(path, err)
	}
	return storing(path, atomicfile.SyncDir(filepath.Dir(path)))
}

// fill makes a database of what put puts into it, closed and on the disk.
func fill(path string, put func(queryer) error) error {
	db, err := openDatabase(path)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), batchTables); err != nil {
		return err
	}
	if err := transact(db, path, put); err != nil {
		return err
	}
	if err := checkpoint(db); err != nil {
		return err
	}
	return db.Close()
}

// checkpoint brings all that is in the log into the file, which then is whole without
// it. Closing a database does so as well, and says nothing of a failure.
func checkpoint(db *sql.DB) error {
	var busy, pages, written int
	row := db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
	if err := row.Scan(&busy, &pages, &written); err != nil {
		return err
	}
	if busy != 0 || written < pages {
		return fmt.Errorf("%d of %d pages came from the log into the file", written, pages)
	}
	return nil
}

// put writes all items of a plan.
func (p Plan) put(q queryer) error {
	for n := range p.Len {
		planned := p.Item(n)
		if err := putPlanned(q, n, Item{ID: planned.ID, Digest: planned.Digest, State: ItemPlanned}, planned); err != nil {
			return err
		}
	}
	return putFacts(q, p.facts(p.Len, time.Now()))
}

func (p Plan) facts(items int, created time.Time) Facts {
	f := p.Facts
	f.Form, f.Items, f.Created = batchForm, items, created.UTC()
	return f
}

func putPlanned(q queryer, n int, it Item, p Planned) error {
	fields, err := p.Fields()
	if err == nil {
		err = putFields(q, n, fields)
	}
	if err == nil {
		err = putItem(q, n, it)
	}
	return err
}

// removeDatabase removes a database with all that belongs to it.
func removeDatabase(path string) error {
	for _, file := range []string{path, path + "-wal", path + "-shm", path + "-journal"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// A Difference is how a plan differs from what a ledger has.
type Difference struct {
	Added   []string  // ids of items that are new
	Changed []Changed // items that make something else now
	Removed []string  // ids of items that the plan has no more
}

// A Changed is an item whose digest is another one, with what it was made of
// before and what now, as JSON; Before is nil where the ledger has lost it.
type Changed struct {
	ID            string
	Before, After []byte
	Digests       bool // they hold digests of the values, which say that one has changed and not how
}

// A ChangedField is what an item was made of and is to be made of now, as JSON; nil
// where it has no such field, or where no more is known than that it is another.
type ChangedField struct {
	Name          string
	Before, After json.RawMessage
}

// Fields are what changed, by name; nil where that is not known.
func (c Changed) Fields() []ChangedField {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(c.Before, &before) != nil || json.Unmarshal(c.After, &after) != nil || after == nil {
		return nil
	}
	var fields []ChangedField
	for name := range before {
		if _, ok := after[name]; !ok {
			after[name] = nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		f := ChangedField{name, before[name], after[name]}
		if string(f.Before) == string(f.After) {
			continue
		}
		if c.Digests {
			f.Before, f.After = nil, nil
		}
		fields = append(fields, f)
	}
	return fields
}

// Empty reports whether plan and ledger agree.
func (d Difference) Empty() bool { return len(d.Added)+len(d.Changed)+len(d.Removed) == 0 }

// Compare holds a plan against the ledger.
func (b *Batch) Compare(p Plan) (Difference, error) {
	var d Difference
	seen := make(map[string]bool, p.Len)
	for n := range p.Len {
		planned := p.Item(n)
		seen[planned.ID] = true
		st, ok := b.Standing(planned.ID)
		switch same := ok && st.Is(planned.Digest); {
		case !ok, st.Dropped && same:
			d.Added = append(d.Added, planned.ID)
		case !same:
			c := Changed{ID: planned.ID}
			at, err := b.index(planned.ID)
			if err != nil {
				return d, err
			}
			if c.Before, err = readFields(b.db, at); err != nil {
				return d, damaged(b.path, err)
			}
			if c.After, err = planned.Fields(); err != nil {
				return d, err
			}
			d.Changed = append(d.Changed, c)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.entries {
		if e := &b.entries[i]; !e.dropped && !seen[e.id] {
			d.Removed = append(d.Removed, e.id)
		}
	}
	return d, nil
}

// Update brings the ledger in line with a plan: items that are new or changed are
// planned, items that the plan has no more are dropped, and all others stay as they
// are; with afresh, every item is planned. Files stay known, so that they are
// replaced and not duplicated.
func (b *Batch) Update(p Plan, afresh bool) error {
	if b.writes == nil {
		return ErrReadOnly
	}
	items, err := b.all()
	if err != nil {
		return err
	}
	items, changes := p.over(items, afresh)
	facts := p.facts(len(items), b.Facts().Created)
	facts.Out = cmp.Or(facts.Out, b.Facts().Out)
	w := write{done: make(chan error, 1), do: func(q queryer) error {
		for _, c := range changes {
			if err := c.put(q, items[c.n]); err != nil {
				return err
			}
		}
		return putFacts(q, facts)
	}}
	b.writes <- w
	if err := <-w.done; err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.facts = facts
	b.byRun = map[string]int{}
	for n, it := range items {
		b.enter(n, it)
	}
	return nil
}

// all are the items of the ledger, dropped ones too.
func (b *Batch) all() (items []Item, err error) {
	b.each(func(it Item, failed error) bool {
		items, err = append(items, it), failed
		return failed == nil
	})
	return items, err
}

// A planChange is what a plan changes of the n-th item.
type planChange struct {
	n       int
	planned *Planned // it is made anew; nil = only whether it is dropped
}

func (c planChange) put(q queryer, it Item) error {
	if c.planned == nil {
		return putItem(q, c.n, it)
	}
	err := putPlanned(q, c.n, it, *c.planned)
	if err == nil {
		_, err = q.Exec("DELETE FROM bodies WHERE n = ?", c.n)
	}
	return err
}

// over are the items of a ledger in line with the plan, new ones behind the others,
// and what differs.
func (p Plan) over(items []Item, afresh bool) (all []Item, changes []planChange) {
	byID := make(map[string]int, len(items))
	for n, it := range items {
		byID[it.ID] = n
	}
	seen := make(map[string]bool, p.Len)
	for i := range p.Len {
		planned := p.Item(i)
		seen[planned.ID] = true
		n, ok := byID[planned.ID]
		switch {
		case !ok:
			items = append(items, Item{ID: planned.ID, Digest: planned.Digest, State: ItemPlanned})
			changes = append(changes, planChange{len(items) - 1, &planned})
		case items[n].Digest != planned.Digest || afresh:
			old := items[n]
			items[n] = Item{ID: old.ID, Digest: planned.Digest, State: ItemPlanned, ExecutedMS: old.ExecutedMS, USD: old.USD}
			if !afresh && old.Seed != "" {
				items[n].Seed = old.Seed
			}
			changes = append(changes, planChange{n, &planned})
		case items[n].Dropped:
			items[n].Dropped = false
			changes = append(changes, planChange{n, nil})
		}
	}
	for n := range items {
		if !seen[items[n].ID] && !items[n].Dropped {
			items[n].Dropped = true
			changes = append(changes, planChange{n, nil})
		}
	}
	return items, changes
}

// SetCommand keeps the command that runs the batch, to repeat it.
func (b *Batch) SetCommand(args []string, dir string) error {
	b.mu.Lock()
	b.facts.Args, b.facts.Dir = args, dir
	facts := b.facts
	b.mu.Unlock()
	w := write{done: make(chan error, 1), do: func(q queryer) error { return putFacts(q, facts) }}
	b.writes <- w
	return <-w.done
}
