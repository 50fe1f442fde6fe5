package batch

import (
	"context"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

func TestDepth(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		took, sending, heard time.Duration // 0 = not measured
		fixed                int
		trial                bool
		want                 int
	}{
		"nothing known":                   {want: 2},
		"only the way is known":           {sending: 100 * ms, want: 2},
		"long runs, near":                 {took: 5 * time.Second, sending: 2 * ms, want: 2},
		"long runs, far":                  {took: time.Minute, sending: 300 * ms, want: 2},
		"a second, a tenth of one away":   {took: time.Second, sending: 100 * ms, want: 2},
		"a fifth of a second, as far":     {took: 200 * ms, sending: 100 * ms, want: 2},
		"short runs, far":                 {took: 20 * ms, sending: 100 * ms, want: 11},
		"short runs, very far":            {took: 20 * ms, sending: time.Second, want: 32},
		"no time at all":                  {took: time.Microsecond, sending: 100 * ms, want: 32},
		"first run heard, short":          {heard: 20 * ms, sending: 50 * ms, want: 6},
		"first run heard in one burst":    {heard: ms, sending: 100 * ms, want: 8},
		"first run heard in a burst near": {heard: ms, sending: 2 * ms, want: 2},
		"heard after it is known":         {took: time.Second, heard: ms, sending: 100 * ms, want: 2},
		"as the user wants":               {took: 20 * ms, sending: 100 * ms, fixed: 3, want: 3},
		"failed lately":                   {took: 20 * ms, sending: 100 * ms, trial: true, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := &lane{fixed: c.fixed, heard: c.heard}
			if c.trial {
				l.Fail(time.Now())
			}
			if c.took > 0 {
				l.took.add(c.took)
			}
			if c.sending > 0 {
				l.sending.add(c.sending)
			}
			if got := l.depth(); got != c.want {
				t.Errorf("depth %d, want %d", got, c.want)
			}
		})
	}
}

// measured is a lane that takes so long for a run, and has so many of which the first
// executes for a while already.
func measured(took time.Duration, runs int, executing time.Duration, now time.Time) *lane {
	l := &lane{runner: &run.Runner{}, onServer: runs, attempts: map[*attempt]bool{}}
	if took > 0 {
		l.took.add(took)
	}
	for i := range runs {
		a := &attempt{item: &item{}, lane: l, submitted: true, handle: comfy.Handle(rune('a' + i)), since: now.Add(time.Duration(i-runs) * time.Second)}
		if i == 0 {
			a.started, a.item.started = now.Add(-executing), true
		}
		l.attempts[a] = true
	}
	return l
}

