package run

import (
	"testing"
	"time"
)

// TestBreaker is P-N7: a place that fails is left alone for longer each time, then
// tried with one run, and used as before once that was well.
func TestBreaker(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var b Breaker
	if b.Resting(now) || b.OnTrial() {
		t.Error("it is open from the beginning")
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		b.Fail(now)
		want *= time.Second
		if !b.Resting(now.Add(want-1)) || b.Resting(now.Add(want)) || !b.OnTrial() {
			t.Errorf("it does not rest for %s", want)
		}
		now = now.Add(want)
	}
	b.Well()
	if b.Resting(now) || b.OnTrial() {
		t.Error("it does not close")
	}
	if b.Fail(now); b.Resting(now.Add(time.Second)) {
		t.Error("earlier failures count after it was well")
	}
}
