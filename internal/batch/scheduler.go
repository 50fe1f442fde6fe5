package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

const (
	defaultGrace = 5 * time.Second
	// takeBack bounds how long it takes to get a run off a backend that has not
	// begun it.
	takeBack = 2 * time.Second
	// tick is how often what depends on time alone is looked at.
	tick = 250 * time.Millisecond
)

// Why an attempt is ended from outside.
var (
	errTaken = errors.New("another backend takes the item") // off the backend, and queued again
	errLeave = errors.New("the run is left to its backend") // to be adopted by the next invocation

	errNotAsked = errors.New("the backend does not answer")
	errSilent   = errors.New("the backend says nothing of what it was given")
)

// A scheduler runs one batch once.
type scheduler struct {
	o     Options
	ctx   context.Context // of all that is done about items; it outlives that of Run
	end   context.CancelCauseFunc
	began time.Time
	local bool // outputs are files of this machine

	sinks sync.Mutex // one event at a time

	preparing sync.Mutex
	prep      *run.Preparation

	mu       sync.Mutex
	cond     *sync.Cond
	queue    *queue
	lanes    []*lane
	active   int // items that are neither queued nor ended
	leaving  int // of those, on their way from a lane that is slower to the queue
	stopped  string
	fatal    error
	running  sync.WaitGroup
	idle     time.Time // since when no backend could be used; zero = one can
	sum      Summary
	all      bool // no item has ended well in this invocation
	first    error
	edited   int // items that failed because of a file that was edited by hand
	spent    float64
	priced   bool
	gpuMS    int64
	finishes []time.Time // of the last items, for the rate
}

// Run runs what is left of a batch. Items that have ended are not looked at again,
// but for a missing file of theirs; runs that an earlier invocation submitted are
// taken over by their ids. The error is nil when every item is committed, else a
// *FailedError; the cause of the end of ctx; or what made it impossible to go on.
func Run(ctx context.Context, o Options) (Summary, error) {
	s := &scheduler{o: o, all: true, sum: Summary{Type: "summary", Name: o.Batch.Name, Total: len(o.Batch.Items)}}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.Sink == nil {
		s.o.Sink = func(Event) {}
	}
	if s.o.Code == nil {
		s.o.Code = func(error) string { return "failed" }
	}
	s.cond = sync.NewCond(&s.mu)
	s.began = s.o.Now()
	s.local = o.Prepare.Out != "" && isLocal(o.Prepare.Out)
	base, end := context.WithCancelCause(context.WithoutCancel(ctx))
	s.ctx, s.end = base, end
	defer end(nil)

	open, adopt, err := s.survey(ctx)
	if err != nil {
		return s.summary(), err
	}
	if len(open)+len(adopt) == 0 {
		return s.summary(), errors.Join(s.verdict(ctx), o.Ledger.Sync())
	}
	places, err := o.Connect(ctx)
	if err != nil {
		s.sum.Open = len(open) + len(adopt)
		return s.summary(), err
	}
	if err := s.open(places); err != nil {
		return s.summary(), err
	}
	if err := s.greet(ctx); err != nil {
		s.sum.Open = len(open) + len(adopt)
		return s.summary(), err
	}
	s.queue = newQueue(open, o.Ordering)
	if err := s.preflight(ctx); err != nil {
		s.sum.Open = len(open) + len(adopt)
		return s.summary(), err
	}
	s.adoptAll(adopt)
	s.emit(Event{Type: EventBegun})
	s.work(ctx)
	// Whoever reads the ledger next reads what was done.
	return s.summary(), errors.Join(s.verdict(ctx), o.Ledger.Sync())
}

// work runs until nothing is left, or the batch is stopped.
func (s *scheduler) work(ctx context.Context) {
	over := make(chan struct{})
	var aside sync.WaitGroup
	aside.Go(func() { s.watch(ctx, over) })
	for _, l := range s.lanes {
		s.running.Go(func() { s.drive(l) })
	}
	s.running.Wait()
	close(over)
	aside.Wait()
	s.end(errLeave)
}

