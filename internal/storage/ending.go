package storage

import (
	"context"
	"io/fs"
)

// An Ending is how the writing of an object ends, for Writers: the first failure ends
// it, and so does a commit or giving it up.
type Ending struct {
	failed error
	over   bool
}

// Usable fails when nothing can be written or committed any more: with the failure
// that ended it, with fs.ErrClosed, or since ctx is over.
func (e *Ending) Usable(ctx context.Context) error {
	switch {
	case e.failed != nil:
		return e.failed
	case e.over:
		return fs.ErrClosed
	}
	return ctx.Err()
}

// Failed is the failure that ended it; nil when none did.
func (e *Ending) Failed() error { return e.failed }

// Over reports whether it has ended.
func (e *Ending) Over() bool { return e.over }

// End ends it, and reports whether it had not ended before.
func (e *Ending) End() bool {
	before := e.over
	e.over = true
	return !before
}

// Fail ends it by a failure, unless one has before, and gives up what was written. It
// returns the failure that ended it.
func (e *Ending) Fail(err error, abort func() error) error {
	if e.failed == nil {
		e.failed = err
	}
	_ = abort() // what failed is what counts
	return e.failed
}
