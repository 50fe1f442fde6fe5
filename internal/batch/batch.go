// Package batch runs the items of a plan on one or more backends until each has
// ended: it decides what runs where and when, and its ledger remembers. It runs
// nothing by itself: each item is a run of the engine, whose record the ledger is.
package batch

import (
	"context"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A Place is one backend that items run on.
type Place struct {
	// Runner has all fields of a runner but History, Leave and USDPerHour, which
	// are the batch's. Store and Out are the same for all places.
	Runner     *run.Runner
	USDPerHour float64 // what the backend costs; 0 = not known
	// Paused reports whether the place is to be left alone for now: it gets no
	// further runs, and what it has is collected. nil = never. It is asked often.
	Paused func() bool
}

// Ordering says in which order items run.
type Ordering string

// Orderings. The zero value is Grouped.
const (
	Grouped Ordering = "grouped"  // by models, then by texts, seeds innermost
	AsGiven Ordering = "as-given" // as the plan has them
)

// Valid reports whether there is such an order.
func (o Ordering) Valid() bool { return o == Grouped || o == AsGiven }

// Options say what is run, where, and how long.
type Options struct {
	Batch   *plan.Batch
	Catalog *plan.Catalog
	// Ledger is that of the batch, brought in line with the plan: see OpenLedger. Run
	// does not close it.
	Ledger *ledger.Batch
	State  string // the folder of the ledger as the user named it; "" = the usual one
	// Prepare prepares the items: a runner with Store, Out, OpenInput and Version.
	Prepare *run.Runner
	// Connect opens the backends. It is called only when there is something to do.
	Connect func(ctx context.Context) ([]Place, error)

	Ordering    Ordering
	Depth       int           // runs that wait or execute on a backend at a time; 0 = 2, more where the way there is long
	Force       bool          // replace files of items that were edited by hand, too
	Timeout     time.Duration // of each run, from the moment it executes; 0 = that of its order
	MaxFailures int           // end when more than so many items have failed; < 0 = never
	MaxCost     float64       // USD; end when it is reached. 0 = no limit. Each place must have a price.
	// Grace is how long a batch whose context was ended collects what executes, by
	// the cause of that; nil = 5 s.
	Grace func(cause error) time.Duration
	// Patience is how long a batch waits when no backend can be used; 0 = not at all.
	Patience time.Duration

	// Code is the code of a failure, which its row keeps; nil = "failed" for all.
	Code func(error) string
	// Keep is called with each item that is stored, before its row says so: to
	// write down elsewhere what was made. May be nil.
	Keep func(Outcome) error
	Sink func(Event) // one at a time; may be nil
	Now  func() time.Time
}

// An Outcome is how one item ended.
type Outcome struct {
	Item     *plan.Item
	Result   *run.Result // nil where it came to none
	Err      error       // nil = it is committed
	Attempts int         // how often it was submitted, over all invocations
	Adopted  bool        // an earlier invocation had submitted it
}

// EventType tells what an Event is about.
type EventType string

// Events of a batch.
const (
	EventBegun EventType = "begun" // Totals are known; items begin to run
	EventRun   EventType = "run"   // Item, Backend, Run: something happens in a run
	EventItem  EventType = "item"  // Outcome: an item has ended
	EventLeft  EventType = "left"  // Item, Backend: the item runs there no more, and has not ended
	EventNote  EventType = "note"  // Message: worth a line
)

// An Event reports what happens in a batch.
type Event struct {
	Type    EventType
	Item    *plan.Item
	Backend string
	Run     run.Event
	Outcome *Outcome
	Message string
	Totals  Totals
}

// Totals are where a batch stands.
type Totals struct {
	Items     int           // of the plan
	Committed int           // also by earlier invocations
	Failed    int           // likewise
	Active    int           // submitted, and not ended
	Elapsed   time.Duration // of this invocation
	Rate      float64       // items per second lately; 0 = not known
	ETA       time.Duration // by this batch's own times; 0 = not known
	USD       *float64      // spent so far, also by earlier invocations; nil = no price is known
	Busy      *float64      // GPU-busy, see Summary
}

// A Summary is what a batch came to; its JSON is the last line of --json.
type Summary struct {
	Type      string   `json:"type"` // "summary"
	Name      string   `json:"name"`
	Total     int      `json:"total"`
	Committed int      `json:"committed"`
	Failed    int      `json:"failed"`
	Open      int      `json:"open"`     // not ended: the same command goes on with them
	Executed  int      `json:"executed"` // runs that backends executed for this invocation
	Adopted   int      `json:"adopted"`  // items that an earlier invocation had submitted
	Skipped   int      `json:"skipped"`  // items that had ended before
	Retired   int      `json:"retired"`  // of the failed, those that killed their server each time
	GPUBusy   *float64 `json:"gpu_busy"` // time executing over time between the first start and the last end, of all backends; nil = nothing ran
	Cost      Cost     `json:"cost"`
	ElapsedMS int64    `json:"elapsed_ms"`
	Stopped   string   `json:"stopped,omitempty"` // why it ended early: max_cost, max_failures, interrupted, ...
}

// Cost of a batch, over all its invocations.
type Cost struct {
	GPUSeconds float64  `json:"gpu_seconds"`
	USD        *float64 `json:"usd"` // nil where a backend has no price
}
