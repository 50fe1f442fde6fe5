package batch

import (
	"testing"
	"time"
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

func TestWorthTaking(t *testing.T) {
	now := time.Now()
	fast, slow := &lane{}, &lane{}
	fast.took.add(100 * time.Millisecond)
	slow.took.add(time.Second)
	failed := &lane{}
	failed.failed(now.Add(-time.Minute), errSilent)
	all := []*lane{fast, slow, failed}
	for name, c := range map[string]struct {
		lane *lane
		left int
		want bool
	}{
		"far from the end, each":             {slow, 100, true},
		"the last one, fast":                 {fast, 1, true},
		"the last one, slow":                 {slow, 1, false},
		"enough for both":                    {slow, 20, true},
		"has failed, far from the end":       {failed, 100, true},
		"has failed, others are sooner done": {failed, 30, false},
	} {
		if got := worthTaking(c.lane, all, c.left, now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if !worthTaking(failed, []*lane{failed}, 1, now) {
		t.Error("the only one takes nothing")
	}
}
