package run_test

import (
	"context"
	"errors"
	"testing"

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
