package batch

import (
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// A Location is where a batch is kept, in the words that its commands take.
type Location struct {
	Out   string // the folder or address of its outputs
	State string // the folder of its ledger, where --state named one
	Name  string // "" = the place has no other
}

// A LocatedError is what is wrong with the batch of a place.
type LocatedError struct {
	At    Location
	Waits bool // the command has --wait
	Err   error
}

func (e *LocatedError) Error() string { return e.Err.Error() }
func (e *LocatedError) Unwrap() error { return e.Err }

// A FailedError sums a batch up that is not complete: items have failed, or it
// ended before all had their turn. Each failed item has been reported by itself.
type FailedError struct {
	Items, Failed, Open int
	First               error  // of the items that failed in this invocation; nil = all failed earlier
	All                 bool   // every item that ended in this invocation failed, and there was one
	Edited              bool   // all failed items failed in this invocation, because a file of theirs was edited by hand
	Stopped             string // why it ended early: StoppedMaxCost, ...; "" = it did not
	Limit               string // of what was reached, for people: "$2.00"
	At                  Location
}

// Why a batch ends early, as summaries say it.
const (
	StoppedMaxCost     = "max_cost"
	StoppedMaxFailures = "max_failures"
	StoppedInterrupted = "interrupted"
	StoppedDisk        = "storage"
	StoppedBackends    = "backends"
)

func (e *FailedError) Error() string {
	var parts []string
	switch e.Stopped {
	case StoppedMaxCost:
		parts = append(parts, "the cost limit of "+e.Limit+" is reached")
	case StoppedMaxFailures:
		parts = append(parts, "too many items failed")
	}
	if e.Failed > 0 {
		text := fmt.Sprintf("%d of %s failed", e.Failed, items(e.Items))
		if e.Failed == 1 && e.First != nil {
			text += ": " + e.First.Error()
		}
		parts = append(parts, text)
	}
	if e.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d did not run", e.Open))
	}
	return strings.Join(parts, "; ")
}

// A PriceError means a limit in money on a backend whose price is not known.
type PriceError struct{ Backend string }

func (e *PriceError) Error() string { return "what " + e.Backend + " costs is not known" }

// A ChangedError means that the plan is another one than the ledger has.
type ChangedError struct {
	Name string
	ledger.Difference
}

func (e *ChangedError) Error() string {
	var parts []string
	for _, p := range []struct {
		n    int
		what string
	}{{len(e.Changed), "changed"}, {len(e.Added), "new"}, {len(e.Removed), "gone"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	return "the plan of batch " + e.Name + " has changed since it was run: " + strings.Join(parts, ", ")
}

// A RetiredError means an item that is not tried any more, because its server
// ended each time while it executed the item.
type RetiredError struct {
	Item  string
	Kills int
	Err   error // of the last time
}

func (e *RetiredError) Error() string {
	return fmt.Sprintf("its server ended %s while it executed this item: %v", times(e.Kills), e.Err)
}
func (e *RetiredError) Unwrap() error { return e.Err }

// A GivenUpError means an item that was passed on too often: backends took it and
// did not end it, for the reason of the last time.
type GivenUpError struct {
	Tries int
	Err   error
}

func (e *GivenUpError) Error() string {
	return fmt.Sprintf("it was tried %s: %v", times(e.Tries), e.Err)
}
func (e *GivenUpError) Unwrap() error { return e.Err }

// A StaleError means items that are not as their plan asks for.
type StaleError struct {
	Items, Stale int
}

func (e *StaleError) Error() string {
	verb := "are"
	if e.Stale == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %s %s not up to date", e.Stale, items(e.Items), verb)
}

func items(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
