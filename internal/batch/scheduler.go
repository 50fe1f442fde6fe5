package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
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

// open makes lanes of the places.
func (s *scheduler) open(places []Place) error {
	for _, p := range places {
		if s.o.MaxCost > 0 && p.USDPerHour <= 0 {
			return &PriceError{p.Runner.BackendName}
		}
		r := *p.Runner
		r.History, r.Leave, r.USDPerHour = s.o.Ledger, true, p.USDPerHour
		s.priced = s.priced || p.USDPerHour > 0
		l := &lane{runner: &r, price: p.USDPerHour, paused: p.Paused, fixed: s.o.Depth, attempts: map[*attempt]bool{}}
		s.lanes = append(s.lanes, l)
		s.lookPaused(l)
	}
	return nil
}

// lookPaused asks whether a lane's place is paused, and says so.
func (s *scheduler) lookPaused(l *lane) {
	switch changed := l.look(); {
	case changed && l.held:
		s.note("%s is paused: it gets no further items until easel queue resume", l.runner.BackendName)
	case changed:
		s.note("%s goes on", l.runner.BackendName)
	}
}

// greetTime bounds how long a backend may take to say that it is there.
const greetTime = 5 * time.Second

// greet asks every backend whether it is there, so that one that is not costs no
// item. It fails when none is.
func (s *scheduler) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	var asking sync.WaitGroup
	errs := make([]error, len(s.lanes))
	for i, l := range s.lanes {
		asking.Go(func() {
			began := s.o.Now()
			if _, errs[i] = l.runner.Backend.Describe(ctx); errs[i] == nil {
				l.sending.add(s.o.Now().Sub(began) / 2) // it asks twice and more, one after the other
			}
		})
	}
	asking.Wait()
	absent := 0
	for i, l := range s.lanes {
		if errs[i] == nil {
			continue
		}
		absent++
		l.failed(s.o.Now(), errs[i])
		if len(s.lanes) > 1 {
			s.note("%s does not answer: %s", l.runner.BackendName, errs[i])
		}
	}
	if absent == len(s.lanes) {
		return errs[0]
	}
	return nil
}

// maxPreflights bounds the groups that are held against the backends before the
// first run.
const maxPreflights = 64

// preflight holds one item of each group against the backends, before anything runs:
// what none of them has, a model that is missing say, would fail each item by itself.
func (s *scheduler) preflight(ctx context.Context) error {
	for i, g := range s.queue.groups {
		if i == maxPreflights {
			break
		}
		t, err := s.prepare(ctx, g.items[0])
		if err != nil {
			continue // it is told when the item has its turn
		}
		var refused error
		fits := false
		for _, l := range s.lanes {
			var rejected *preflight.RejectedError
			err := errNotAsked
			if l.usable(s.o.Now()) {
				err = l.runner.Preflight(ctx, t, t) // of a single run nothing is asked
			}
			if errors.As(err, &rejected) {
				refused = err
			} else {
				fits = true
			}
		}
		if !fits && refused != nil {
			return refused
		}
	}
	return nil
}

