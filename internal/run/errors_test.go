package run_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

func TestStoppedErrorSaysWhatIsCertain(t *testing.T) {
	t.Parallel()
	for want, unconfirmed := range map[string]error{
		"run r1 was cancelled and removed from the backend":                      nil,
		"run r1 was cancelled, but the backend did not confirm it in time":       context.DeadlineExceeded,
		"run r1 was cancelled, but the backend did not confirm it: no such luck": errors.New("no such luck"),
	} {
		if got := (&run.StoppedError{Run: "r1", Why: context.Canceled, Unconfirmed: unconfirmed}).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A backend that ends with this process takes the run with it, whatever it says.
func TestOnlyALastingBackendCanLeaveACancelOpen(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{true, false} {
		b := newBench(t)
		b.Backend = deaf{lasting(b.Backend, open)}
		ticket, err := b.Prepare(t.Context(), b.request(t, "flux_single", "prompt", "a fox"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		var stopped *run.StoppedError
		if err := b.Submit(ctx, ticket, ignore); !errors.As(err, &stopped) || (stopped.Unconfirmed != nil) != open {
			t.Errorf("a backend that stays %t: %v", open, err)
		}
	}
}

// deaf is a backend that confirms no cancel.
type deaf struct{ comfy.Backend }

func (deaf) Cancel(context.Context, comfy.Handle) error { return errors.New("still computing") }
