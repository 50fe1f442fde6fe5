// Package polling follows runs of places that are asked, and have no socket that
// tells. It is the one loop under every such client: how often is asked, what a
// failed question costs, and when a run is proven to be gone.
package polling

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// Pace of polling.
const (
	first     = 250 * time.Millisecond // after the first look, and after each piece of news
	slowest   = 2 * time.Second
	lostFirst = 100 * time.Millisecond // while nobody answers
	goneApart = time.Second            // between the two looks that prove a run gone
)

// A Run is what Follow follows.
type Run struct {
	ID string
	// Look asks where the run stands, now, and gives what is to be told beside it.
	Look func(ctx context.Context) (comfy.State, []comfy.Event, error)
	// Hints are events that come by themselves; while they do, nothing is asked.
	// When the channel is closed the run is looked at once, and polled from then on.
	// nil = none come.
	Hints <-chan comfy.Event
	// Patience is how long failed questions are repeated.
	Patience time.Duration
	// Gone says why a place may not know a run that it knew.
	Gone string
}

// Follow yields the events of a run until it is over, is proven to be gone
// (*comfy.LostError), its place is away for longer than the patience, or ctx ends.
func Follow(ctx context.Context, r Run) iter.Seq2[comfy.Event, error] {
	return func(yield func(comfy.Event, error) bool) {
		f := &follower{Run: r, pace: first}
		for {
			events, err := f.step(ctx)
			for _, e := range events {
				if !yield(e, nil) || e.Type == comfy.EventDone {
					return
				}
			}
			if err != nil {
				yield(comfy.Event{}, err)
				return
			}
		}
	}
}

type follower struct {
	Run
	pace      time.Duration
	looked    bool
	phase     comfy.Phase
	position  int       // last one told, counted from 1
	absent    time.Time // first of the looks that found nothing
	downSince time.Time // first failure in a row
}

// step waits until the run is to be looked at, or a hint comes.
func (f *follower) step(ctx context.Context) ([]comfy.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !f.looked && f.Hints == nil {
		return f.look(ctx)
	}
	wait := f.pace
	if f.Hints != nil {
		wait = slowest
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case e, open := <-f.Hints:
		if open {
			return []comfy.Event{e}, nil
		}
		f.Hints, f.looked = nil, false
		return nil, nil
	case <-timer.C:
	}
	return f.look(ctx)
}

func (f *follower) look(ctx context.Context) ([]comfy.Event, error) {
	st, events, err := f.Look(ctx)
	f.looked = true
	if err != nil {
		return f.failed(ctx, err)
	}
	if !f.downSince.IsZero() {
		f.downSince, f.pace = time.Time{}, first
		events = append([]comfy.Event{{Type: comfy.EventBack}}, events...)
	}
	news, err := f.news(st)
	events = append(events, news...)
	if len(events) > 0 {
		f.pace = first
	} else {
		f.pace = min(f.pace*3/2, slowest)
	}
	return events, err
}

// news is what a state tells that was not known.
func (f *follower) news(st comfy.State) ([]comfy.Event, error) {
	if st.Phase.Over() {
		return []comfy.Event{{Type: comfy.EventDone, State: &st}}, nil
	}
	if st.Phase == comfy.PhaseUnknown {
		switch now := time.Now(); {
		case f.absent.IsZero():
			f.absent = now
		case now.Sub(f.absent) >= goneApart:
			return nil, &comfy.LostError{ID: f.ID, Gone: true, Reason: f.Gone}
		}
		f.pace = min(f.pace, goneApart/2)
		return nil, nil
	}
	f.absent = time.Time{}
	was := f.phase
	f.phase = st.Phase
	switch {
	case st.Phase == comfy.PhaseQueued && (was != st.Phase || st.Position+1 != f.position):
		f.position = st.Position + 1
		return []comfy.Event{{Type: comfy.EventQueued, Position: max(st.Position, 0)}}, nil
	case st.Phase == comfy.PhaseRunning && was != st.Phase:
		return []comfy.Event{{Type: comfy.EventStarted}}, nil
	}
	return nil, nil
}

// permanent reports whether an error says of itself that asking again changes
// nothing.
func permanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// failed notes that a question was not answered; the place may come back.
func (f *follower) failed(ctx context.Context, err error) ([]comfy.Event, error) {
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !transport.Temporary(ctx, err), permanent(err):
		return nil, err
	}
	var events []comfy.Event
	if f.downSince.IsZero() {
		f.downSince, f.pace = time.Now(), lostFirst
		if f.Patience > 0 {
			events = []comfy.Event{{Type: comfy.EventLost, Err: err}}
		}
	}
	down := time.Since(f.downSince)
	if down >= f.Patience {
		reason := "nobody answers any more"
		var u *comfy.UnreachableError
		var status *comfy.StatusError
		switch {
		case errors.As(err, &u):
			reason += ": " + u.Reason
		case errors.As(err, &status):
			reason += ": " + status.Error()
		}
		return events, &comfy.LostError{ID: f.ID, Reason: reason, Err: err}
	}
	f.pace = min(f.pace*3/2, slowest, max(f.Patience-down, lostFirst))
	var status *comfy.StatusError
	if errors.As(err, &status) && status.RetryAfter > 0 {
		f.pace = min(max(status.RetryAfter, f.pace), f.Patience)
	}
	return events, nil
}
