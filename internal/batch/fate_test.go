package batch

import (
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// What somebody took back stays taken back; an interrupt may have meant another
// run, and what an earlier call of the command had submitted it may have taken back
// itself before it was killed.
func TestFateOfWhatWasCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     comfy.CancelledError
		earlier bool
		want    fate
	}{
		"an interrupt":                  {comfy.CancelledError{}, false, requeues},
		"a job that was cancelled":      {comfy.CancelledError{Meant: true}, false, fails},
		"one of an earlier call":        {comfy.CancelledError{Meant: true}, true, requeues},
		"an interrupt, of that as well": {comfy.CancelledError{}, true, requeues},
	} {
		it := &item{earlier: c.earlier}
		if j := judge(it, &run.Result{Status: run.Cancelled}, &c.err, nil); j.fate != c.want {
			t.Errorf("%s: %v", name, j.fate)
		}
	}
}
