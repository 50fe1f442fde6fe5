package cmd

import (
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	seed, width, height := run.Seed(18446744073709551615), 1024, 768
	res := &run.Result{
		Seed:    &seed,
		Timing:  run.Timing{Queued: 100, Execution: 3000, Download: 300, Total: 60_000},
		Outputs: []run.Output{{Width: &width, Height: &height, Bytes: 1_500_000}, {Bytes: 500_000}},
	}
	if got, want := summary(res), "seed 18446744073709551615, 2 files, 1024x768, 3.4 s, 2.0 MB"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := summary(&run.Result{}); got != "" {
		t.Errorf("a run that made nothing: %q", got)
	}
	if got := spent(run.Timing{Total: 250}); got != 250*time.Millisecond {
		t.Errorf("a server without times: %s", got)
	}
}
