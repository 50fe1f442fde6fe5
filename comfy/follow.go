package comfy

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// Pace of polling.
const (
	silenceFirst = 500 * time.Millisecond // with a socket: after so much silence about the run,
	silenceMax   = 2 * time.Second        // or up to so much where its steps take longer
	backstop     = 30 * time.Second       // however much is heard: messages may be late
	blindFirst   = 250 * time.Millisecond // without a socket
	blindMax     = 2 * time.Second
	nudged       = 50 * time.Millisecond  // when the server says that its queue changed, or answers again
	lostFirst    = 100 * time.Millisecond // while nobody answers
	lostMax      = 2 * time.Second
	goneApart    = time.Second            // between the two looks that prove a run gone
	successGrace = 20 * time.Millisecond  // from execution_success to the message after the history is written
	harvestFirst = 5 * time.Millisecond   // history asked again when it is not written yet
	harvestStep  = 200 * time.Millisecond // at most so long between two questions
	harvestMax   = 2 * time.Second
	positionPace = 5 * time.Second // the queue is heavy: it is asked for a position so often
)

// errNoHandle answers questions about the run of an empty handle.
var errNoHandle = &LostError{ID: "without a handle", Reason: "the server never said under which id it took it"}

// Follow implements Backend. While messages about the run come in nothing is
// asked; when they stop, or there is no socket, the run is polled.
func (c *Client) Follow(ctx context.Context, h Handle) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if h == "" {
			yield(Event{}, errNoHandle)
			return
		}
		r := c.runs.add(string(h))
		f := &follower{c: c, run: r, box: r.open(), id: string(h), began: time.Now(), pace: silenceFirst, silence: silenceFirst}
		defer f.close()
		for {
			e, err := f.next(ctx)
			if err != nil {
				yield(Event{}, err)
				return
			}
			if !yield(e, nil) || e.Type == EventDone {
				return
			}
		}
	}
}

// A follower turns the messages about one run, and the answers of polls, into
// its sequence of events. It lives in the goroutine of the consumer.
type follower struct {
	c   *Client
	run *run
	box *mailbox
	id  string

	began     time.Time
	polled    time.Time     // last poll
	pace      time.Duration // until the next poll
	blind     bool          // pace is that of a run without socket
	silence   time.Duration // how much of it is usual on its socket
	heard     time.Time     // last message that due saw
	started   bool          // EventStarted was given out
	position  int           // last position given out, counted from 1
	asked     time.Time     // last look at the queue for the position
	absent    time.Time     // first of the looks that found nothing
	downSince time.Time     // first failure in a row
	downErr   error
	held      *Event // to give out next
	ending    bool   // EventEnding was given out
	finished  bool
}

func (f *follower) close() {
	if f.run.close(f.box, f.finished) && f.finished {
		f.c.runs.remove(f.id)
	}
}

// next waits for the next event.
func (f *follower) next(ctx context.Context) (Event, error) {
	for {
		if f.held != nil {
			e := *f.held
			f.held = nil
			return e, nil
		}
		if e, ok := f.box.take(); ok {
			f.started = f.started || e.Type != EventQueued
			return e, nil
		}
		if err := ctx.Err(); err != nil {
			return Event{}, err
		}
		if f.c.socket.ctx.Err() != nil {
			return Event{}, transport.ErrClosed
		}
		var (
			e   Event
			ok  bool
			err error
		)
		now := time.Now()
		served := f.downSince.IsZero() && f.c.socket.serves(f.run)
		b := f.box
		b.mu.Lock() // nothing that locks the run: delivery holds it first
		due := f.due(now, served, b.heard, b.pollAsked)
		ending, ended := b.ending, b.ended
		if !due.After(now) {
			b.pollAsked = false
		}
		b.mu.Unlock()
		switch {
		case ending && !f.ending:
			f.ending = true
			return Event{Type: EventEnding}, nil
		case ended && f.downSince.IsZero():
			e, ok, err = f.harvest(ctx)
		case ending && f.downSince.IsZero():
			if err := f.wait(ctx, now.Add(successGrace), true); err != nil {
				return Event{}, err
			}
			e, ok, err = f.harvest(ctx)
		case !due.After(now):
			e, ok, err = f.poll(ctx)
		default:
			err = f.wait(ctx, due, false)
		}
		if ok || err != nil {
			return e, err
		}
	}
}

// due is when to poll next, if nothing comes in until then.
func (f *follower) due(now time.Time, served bool, heard time.Time, pollAsked bool) time.Time {
	switch {
	case !f.downSince.IsZero():
	case served && f.blind:
		f.blind, f.pace, f.silence = false, silenceFirst, silenceFirst
	case !served && !f.blind:
		f.blind, f.pace = true, blindFirst
	}
	last := f.polled
	if served && heard.After(last) {
		if !f.heard.IsZero() && f.polled.After(f.heard) { // asked for nothing: its steps are slow
			f.silence = min(2*f.silence, silenceMax)
		}
		last, f.pace, f.heard = heard, f.silence, heard
	}
	if last.IsZero() && !served {
		return now // never asked, and nobody tells
	}
	if served && last.Sub(f.began) > backstop && last.Sub(f.polled) > backstop {
		return now
	}
	if pollAsked {
		return f.polled.Add(min(f.pace, nudged))
	}
	return last.Add(f.pace)
}

