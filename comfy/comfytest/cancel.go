package comfytest

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
)

func testContextEndsFollow(t *testing.T, s *suite) {
	if s.Slow == nil {
		t.Skip("the harness has no slow graph")
	}
	h := s.submit(t, s.Slow())
	ctx, cancel := context.WithCancel(s.context(t))
	var last error
	for e, err := range s.backend.Follow(ctx, h) {
		if last = err; err == nil && e.Type == comfy.EventDone {
			t.Errorf("the run ended as %s before the context did", e.State.Phase)
		}
		cancel()
	}
	cancel()
	if !errors.Is(last, context.Canceled) {
		t.Errorf("follow ended with %v", last)
	}
	if err := s.backend.Cancel(s.context(t), h); err != nil {
		t.Errorf("cancel: %v", err)
	}
}

// started follows a run until it executes.
func (s *suite) started(t *testing.T, h comfy.Handle) {
	t.Helper()
	for e, err := range s.backend.Follow(s.context(t), h) {
		switch {
		case err != nil:
			t.Fatalf("follow: %v", err)
		case e.Type == comfy.EventDone:
			t.Fatalf("the slow run ended as %s before it could be cancelled", e.State.Phase)
		case e.Type == comfy.EventStarted, e.Type == comfy.EventNode, e.Type == comfy.EventProgress:
			return
		}
	}
}

// notAlive checks that a run is neither queued nor running, and did not succeed.
func (s *suite) notAlive(t *testing.T, h comfy.Handle) {
	t.Helper()
	st, err := s.backend.State(s.context(t), h)
	if err != nil {
		t.Fatal(err)
	}
	switch st.Phase {
	case comfy.PhaseUnknown:
	case comfy.PhaseCancelled:
		var c *comfy.CancelledError
		if !errors.As(st.Err, &c) || !c.Ours {
			t.Errorf("the cancelled run's error is %v", st.Err)
		}
	default:
		t.Errorf("after Cancel the run is %s", st.Phase)
	}
}

func testCancelQueued(t *testing.T, s *suite) {
	if s.Slow == nil {
		t.Skip("the harness has no slow graph")
	}
	first := s.submit(t, s.Slow())
	s.started(t, first)
	second := s.submit(t, s.Quick())
	if err := s.backend.Cancel(s.context(t), second); err != nil {
		t.Fatalf("cancel the queued run: %v", err)
	}
	s.notAlive(t, second)
	st, err := s.backend.State(s.context(t), first)
	if err != nil || st.Phase == comfy.PhaseCancelled || st.Phase == comfy.PhaseUnknown {
		t.Errorf("cancelling one run left the other %s, %v", st.Phase, err)
	}
	if err := s.backend.Cancel(s.context(t), first); err != nil {
		t.Fatalf("cancel the running run: %v", err)
	}
}

func testCancelRunning(t *testing.T, s *suite) {
	if s.Slow == nil {
		t.Skip("the harness has no slow graph")
	}
	first, second := s.submit(t, s.Slow()), s.submit(t, s.Quick())
	s.started(t, first)
	if err := s.backend.Cancel(s.context(t), first); err != nil {
		t.Fatalf("cancel: %v", err)
	}
	s.notAlive(t, first)
	_, st := s.finish(t, second) // and nobody else
	s.mustBeDone(t, st)
}

func testCancelFinished(t *testing.T, s *suite) {
	h := s.submit(t, s.Quick())
	s.finish(t, h)
	if err := s.backend.Cancel(s.context(t), h); err != nil {
		t.Fatalf("cancel: %v", err)
	}
	st, err := s.backend.State(s.context(t), h)
	if err != nil || st.Phase != comfy.PhaseDone {
		t.Errorf("a finished run that was cancelled is %s, %v", st.Phase, err)
	}
}

func testWithdraw(t *testing.T, s *suite) {
	w, ok := s.backend.(comfy.Withdrawer)
	if !ok || s.Slow == nil {
		t.Skip("a waiting run cannot be told from one that has just begun, or the harness has no slow graph")
	}
	first := s.submit(t, s.Slow())
	s.started(t, first)
	second := s.submit(t, s.Quick())
	if gone, err := w.Withdraw(s.context(t), second); err != nil || !gone {
		t.Errorf("of the waiting run: gone %v, %v", gone, err)
	}
	if st, err := s.backend.State(s.context(t), second); err != nil || st.Phase != comfy.PhaseUnknown {
		t.Errorf("after it the waiting run is %s, %v", st.Phase, err)
	}
	if gone, err := w.Withdraw(s.context(t), first); err != nil || gone {
		t.Errorf("of the executing run: gone %v, %v", gone, err)
	}
	if st, err := s.backend.State(s.context(t), first); err != nil || st.Phase != comfy.PhaseRunning {
		t.Errorf("after it the executing run is %s, %v", st.Phase, err)
	}
	if err := s.backend.Cancel(s.context(t), first); err != nil {
		t.Fatal(err)
	}
	third := s.submit(t, s.Quick())
	s.finish(t, third)
	if gone, err := w.Withdraw(s.context(t), third); err != nil || gone {
		t.Errorf("of the finished run: gone %v, %v", gone, err)
	}
}

func testMissingFile(t *testing.T, s *suite) {
	_, st := s.finish(t, s.submit(t, s.Quick()))
	s.mustBeDone(t, st)
	o := st.Outputs[0]
	if o.Inline != nil {
		t.Skip("outputs come with the answer")
	}
	o.Filename = "no-such-file-" + comfy.NewID() + ".png"
	if o.Ref != "" {
		o.Ref = o.Filename
	}
	_, _, err := s.backend.Open(s.context(t), o)
	var gone *comfy.NotFoundError
	if !errors.As(err, &gone) || gone.Output.Filename != o.Filename {
		t.Errorf("opening it gave %v", err)
	}
}