func TestWorthTaking(t *testing.T) {
	const ms = time.Millisecond
	now := time.Now()
	fast, slow := measured(100*ms, 0, 0, now), measured(time.Second, 0, 0, now)
	failed := measured(0, 0, 0, now)
	failed.failed(now.Add(-time.Minute), errSilent)
	for name, c := range map[string]struct {
		lane   *lane
		others []*lane
		left   int
		want   bool
	}{
		"far from the end, each":                       {slow, []*lane{fast}, 100, true},
		"the last one, fast":                           {fast, []*lane{slow}, 1, true},
		"the last one, slow":                           {slow, []*lane{fast}, 1, false},
		"as many as the fast one ends before":          {slow, []*lane{fast}, 9, false},
		"one more":                                     {slow, []*lane{fast}, 10, true},
		"the fast one is busy for as long":             {slow, []*lane{measured(100*ms, 10, 0, now)}, 1, true},
		"the fast one is nearly done":                  {slow, []*lane{measured(900*ms, 1, 850*ms, now)}, 1, false},
		"nothing is known of the other":                {slow, []*lane{measured(0, 0, 0, now)}, 1, true},
		"the other's first executes for longer":        {measured(time.Second, 1, 0, now), []*lane{measured(0, 1, time.Minute, now)}, 1, true},
		"not measured, far from the end":               {measured(0, 0, 0, now), []*lane{fast, slow}, 100, true},
		"not measured, others are soon done":           {measured(0, 0, 0, now), []*lane{fast, slow}, 9, false},
		"its first executes for longer than all needs": {measured(0, 1, 3*time.Second, now), []*lane{fast}, 20, false},
		"has failed, far from the end":                 {failed, []*lane{fast, slow}, 100, true},
		"has failed, others are sooner done":           {failed, []*lane{fast, slow}, 30, false},
		"the only one":                                 {slow, nil, 1, true},
		"the only one, has failed":                     {failed, nil, 1, true},
	} {
		if got := worthTaking(c.lane, c.others, c.left, now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestWorthKeeping(t *testing.T) {
	const ms = time.Millisecond
	now := time.Now()
	for name, c := range map[string]struct {
		lane, other *lane
		left        int // that have no lane
		way         time.Duration
		models      bool // the other has other models loaded
		want        bool
	}{
		"the other is idle":                   {lane: measured(400*ms, 2, 100*ms, now), other: measured(100*ms, 0, 0, now), want: false},
		"the other is as fast, and has less":  {lane: measured(400*ms, 3, 0, now), other: measured(400*ms, 1, 300*ms, now), want: false},
		"both are alike":                      {lane: measured(400*ms, 2, 0, now), other: measured(400*ms, 1, 0, now), want: true},
		"it would gain too little":            {lane: measured(400*ms, 2, 0, now), other: measured(400*ms, 1, 90*ms, now), want: true},
		"it is soon begun":                    {lane: measured(100*ms, 2, 99*ms, now), other: measured(100*ms, 0, 0, now), want: true},
		"the way takes longer":                {lane: measured(400*ms, 2, 100*ms, now), other: measured(100*ms, 0, 0, now), way: 600 * ms, want: true},
		"the others have enough to do":        {lane: measured(400*ms, 2, 100*ms, now), other: measured(100*ms, 0, 0, now), left: 6, want: true},
		"they have that soon done":            {lane: measured(400*ms, 2, 100*ms, now), other: measured(100*ms, 0, 0, now), left: 5, want: false},
		"models have to be loaded":            {lane: measured(400*ms, 2, 300*ms, now), other: measured(200*ms, 0, 0, now), models: true, want: true},
		"models are loaded in less time":      {lane: measured(4000*ms, 2, 0, now), other: measured(200*ms, 0, 0, now), models: true, want: false},
		"its first is not ended, and is long": {lane: measured(0, 2, 5000*ms, now), other: measured(200*ms, 0, 0, now), want: false},
		"strangers are before it":             {lane: waiting(measured(200*ms, 1, 0, now), 3*time.Second, now), other: measured(200*ms, 0, 0, now), want: false},
		"it has just arrived":                 {lane: waiting(measured(200*ms, 1, 0, now), 20*ms, now), other: measured(200*ms, 0, 0, now), want: true},
	} {
		if got := worthKeeping(c.lane, []*lane{c.other}, c.left, c.way, c.models, now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// waiting makes the run of a lane one that has waited so long although nothing executes.
func waiting(l *lane, since time.Duration, now time.Time) *lane {
	for a := range l.attempts {
		a.started, a.item.started, a.since = time.Time{}, false, now.Add(-since)
	}
	return l
}

// Of the runs of a lane only those are handed over that nobody computes.
func TestLastWaiting(t *testing.T) {
	now := time.Now()
	late, own := &scripted{late: true}, &scripted{}
	for name, c := range map[string]struct {
		backend *scripted
		change  func(a *attempt)
		want    comfy.Handle
	}{
		"the last":                {own, func(*attempt) {}, "c"},
		"executes":                {own, func(a *attempt) { a.item.started = true }, "b"},
		"on its way":              {own, func(a *attempt) { a.handle = "" }, "b"},
		"could not be taken off":  {own, func(a *attempt) { a.stays = true }, "b"},
		"already leaving":         {own, func(a *attempt) { a.leaving = true }, "b"},
		"ends its server":         {own, func(a *attempt) { a.item.kills = 1 }, "b"},
		"not submitted":           {own, func(a *attempt) { a.submitted = false }, "c"},
		"cannot be stopped":       {late, func(*attempt) {}, ""},
		"nor if it were not sent": {late, func(a *attempt) { a.submitted = false }, "c"},
	} {
		l := measured(time.Second, 3, 0, now)
		l.runner.Backend = c.backend
		for a := range l.attempts {
			if a.handle == "c" {
				c.change(a)
			}
		}
		got := comfy.Handle("")
		if a := l.lastWaiting(); a != nil {
			got = a.handle
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// scripted is a backend that cannot withdraw a run, and says of it what it is told to.
type scripted struct {
	comfy.Backend
	late      bool
	states    []comfy.Phase // one after the other
	refuses   error
	cancelled int
}

func (s *scripted) Can() comfy.Abilities { return comfy.Abilities{LateCancel: s.late} }

func (s *scripted) State(context.Context, comfy.Handle) (comfy.State, error) {
	st := comfy.State{Phase: s.states[0]}
	s.states = s.states[1:]
	return st, nil
}

func (s *scripted) Cancel(context.Context, comfy.Handle) error {
	s.cancelled++
	return s.refuses
}

// A run counts as taken off only when the backend proves it.
func TestWithdrawn(t *testing.T) {
	for name, c := range map[string]struct {
		backend   scripted
		gone      bool
		cancelled int
		fails     bool
	}{
		"waits":                      {backend: scripted{states: []comfy.Phase{comfy.PhaseQueued, comfy.PhaseCancelled}}, gone: true, cancelled: 1},
		"waits, and is then unknown": {backend: scripted{states: []comfy.Phase{comfy.PhaseQueued, comfy.PhaseUnknown}}, gone: true, cancelled: 1},
		"executes":                   {backend: scripted{states: []comfy.Phase{comfy.PhaseRunning}}},
		"is done":                    {backend: scripted{states: []comfy.Phase{comfy.PhaseDone}}},
		"is done meanwhile":          {backend: scripted{states: []comfy.Phase{comfy.PhaseQueued, comfy.PhaseDone}}, cancelled: 1},
		"is not let go":              {backend: scripted{states: []comfy.Phase{comfy.PhaseQueued}, refuses: errSilent}, cancelled: 1, fails: true},
	} {
		gone, err := withdrawn(t.Context(), &c.backend, "a")
		if gone != c.gone || (err != nil) != c.fails || c.backend.cancelled != c.cancelled {
			t.Errorf("%s: gone %v, %v, %d cancels", name, gone, err, c.backend.cancelled)
		}
	}
}