// wait sleeps until t or something new in the mailbox; with ended only until
// the message that comes after the history is written.
func (f *follower) wait(ctx context.Context, t time.Time, ended bool) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-f.c.socket.ctx.Done():
			return transport.ErrClosed
		case <-f.box.wake:
		}
		if !ended {
			return nil
		}
		f.box.mu.Lock()
		done := f.box.ended
		f.box.mu.Unlock()
		if done {
			return nil
		}
	}
}

// harvest asks the history of a run that is said to be over. The server says
// so before it writes the history.
func (f *follower) harvest(ctx context.Context) (Event, bool, error) {
	f.c.socket.heardEvents()
	begin := time.Now()
	for wait := harvestFirst; ; wait = min(2*wait, harvestStep) {
		st, err := f.c.finished(ctx, f.id)
		f.polled = time.Now()
		if err != nil {
			return f.failed(ctx, err)
		}
		if st.Phase.Over() {
			e, err := f.done(st)
			return e, true, err
		}
		if time.Since(begin) > harvestMax {
			break
		}
		if err := transport.Sleep(ctx, wait); err != nil {
			return Event{}, false, err
		}
	}
	f.box.mu.Lock()
	f.box.ending, f.box.ended = false, false // not so: go on as with any run
	f.box.mu.Unlock()
	return Event{}, false, nil
}

func (f *follower) done(st State) (Event, error) {
	f.finished = true
	return Event{Type: EventDone, State: &st}, nil
}

// poll asks where the run stands.
func (f *follower) poll(ctx context.Context) (Event, bool, error) {
	position := time.Since(f.asked) >= positionPace
	st, err := f.c.locate(ctx, f.id, position)
	f.polled = time.Now()
	if err != nil {
		return f.failed(ctx, err)
	}
	back := !f.downSince.IsZero()
	if back {
		f.downSince, f.downErr, f.pace = time.Time{}, nil, nudged
	}
	e, ok, err := f.news(st, position)
	if back && err == nil {
		// What a bad line let through is not asked for again.
		if ok {
			f.held = &e
		}
		return Event{Type: EventBack}, true, nil
	}
	return e, ok, err
}

// news turns an answer into an event, if it says anything new.
func (f *follower) news(st State, position bool) (Event, bool, error) {
	if position && st.Phase == PhaseQueued {
		f.asked = f.polled
	}
	f.slower()
	if st.Phase != PhaseUnknown {
		f.absent = time.Time{}
	}
	switch st.Phase {
	case PhaseUnknown:
		switch {
		case f.absent.IsZero():
			f.absent = f.polled
		case f.polled.Sub(f.absent) >= goneApart:
			return Event{}, false, &LostError{ID: f.id, Gone: true, Reason: "the server does not know it any more: it was restarted, or somebody deleted the run"}
		}
		f.pace = min(f.pace, goneApart/2)
	case PhaseQueued:
		if st.Position >= 0 && st.Position+1 != f.position {
			f.position = st.Position + 1
			return Event{Type: EventQueued, Position: st.Position}, true, nil
		}
	case PhaseRunning:
		f.reportUnheard()
		if !f.started {
			f.started = true
			return Event{Type: EventStarted}, true, nil
		}
	default:
		f.reportUnheard()
		e, err := f.done(st)
		return e, true, err
	}
	return Event{}, false, nil
}

// reportUnheard tells the socket that a run went on without a word about it.
func (f *follower) reportUnheard() {
	f.run.mu.Lock()
	heard := f.run.heard
	f.run.mu.Unlock()
	if !heard {
		f.c.socket.replaceMute(f.run)
	}
}

// slower lengthens the time until the next poll.
func (f *follower) slower() {
	limit := silenceMax
	if f.blind {
		limit = blindMax
	}
	f.pace = min(f.pace*3/2, limit)
}

// failed notes that nobody answered; the server may come back.
func (f *follower) failed(ctx context.Context, err error) (Event, bool, error) {
	switch {
	case ctx.Err() != nil:
		return Event{}, false, ctx.Err()
	case !transport.Temporary(ctx, err):
		return Event{}, false, err
	case f.downSince.IsZero():
		f.downSince, f.downErr, f.pace = time.Now(), err, lostFirst
		if f.c.patience == 0 {
			break
		}
		return Event{Type: EventLost, Err: err}, true, nil
	}
	if time.Since(f.downSince) >= f.c.patience {
		reason := "nobody answers any more"
		var u *UnreachableError
		if errors.As(err, &u) {
			reason += ": " + u.Reason
		}
		return Event{}, false, &LostError{ID: f.id, Reason: reason, Err: err}
	}
	f.pace = min(f.pace*3/2, lostMax, max(f.c.patience-time.Since(f.downSince), lostFirst))
	return Event{}, false, nil
}