// survey sorts the items of the plan by what is left to do.
func (s *scheduler) survey(ctx context.Context) (open, adopt []*item, err error) {
	absent, err := s.absent(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := range s.o.Batch.Items {
		planned := &s.o.Batch.Items[i]
		row, ok := s.o.Ledger.Item(planned.ID)
		if !ok {
			return nil, nil, &ledger.UnknownItemError{Item: planned.ID}
		}
		s.spent += row.USD
		s.gpuMS += row.ExecutedMS
		it := &item{Item: planned, run: row.Run, backend: row.Backend, seed: row.Seed, kills: row.Kills}
		switch row.State {
		case ledger.ItemCommitted:
			gone := absent[row.ID]
			if gone == "" {
				s.sum.Committed++
				s.sum.Skipped++
				continue
			}
			s.note("item %s is made again: %s is not there any more", row.ID, gone)
			open = append(open, it)
		case ledger.ItemFailed:
			s.sum.Failed++
			s.sum.Skipped++
		case ledger.ItemStored:
			if err := s.finishStored(ctx, it); err != nil {
				return nil, nil, err
			}
		case ledger.ItemPlanned:
			open = append(open, it)
		default:
			adopt = append(adopt, it)
		}
	}
	return open, adopt, nil
}

// absent names, of each item that lacks one, an output that is missing in a folder of
// this machine. Elsewhere that would cost a request each, and verify does it.
func (s *scheduler) absent(ctx context.Context) (map[string]string, error) {
	found := map[string]string{}
	if !s.local {
		return found, nil
	}
	err := s.o.Ledger.AllFiles(func(id string, f ledger.File) error {
		if f.Stored && found[id] == "" && missing(ctx, s.o.Prepare.Store, f.Name) {
			found[id] = f.Name
		}
		return nil
	})
	return found, err
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

// drive gives one lane its items until nothing is left for it.
func (s *scheduler) drive(l *lane) {
	for {
		it, adopted := s.next(l)
		if it == nil {
			return
		}
		s.running.Go(func() { s.attempt(l, it, adopted) })
	}
}

// next waits for the next item of a lane; nil when there will be none.
func (s *scheduler) next(l *lane) (it *item, adopted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		now := s.o.Now()
		switch {
		case s.stopped != "", s.queue.size == 0 && s.active == 0, l.dead != nil && len(l.limbo) == 0:
			return nil, false
		case l.OnTrial() && l.load() == 0 && l.usable(now) && (s.queue.size > 0 || len(l.limbo) > 0):
			s.probe(l)
			continue
		case len(l.limbo) > 0 && l.usable(now):
			it, l.limbo = l.limbo[0], l.limbo[1:]
			l.onServer++
			return it, true
		}
		if l.takes(now) && l.ready == 0 && !l.alone && l.collecting < maxCollecting && worthTaking(l, s.lanes, s.queue.size, now) {
			if it := s.queue.take(l, func(it *item) bool { return s.may(l, it) }); it != nil {
				l.ready++
				s.active++
				return it, false
			}
		}
		s.cond.Wait()
	}
}

// may reports whether a lane takes an item.
func (s *scheduler) may(l *lane, it *item) bool {
	if it.suspect() && (l.load() > 0 || s.queue.size > len(s.queue.suspects)) {
		return false // alone, and when the others have had their turn
	}
	if it.left[l] && slices.ContainsFunc(s.lanes, func(o *lane) bool {
		return !it.left[o] && it.refused[o] == nil && !o.OnTrial() && !o.held && !o.down(s.o.Now())
	}) {
		return false // is it the item, or the backend? Another one shows it
	}
	return it.refused[l] == nil
}

// probe asks a lane that has failed whether it is there again. The lock is released
// meanwhile.
func (s *scheduler) probe(l *lane) {
	l.probing = true
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	_, err := l.runner.Backend.Describe(ctx)
	cancel()
	s.mu.Lock()
	l.probing = false
	if err != nil {
		s.laneFailed(l, err)
		return
	}
	l.RestUntil(time.Time{})
	// One run shows whether it works.
	for s.stopped == "" && l.usable(s.o.Now()) && l.ready+l.onServer == 0 {
		if len(l.limbo) > 0 {
			it := l.limbo[0]
			l.limbo = l.limbo[1:]
			l.onServer++
			s.running.Go(func() { s.attempt(l, it, true) })
			return
		}
		var it *item
		if !l.held && worthTaking(l, s.lanes, s.queue.size, s.o.Now()) {
			it = s.queue.take(l, func(it *item) bool { return s.may(l, it) })
		}
		if it == nil {
			l.RestUntil(s.o.Now().Add(tick))
			return
		}
		l.ready++
		s.active++
		s.running.Go(func() { s.attempt(l, it, false) })
	}
}

// laneFailed notes a failure of a backend. It is called with the lock held.
func (s *scheduler) laneFailed(l *lane, err error) {
	l.failed(s.o.Now(), err)
	s.cond.Broadcast()
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
	e := &FailedError{Items: s.sum.Total, Failed: s.sum.Failed, Open: open, First: s.first, Stopped: s.stopped}
	e.All = s.all && s.first != nil && s.sum.Committed == 0
	e.Edited = open == 0 && s.edited > 0 && s.edited == s.sum.Failed
	if s.stopped == StoppedMaxCost {
		e.Limit = money(s.o.MaxCost)
	}
	return e
}
