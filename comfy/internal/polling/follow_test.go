package polling_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/polling"
)

// A run without news is asked for ever less often, from 250 ms to 2 s; while the
// place tells by itself it is not asked at all.
func TestPace(t *testing.T) {
	t.Parallel()
	const length = time.Minute
	follow := func(t *testing.T, hints <-chan comfy.Event) (asked []time.Duration) {
		began := time.Now()
		look := func(context.Context) (comfy.State, []comfy.Event, error) {
			at := time.Since(began)
			asked = append(asked, at)
			if at >= length {
				return comfy.State{Phase: comfy.PhaseDone}, nil, nil
			}
			return comfy.State{Phase: comfy.PhaseRunning}, nil, nil
		}
		for _, err := range polling.Follow(t.Context(), polling.Run{ID: "x", Look: look, Hints: hints, Patience: time.Second}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return asked
	}
	synctest.Test(t, func(t *testing.T) {
		asked := follow(t, nil)
		last := time.Duration(0)
		for i := 1; i < len(asked); i++ {
			gap := asked[i] - asked[i-1]
			if gap < last || gap < 250*time.Millisecond || gap > 2*time.Second {
				t.Errorf("asked at %s, %s after the one before, which was %s after its own", asked[i], gap, last)
			}
			last = gap
		}
		if asked[0] != 0 || asked[1] != 250*time.Millisecond || last != 2*time.Second {
			t.Errorf("asked at %s", asked)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		hints := make(chan comfy.Event)
		go func() {
			for began := time.Now(); time.Since(began) < length; time.Sleep(time.Second) {
				hints <- comfy.Event{Type: comfy.EventProgress}
			}
			close(hints)
		}()
		if asked := follow(t, hints); len(asked) != 1 || asked[0] < length {
			t.Errorf("asked at %s beside what was told", asked)
		}
	})
}
