package batch

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	csv := strings.ReplaceAll(rows(100), "picture 1", "picture") // values are fine; the class fails; up to 32 are on a server at once
	h := newHost(t, emulator.Options{StepTime: time.Millisecond, Faults: []emulator.Fault{mustFault(t, "exception=KSampler:1000")}})
	b := newBench(t, csv)
	b.options.MaxFailures = 2
	sum, err := b.run(t.Context(), "a="+h.url)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Stopped != StoppedMaxFailures || sum.Failed < 3 || sum.Open == 0 {
		t.Errorf("%+v, %v", sum, err)
	}
	b.options.MaxFailures = -1
	if _, err := b.run(t.Context(), "a="+h.url); !errors.As(err, &failed) || !failed.All {
		t.Errorf("%v", err)
	}
	// What has failed stays failed until it is retried.
	if sum, err := b.run(t.Context()); !errors.As(err, &failed) || sum.Skipped != 100 {
		t.Errorf("%+v, %v", sum, err)
	}
}

// A model that no backend has ends the batch before its first run, and fails nothing.
func TestMissingModelStopsBeforeTheFirstRun(t *testing.T) {
	t.Parallel()
	h := newHost(t, emulator.Options{StepTime: time.Millisecond, StrictModels: true})
	b := newBench(t, "id,prompt,ckpt\na,x,nowhere.safetensors\nb,y,nowhere.safetensors\n")
	sum, err := b.run(t.Context(), "a="+h.url)
	var rejected *preflight.RejectedError
	if !errors.As(err, &rejected) || sum.Failed != 0 || sum.Open != 2 || len(h.executions()) > 0 {
		t.Errorf("%+v, %v", sum, err)
	}
}
