package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// ItemState is where an item of a batch stands.
type ItemState string

// The states of an item, in their order. Submitted is written before the backend
// hears of the run; done, when the backend has ended it; stored, when every file
// is on disk under its name; committed, when nothing is left to do. A state is
// never ahead of what is true.
const (
	ItemPlanned   ItemState = "planned"
	ItemSubmitted ItemState = "submitted"
	ItemDone      ItemState = "done"
	ItemStored    ItemState = "stored"
	ItemCommitted ItemState = "committed"
	ItemFailed    ItemState = "failed"
)

// Ended reports whether nothing more will happen to the item by itself.
func (s ItemState) Ended() bool { return s == ItemCommitted || s == ItemFailed }

// Open reports whether a backend may have a run of the item.
func (s ItemState) Open() bool { return s == ItemSubmitted || s == ItemDone }

// An Item is what a batch's ledger knows of one of its items.
type Item struct {
	ID      string
	Digest  string // of all that decides what is made
	State   ItemState
	Dropped bool // the plan does not have it any more; its files are still known

	Attempt  int    // how often it was submitted
	Kills    int    // how often a server ended while it executed the item
	Run      string // of its last attempt
	PromptID string
	Handle   string
	Accepted bool // the backend is known to have taken it
	Backend  string
	Seed     string // that was drawn for it; "" = none was

	ExecutedMS int64   // on backends, over all attempts
	USD        float64 // what that cost, where a price was known
	Code       string  // of a failure
	Error      string  // why it failed, for people
	Updated    time.Time
}

// A File is an output of an item, by its name in the store.
type File struct {
	Name   string
	SHA256 string // lowercase hex
	Bytes  int64
	// Stored is false for a name that was about to be used when the process
	// ended: the file may be there, and is the item's if its content is the same.
	Stored bool
}

// Facts are what a ledger says of its batch as a whole.
type Facts struct {
	Form    int       `json:"form"` // of the ledger
	Name    string    `json:"name"`
	Plan    string    `json:"plan"` // digest of the plan
	Created time.Time `json:"created"`
	Easel   string    `json:"easel"` // version that made it
	Items   int       `json:"items"`
	Out     string    `json:"out"`               // where the outputs went at first; a folder may have been moved since
	Args    []string  `json:"args,omitempty"`    // of the command that ran it last, to repeat it
	Dir     string    `json:"dir,omitempty"`     // where that command was run
	Rebuilt bool      `json:"rebuilt,omitempty"` // it may lack items of the plan, which were lost with the former one
}

// batchForm is the form of the ledger that this version writes. A newer one is
// refused.
const batchForm = 1

// A Batch is the ledger of one batch: a SQLite database of one process at a time,
// which holds its lock. All methods are safe for concurrent use.
type Batch struct {
	path  string
	db    *sql.DB
	lock  *Lock // nil: it is only read
	facts Facts

	order   sync.Mutex // held while a change is made and queued: the last one is the last on disk
	mu      sync.Mutex // of what follows; the writer needs it, so it is never held while writes are sent
	entries []entry
	byID    map[string]int
	byRun   map[string]int         // of items that a run may still be heard of
	took    map[kindOfItem][]int64 // ms, the newest last
	writes  chan write             // closed by Close
	ended   chan struct{}          // closed when the last write is on disk
	closing sync.Once
	failed  error // the first write that failed: nothing is written any more
}

type kindOfItem struct{ workflow, backend string }

// OpenBatch opens the ledger in a file, for this process alone. What is there is
// read and checked: a *DamagedError names a ledger that is not as easel left it. A
// missing one is fs.ErrNotExist. The lock is released by Close, and at once when
// there is an error.
func OpenBatch(path string, lock *Lock) (*Batch, error) {
	b, err := readBatch(path, lock)
	if err != nil {
		lock.Release()
		return nil, err
	}
	b.writes, b.ended = make(chan write, 256), make(chan struct{})
	go b.write()
	return b, nil
}

// ReadBatch reads a ledger that another process may be writing. Nothing can be
// written.
func ReadBatch(path string) (*Batch, error) { return readBatch(path, nil) }

func readBatch(path string, lock *Lock) (*Batch, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	db, err := openDatabase(path)
	if err != nil {
		return nil, damaged(path, err)
	}
	b := &Batch{path: path, db: db, lock: lock, byRun: map[string]int{}, took: map[kindOfItem][]int64{}}
	if err := b.read(); err != nil {
		db.Close()
		return nil, damaged(path, err)
	}
	return b, nil
}

