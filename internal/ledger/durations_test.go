package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestUsual(t *testing.T) {
	t.Parallel()
	h, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	put := func(workflow, backend string, state State, ms int64) {
		t.Helper()
		n++
		if err := h.Put(Record{ID: fmt.Sprintf("r%04d", n), Workflow: workflow, Backend: backend, State: state, ExecutedMS: ms}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, d time.Duration) {
		t.Helper()
		if got := h.Usual("flux", "studio"); got != d {
			t.Errorf("%s: %s, want %s", what, got, d)
		}
	}
	want("without history", 0)
	for _, ms := range []int64{3000, 1000, 2000} {
		put("flux", "studio", Done, ms)
	}
	put("flux", "studio", Failed, 9000)
	put("flux", "studio", Done, 0) // all of it was cached
	put("qwen", "studio", Done, 9000)
	put("flux", "laptop", Done, 9000)
	want("the median of its own kind", 2*time.Second)
	for range durationsSample {
		put("flux", "studio", Done, 5000)
	}
	want("only the last ones count", 5*time.Second)
	for i := range durationsOfKinds {
		put(fmt.Sprint("other", i), "studio", Done, 1)
	}
	want("kinds that ran long ago are forgotten", 0)
	if err := os.WriteFile(filepath.Join(h.dir, durationsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("damaged", 0)
	put("flux", "studio", Done, 7000)
	want("and mended", 7*time.Second)
	if runs, err := h.ids(); err != nil || len(runs) != n {
		t.Errorf("%d runs of %d, %v: the summary is none", len(runs), n, err)
	}
}
