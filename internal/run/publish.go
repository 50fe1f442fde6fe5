package run

import (
	"context"
	"fmt"
)

// A Publisher tells others of each output that is stored, such as a table that a
// website reads. The same output may be told again. It is safe for concurrent use.
type Publisher interface {
	// Publish passes an output on, or keeps what it has to say until it can. An
	// error means that it does neither; the output is stored all the same.
	Publish(ctx context.Context, rec Record, out Output) error
}

// publish tells of an output; that it cannot be told is a warning.
func (r *Runner) publish(ctx context.Context, t *Ticket, res *Result, out Output, n, of int, sink Sink) {
	if r.Publisher == nil {
		return
	}
	if err := r.Publisher.Publish(ctx, r.provenanceOf(t, res, out.Name, out, n, of), out); err != nil && ctx.Err() == nil {
		res.note(sink, fmt.Sprintf("nobody is told of %s: %s", out.Path, err))
	}
}