// watch does what time and the end of ctx ask for.
func (s *scheduler) watch(ctx context.Context, over chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	interrupted := ctx.Done()
	var grace <-chan time.Time
	for {
		select {
		case <-over:
			return
		case <-interrupted:
			interrupted = nil
			wait := defaultGrace
			if s.o.Grace != nil {
				wait = s.o.Grace(context.Cause(ctx))
			}
			s.mu.Lock()
			s.stop(StoppedInterrupted, nil)
			active := s.active
			s.mu.Unlock()
			if active > 0 && wait > 0 {
				s.note("stopping: what executes is collected for up to %s; the same command goes on with the rest", wait)
			}
			grace = time.After(wait)
		case <-grace:
			s.leaveAll()
		case <-ticker.C:
			s.mu.Lock()
			s.lookAround()
			s.cond.Broadcast()
			s.mu.Unlock()
		}
	}
}

// lookAround ends a batch whose backends have all been away for too long, and
// moves runs from backends that are away or slow to ones that have nothing to do.
// It is called with the lock held.
func (s *scheduler) lookAround() {
	now := s.o.Now()
	if s.stopped != "" {
		return
	}
	down, dead := true, true
	for _, l := range s.lanes {
		s.lookPaused(l)
		down = down && l.down(now)
		dead = dead && l.dead != nil
	}
	switch {
	case !down:
		s.idle = time.Time{}
	case s.idle.IsZero():
		s.idle = now
	}
	if dead || down && now.Sub(s.idle) > s.o.Patience {
		var why error
		for _, l := range s.lanes {
			if why == nil {
				why = l.dead
			}
			if why == nil {
				why = l.last
			}
		}
		s.stop(StoppedBackends, why)
		return
	}
	if s.queue.size == 0 {
		s.steal(now)
	}
}

// stop ends the batch: nothing is submitted any more, what backends have not begun
// is taken back, and what they execute is waited for. It is called with the lock held.
func (s *scheduler) stop(reason string, fatal error) {
	if s.stopped != "" {
		return
	}
	s.stopped, s.fatal = reason, fatal
	for _, l := range s.lanes {
		for a := range l.attempts {
			if a.submitted && !a.item.started && !a.ended {
				a.taken = true
				a.cancel(errTaken)
			}
		}
	}
	if reason == StoppedBackends || reason == StoppedDisk {
		s.leaveLocked()
	}
	s.cond.Broadcast()
}

// leaveAll leaves what runs to its backends.
func (s *scheduler) leaveAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked()
}

func (s *scheduler) leaveLocked() {
	for _, l := range s.lanes {
		for a := range l.attempts {
			if !a.taken {
				a.cancel(errLeave)
			}
		}
	}
}

// emit tells the sink.
func (s *scheduler) emit(e Event) {
	s.sinks.Lock()
	defer s.sinks.Unlock()
	s.mu.Lock()
	e.Totals = s.totals() // within, so that no event tells of less than the one before
	s.mu.Unlock()
	s.o.Sink(e)
}

func (s *scheduler) note(format string, args ...any) {
	s.sinks.Lock()
	defer s.sinks.Unlock()
	s.o.Sink(Event{Type: EventNote, Message: fmt.Sprintf(format, args...)})
}

// verdict is the error of a batch that has ended.
func (s *scheduler) verdict(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.sum.Total - s.sum.Committed - s.sum.Failed
	switch {
	case s.fatal != nil:
		return s.fatal
	case s.stopped == StoppedInterrupted && open > 0:
		return context.Cause(ctx)
	case open+s.sum.Failed == 0:
		return nil
	}
	e := &FailedError{Items: s.sum.Total, Failed: s.sum.Failed, Open: open, First: s.first, Stopped: s.stopped, At: Location{Out: s.o.Prepare.Out, State: s.o.State, Name: s.o.Batch.Name}}
	e.All = s.all && s.first != nil && s.sum.Committed == 0
	e.Edited = open == 0 && s.edited > 0 && s.edited == s.sum.Failed
	if s.stopped == StoppedMaxCost {
		e.Limit = money(s.o.MaxCost)
	}
	return e
}