// mostReserved bounds what is reserved by the word of the facts alone, in items.
const mostReserved = 1 << 17

// read fills the batch from the file and checks every row of items.
func (b *Batch) read() error {
	var verdict string
	if err := b.db.QueryRowContext(context.Background(), "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return errors.New(verdict)
	}
	facts, err := readFacts(b.db)
	if err != nil {
		return err
	}
	if facts.Form > batchForm {
		return &NewerError{File: b.path, Form: facts.Form}
	}
	b.facts = facts
	size := min(max(facts.Items, 0), mostReserved)
	b.entries, b.byID = make([]entry, 0, size), make(map[string]int, size)
	err = eachItem(b.db, func(n int, it Item, err error) error {
		if err == nil && n != len(b.entries) {
			err = fmt.Errorf("item %d is missing", len(b.entries))
		}
		if err != nil {
			return err
		}
		b.enter(n, it)
		return nil
	})
	if err == nil && len(b.entries) != facts.Items {
		err = fmt.Errorf("%d of %d items are there", len(b.entries), facts.Items)
	}
	return err
}

// Check reads all that opening does not read: what a *DamagedError is then would be
// one when it is needed.
func (b *Batch) Check() error {
	for n := range b.entries {
		if _, err := readFields(b.db, n); err != nil {
			return damaged(b.path, fmt.Errorf("the fields of item %d: %w", n, err))
		}
		for _, kind := range []string{"ticket", "result", "made"} {
			if _, err := readBody(b.db, n, kind); err != nil {
				return damaged(b.path, fmt.Errorf("the %s of item %d: %w", kind, n, err))
			}
		}
	}
	return b.AllFiles(func(string, File) error { return nil })
}

// Close waits for what is being written and releases the lock. It returns the
// first failure of a write that nobody waited for. Only the first call does anything.
func (b *Batch) Close() error {
	var err error
	b.closing.Do(func() {
		if b.writes != nil {
			b.order.Lock()
			close(b.writes)
			b.order.Unlock()
			<-b.ended
		}
		err = errors.Join(b.failed, b.db.Close())
		b.lock.Release()
	})
	return err
}

// Path is the file of the ledger.
func (b *Batch) Path() string { return b.path }

// Facts are what is known of the batch as a whole.
func (b *Batch) Facts() Facts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.facts
}

// Files are the outputs of an item, and names that were about to be used.
func (b *Batch) Files(id string) ([]File, error) {
	n, err := b.index(id)
	if err != nil {
		return nil, err
	}
	return filesOf(b.db, b.path, n)
}

// AllFiles calls f with each file of each item, also of dropped ones.
func (b *Batch) AllFiles(f func(id string, file File) error) error {
	return eachFile(b.db, b.path, -1, func(n int, file File) error {
		b.mu.Lock()
		id := ""
		if n < len(b.entries) { // else another process has just planned it
			id = b.entries[n].id
		}
		b.mu.Unlock()
		return f(id, file)
	})
}

// Ticket is the record of an item's last attempt, with which it can be collected;
// nil when there is none.
func (b *Batch) Ticket(id string) (json.RawMessage, error) { return b.body(id, "ticket") }

// Fields are what decides what an item makes, as they were planned; nil when the
// ledger has lost them.
func (b *Batch) Fields(id string) (json.RawMessage, error) {
	n, err := b.index(id)
	if err != nil {
		return nil, err
	}
	fields, err := readFields(b.db, n)
	return fields, damaged(b.path, err)
}

// Result is what the engine said of an item's last attempt; nil when there is none.
func (b *Batch) Result(id string) (json.RawMessage, error) { return b.body(id, "result") }

// Made says where the backend keeps the outputs of a committed item, as Commit was
// told; nil when there is nothing.
func (b *Batch) Made(id string) (json.RawMessage, error) { return b.body(id, "made") }

func (b *Batch) body(id, kind string) (json.RawMessage, error) {
	n, err := b.index(id)
	if err != nil {
		return nil, err
	}
	data, err := readBody(b.db, n, kind)
	if err != nil {
		return nil, damaged(b.path, err)
	}
	return data, nil
}

func (b *Batch) index(id string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, ok := b.byID[id]
	if !ok {
		return 0, &UnknownItemError{Item: id}
	}
	return n, nil
}

// exists reports whether a ledger is there.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
