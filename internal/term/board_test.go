package term

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func newTestBoard(t *testing.T) (*board, *clock, func() string) {
	t.Helper()
	s, _, _, out := Test()
	s.ErrTTY = true
	s.settle(func(string) string { return "" })
	c := &clock{time.Unix(1, 0)}
	return &board{streams: s, now: c.now}, c, func() string {
		defer out.Reset()
		return out.String()
	}
}

func TestBoard(t *testing.T) {
	t.Parallel()
	b, c, said := newTestBoard(t)
	usd, busy := 0.42, 0.98
	st := BoardState{
		Label: "products", Done: 410, Failed: 2, Total: 1000, Rate: 3.14, ETA: 3 * time.Minute, USD: &usd, Busy: &busy,
		Runs: []State{{Label: "sku-1 on studio", Node: "KSampler", Step: 5, Steps: 20, Fraction: 0.25}, {Label: "sku-2 on studio", Queued: true}},
	}
	b.Set(st)
	runs := "\n\r  sku-1 on studio  KSampler 5/20  25%\x1b[K\n\r  sku-2 on studio  queued\x1b[K"
	got := said()
	if !strings.Contains(got, "412/1000  2 failed  3.1/s") || !strings.Contains(got, "$0.42  98% busy") ||
		!strings.HasSuffix(got, runs) || !strings.Contains(got, "━─") {
		t.Errorf("%q", got)
	}
	b.Set(st)
	if got := said(); got != "" {
		t.Errorf("too soon: %q", got)
	}
	b.Note("error: item a")
	if got := said(); !strings.HasPrefix(got, "\r\x1b[2A\x1b[Jerror: item a\n\r\rproducts") {
		t.Errorf("%q", got)
	}
	c.t = c.t.Add(frameTime)
	st.Runs = st.Runs[:1]
	b.Set(st)
	if got := said(); !strings.HasPrefix(got, "\r\x1b[2A\rproducts") || !strings.HasSuffix(got, "25%\x1b[K\x1b[J") {
		t.Errorf("fewer lines: %q", got)
	}
	b.Finish("done")
	if got := said(); got != "\r\x1b[A\x1b[Jdone\n" {
		t.Errorf("%q", got)
	}
}

func TestBoardShowsSomeOfManyRuns(t *testing.T) {
	t.Parallel()
	b, _, said := newTestBoard(t)
	b.Set(BoardState{Label: "p", Total: 100, Runs: make([]State, 20)})
	if got := said(); strings.Count(got, "\n") != maxRunLines+1 || !strings.Contains(got, "and 12 more") {
		t.Errorf("%q", got)
	}
}

func TestBoardLines(t *testing.T) {
	t.Parallel()
	s, _, _, out := Test()
	c := &clock{time.Unix(1, 0)}
	l := &boardLines{streams: s, now: c.now}
	for n := range 41 {
		l.Set(BoardState{Label: "p", Done: n, Total: 40, Rate: 0.5})
	}
	if n := strings.Count(out.String(), "\n"); n != 19 {
		t.Errorf("%d lines for 40 items:\n%s", n, out)
	}
	out.Reset()
	c.t = c.t.Add(quietFor)
	l.Set(BoardState{Label: "p", Done: 39, Failed: 0, Total: 40, Rate: 0.5, ETA: time.Minute})
	l.Note("error: x")
	l.Finish("")
	if d := cmp.Diff("p: 39/40, 30.0/min, 1 min left\nerror: x\n", out.String()); d != "" {
		t.Error(d)
	}
}

func TestBoardFromManyGoroutines(t *testing.T) {
	t.Parallel()
	b, _, _ := newTestBoard(t)
	var going sync.WaitGroup
	for range 8 {
		going.Go(func() {
			b.Set(BoardState{Label: "p", Total: 10, Runs: make([]State, 3)})
			b.Note("n")
			b.Clear()
		})
	}
	going.Wait()
}
