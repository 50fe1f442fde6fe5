package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A Pool runs each ticket on the first of its members that can. A member that
// fails is left alone for a while, from a second doubled up to half a minute, and
// then tried again with one run; what it cannot do, or says wrongly, is no other
// member's problem. It is used by one goroutine.
type Pool struct {
	Members []*PoolMember
	Tickets []*Ticket // all that are to run: what a member cannot make is found out together
	// Say hears why another member is tried; nil for nobody.
	Say func(format string, args ...any)
	Now func() time.Time // nil = time.Now
}

// A PoolMember is one backend of a pool, opened when its turn comes.
type PoolMember struct {
	Name string
	Open func(context.Context) (*Runner, error)

	runner  *Runner
	breaker Breaker
	unfit   error // it will not do in this command: why
}

// A PoolError means that no member of a pool could run a ticket. It is the kind of
// failure of the first that looked at the graph and refused it, since that says most
// of the run; if none did, that of the first.
type PoolError struct {
	Names []string
	Errs  []error // of the same index
}

func (e *PoolError) Error() string {
	var all []string
	for i, err := range e.Errs {
		all = append(all, e.Names[i]+": "+err.Error())
	}
	return "no backend of the pool can run it: " + strings.Join(all, "; ")
}

// Unwrap gives the failure that stands for all.
func (e *PoolError) Unwrap() error {
	for _, err := range e.Errs {
		if _, refused := errors.AsType[*RejectedError](err); refused {
			return err
		}
	}
	return e.Errs[0]
}

// Execute is Runner.Execute on the first member that can. A run that was lost sight
// of goes on elsewhere under a new prompt id, which its warnings say.
func (p *Pool) Execute(ctx context.Context, t *Ticket, sink Sink) (*Result, error) {
	var res *Result
	err := p.try(ctx, t, func(r *Runner) (err error) {
		res, err = r.Execute(ctx, t, sink)
		return err
	})
	if _, none := errors.AsType[*PoolError](err); none {
		res = nil // those of single members are in their history
	}
	return res, err
}

// Submit is Runner.Submit on the first member that can.
func (p *Pool) Submit(ctx context.Context, t *Ticket, sink Sink) error {
	return p.try(ctx, t, func(r *Runner) error { return r.Submit(ctx, t, sink) })
}

// try does something on one member after the other, until one does it or fails in a
// way that another one would too.
func (p *Pool) try(ctx context.Context, t *Ticket, do func(*Runner) error) error {
	none := &PoolError{}
	for _, m := range p.order() {
		err := m.unfit
		if err == nil {
			err = p.on(ctx, m, t, do)
			if err == nil || ctx.Err() != nil || !m.failed(err, p.now()) {
				return err
			}
		}
		var lost *comfy.LostError
		if errors.As(err, &lost) {
			t.warn("lost sight of the run on " + m.Name + ", so it was made elsewhere; there it may go on to its end")
		}
		none.Names, none.Errs = append(none.Names, m.Name), append(none.Errs, err)
		if len(none.Errs) < len(p.Members) && p.Say != nil {
			p.Say("%s cannot run it: %s", m.Name, err)
		}
	}
	return none
}

// on does it on a member, which is opened and asked whether it can.
func (p *Pool) on(ctx context.Context, m *PoolMember, t *Ticket, do func(*Runner) error) error {
	if m.runner == nil {
		r, err := m.Open(ctx)
		if err != nil {
			return err
		}
		if err := r.Preflight(ctx, p.Tickets...); err != nil {
			return err
		}
		m.runner = r
	}
	if t.tried {
		t.PromptID = comfy.NewID()
	}
	t.tried = true
	err := do(m.runner)
	if err == nil {
		m.breaker.Well()
	}
	return err
}

// order is the members as they are given, those at rest behind the others.
func (p *Pool) order() []*PoolMember {
	now := p.now()
	all := slices.Clone(p.Members)
	slices.SortStableFunc(all, func(a, b *PoolMember) int { return a.at(now) - b.at(now) })
	return all
}

func (m *PoolMember) at(now time.Time) int {
	if m.unfit != nil || m.breaker.Resting(now) {
		return 1
	}
	return 0
}

func (p *Pool) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// failed notes how a member failed, and reports whether another one may do better.
func (m *PoolMember) failed(err error, now time.Time) bool {
	v := Judge(err)
	switch v {
	case Unfit:
		m.unfit = err
	case Failing:
		m.breaker.Fail(now)
	}
	return v != Final
}

// A Verdict says what an error of a run tells of the place where it was made.
type Verdict int

// Verdicts. Final is the run's own matter, or none that another place may repeat.
const (
	Final     Verdict = iota
	Elsewhere         // another place may do it
	Unfit             // and this one never will
	Failing           // and this one is to be left alone for a while
)

// Judge says what an error tells of the place where a run was to be made.
func Judge(err error) Verdict {
	var (
		rejected   *RejectedError
		unreturned *UnreturnedError
		large      *comfy.TooLargeError
		auth       *comfy.AuthError
		lost       *comfy.LostError
		away       *comfy.UnreachableError
		status     *comfy.StatusError
		worker     *comfy.WorkerError
		ambiguous  *comfy.AmbiguousError
		open       *UncollectedError
		refuses    interface{ Permanent() bool }
	)
	switch {
	case errors.As(err, &ambiguous) && ambiguous.Handle == "":
		return Final // it may run there, and is paid for
	case errors.As(err, &open) && open.Ended:
		return Final // it is made, and waits to be fetched
	case errors.As(err, &rejected), errors.As(err, &unreturned), errors.As(err, &auth), errors.As(err, &refuses) && refuses.Permanent():
		return Unfit
	case errors.As(err, &large) && large.Sent: // other files may fit
		return Elsewhere
	case errors.As(err, &ambiguous), errors.As(err, &lost), errors.As(err, &away), errors.As(err, &status), errors.As(err, &worker):
		return Failing
	}
	return Final
}
