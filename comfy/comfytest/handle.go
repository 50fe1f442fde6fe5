package comfytest

import (
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// testHandle holds the handle against what the place says about ids.
func testHandle(t *testing.T, s *suite) {
	info, err := s.backend.Describe(s.context(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.backend.Can() != info.Can {
		t.Errorf("it says that it can %+v, and described itself as %+v", s.backend.Can(), info.Can)
	}
	id := comfy.NewID()
	h, err := s.backend.Submit(s.context(t), comfy.Submission{ID: id, Graph: s.Quick()})
	switch {
	case err != nil:
		t.Fatal(err)
	case h == "":
		t.Error("an accepted run has no handle")
	case info.Can.ClientIDs && h != comfy.Handle(id):
		t.Errorf("it takes our ids, but the run %s has the handle %s", id, h)
	}
	_, st := s.finish(t, h)
	s.mustBeDone(t, st)
}

// testEmptyHandle: what was never named is nobody's run, and no error that
// somebody would wait out.
func testEmptyHandle(t *testing.T, s *suite) {
	s.finish(t, s.submit(t, s.Quick())) // whose run could be taken for it
	st, err := s.backend.State(s.context(t), "")
	if err != nil || st.Phase != comfy.PhaseUnknown {
		t.Errorf("state %+v, %v", st, err)
	}
	var lost *comfy.LostError
	for _, err = range s.backend.Follow(s.context(t), "") {
	}
	if !errors.As(err, &lost) || lost.Gone {
		t.Errorf("following it ended with %v", err)
	}
	if err := s.backend.Cancel(s.context(t), ""); !errors.As(err, &lost) {
		t.Errorf("cancel: %v", err)
	}
}

// testLostReply: a run that was accepted without our hearing of it is found by
// our id, or reported as perhaps submitted.
func testLostReply(t *testing.T, s *suite) {
	if s.LostReply == nil {
		t.Skip("the harness loses no replies")
	}
	s.backend = s.LostReply(t)
	id := comfy.NewID()
	h, err := s.backend.Submit(s.context(t), comfy.Submission{ID: id, Graph: s.Quick()})
	var perhaps *comfy.AmbiguousError
	switch {
	case err == nil:
		_, st := s.finish(t, h)
		s.mustBeDone(t, st)
	case !errors.As(err, &perhaps) || perhaps.ID != id:
		t.Errorf("the reply was lost: %v", err)
	case !s.backend.Can().ClientIDs && perhaps.Handle != "":
		t.Errorf("it chooses its own ids, and nobody told us %s", perhaps.Handle)
	case s.backend.Can().ClientIDs && perhaps.Handle != comfy.Handle(id):
		t.Errorf("run %s is to be looked up as %q", id, perhaps.Handle)
	}
}
