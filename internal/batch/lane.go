package batch

import (
	"time"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

const (
	// defaultDepth is how many runs a backend has: one that executes, and one that
	// follows it at once. More gain nothing where a run takes longer than the way.
	defaultDepth = 2
	maxDepth     = 32
	// firstDepth bounds it until the first run has been collected, and leastHeard
	// what is believed of a time that was only heard: messages come in bursts.
	firstDepth = 8
	leastHeard = 10 * time.Millisecond
	// maxCollecting bounds the runs of a lane whose outputs are on their way.
	maxCollecting = 32

	// awayLong is how long a backend may be away before others take its runs, and
	// unseenLong how long it may say nothing of a run that it perhaps has.
	awayLong   = 3 * time.Second
	unseenLong = 2 * time.Second
	// flapsLong is at least how long after the first loss of its connection others
	// take a run, although the backend was there again meanwhile.
	flapsLong = time.Second
)

// A lane is one backend, with the runs that it has. All fields are the scheduler's
// and guarded by its lock.
type lane struct {
	runner *run.Runner
	price  float64     // USD per hour; 0 = not known
	paused func() bool // nil = never
	held   bool        // it was paused when it was last looked at
	fixed  int         // depth that the user wants; 0 = ours

	ready      int       // prepared, or being prepared, for the next free place
	onServer   int       // submitted and not ended
	collecting int       // ended, outputs on their way
	freed      time.Time // a run left the server last
	alone      bool      // what is on the server is to be alone there
	posting    int       // on their way there
	posted     string    // group of those
	attempts   map[*attempt]bool
	limbo      []*item // may be on the backend, which was lost sight of

	key string // group that it is on
	on  bool   // it is on one

	took    average       // execution
	sending average       // submission, from the ledger to the answer
	heard   time.Duration // execution of the last run, between messages; 0 = none

	run.Breaker
	probing   bool
	away      int // runs that have lost the connection
	awaySince time.Time
	dead      error // it will not come back: why
	last      error // why it failed last

	first, end time.Time     // of executions, by the server's clock
	busy       time.Duration // executing
}

// average is an exponentially weighted mean of durations.
type average struct {
	value time.Duration
	n     int
}

func (a *average) add(d time.Duration) {
	a.n++
	weight := max(0.2, 1/float64(a.n))
	a.value += time.Duration(weight * float64(d-a.value))
}

// depth is how many runs the backend is given at a time: by Little's law one that
// executes, and as many as it executes from the end of a run to the arrival of the
// next. So what waits there is never longer than two runs or that way, whichever is
// longer, and little is lost when it is stolen, cancelled or adopted.
func (l *lane) depth() int {
	took, most := l.took.value, maxDepth
	if l.took.n == 0 && l.heard > 0 {
		took, most = max(l.heard, leastHeard), firstDepth
	}
	switch {
	case l.OnTrial():
		return 1
	case l.fixed > 0:
		return l.fixed
	case took == 0 || l.sending.n == 0:
		return defaultDepth
	}
	// Half a round trip to hear of the end, a whole one to send, with what the ledger
	// takes; and as much again as the answer's way back, since neither is even.
	way := 2 * l.sending.value
	return min(most, max(defaultDepth, 1+int((way+took-1)/max(took, time.Millisecond))))
}

// takes reports whether the lane may take an item.
func (l *lane) takes(now time.Time) bool { return l.usable(now) && !l.held }

// usable reports whether the lane can be worked with.
func (l *lane) usable(now time.Time) bool {
	return l.dead == nil && l.away == 0 && !l.Resting(now) && !l.probing
}

// look asks whether the place is to be left alone, and reports whether that is new.
func (l *lane) look() (changed bool) {
	was := l.held
	l.held = l.paused != nil && l.paused()
	return l.held != was
}

// down reports whether nothing can be expected of the lane at the moment.
func (l *lane) down(now time.Time) bool {
	return l.dead != nil || l.OnTrial() && (l.Resting(now) || l.probing) || l.away > 0
}

// wellAgain notes a run that ended as it should.
func (l *lane) wellAgain() {
	l.Well()
	l.last = nil
}

// failed notes that the backend, and not a run, has failed.
func (l *lane) failed(now time.Time, err error) {
	l.Fail(now)
	l.last = err
}

// forgot notes that the backend has lost a run, as one does that was started again:
// it is there, and one run at a time shows whether it stays.
func (l *lane) forgot(now time.Time) {
	if !l.OnTrial() {
		l.Fail(now)
		l.RestUntil(time.Time{})
	}
}

// load is how many runs the lane has or is about to have.
func (l *lane) load() int { return l.ready + l.onServer }

// executed counts an execution.
func (l *lane) executed(res *run.Result) {
	if res == nil || res.Timing.Execution == 0 {
		return
	}
	d := time.Duration(res.Timing.Execution) * time.Millisecond
	if !res.Cached {
		l.took.add(d)
	}
	l.busy += d
	if at := res.ExecutionStarted; l.first.IsZero() || at.Before(l.first) {
		l.first = at
	}
	if at := res.ExecutionFinished; at.After(l.end) {
		l.end = at
	}
}
