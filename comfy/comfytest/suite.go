package comfytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
)

type suite struct {
	Harness
	backend comfy.Backend
}

// context is the test's, bounded.
func (s *suite) context(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), s.Limit)
	t.Cleanup(cancel)
	return ctx
}

func (s *suite) submit(t *testing.T, g *comfy.Graph) comfy.Handle {
	t.Helper()
	h, err := s.backend.Submit(s.context(t), comfy.Submission{ID: comfy.NewID(), Graph: g})
	if err != nil {
		t.Fatalf("submit: %v", err)
	}
	return h
}

// finish follows a run to its end.
func (s *suite) finish(t *testing.T, h comfy.Handle) ([]comfy.Event, comfy.State) {
	t.Helper()
	var events []comfy.Event
	for e, err := range s.backend.Follow(s.context(t), h) {
		if err != nil {
			t.Fatalf("follow %s: %v", h, err)
		}
		events = append(events, e)
	}
	if len(events) == 0 || events[len(events)-1].Type != comfy.EventDone || events[len(events)-1].State == nil {
		t.Fatalf("the events of %s do not end with the state: %+v", h, events)
	}
	return events, *events[len(events)-1].State
}

func (s *suite) read(t *testing.T, o comfy.Output) []byte {
	t.Helper()
	r, size, err := s.backend.Open(s.context(t), o)
	if err != nil {
		t.Fatalf("open %+v: %v", o, err)
	}
	data, err := io.ReadAll(r)
	if cerr := r.Close(); err != nil || cerr != nil {
		t.Fatalf("read %+v: %v, %v", o, err, cerr)
	}
	if size >= 0 && size != int64(len(data)) {
		t.Errorf("%d bytes announced, %d came", size, len(data))
	}
	return data
}

func (s *suite) mustBeDone(t *testing.T, st comfy.State) {
	t.Helper()
	if st.Phase != comfy.PhaseDone || st.Err != nil {
		t.Fatalf("phase %s, error %v", st.Phase, st.Err)
	}
}

func testDescribe(t *testing.T, s *suite) {
	info, err := s.backend.Describe(s.context(t))
	if err != nil {
		t.Fatal(err)
	}
	if info.Kind == "" {
		t.Errorf("no kind in %+v", info)
	}
}

func testRunToFile(t *testing.T, s *suite) {
	_, st := s.finish(t, s.submit(t, s.Quick()))
	s.mustBeDone(t, st)
	if len(st.Outputs) != 1 {
		t.Fatalf("outputs %+v, warnings %q", st.Outputs, st.Warnings)
	}
	o := st.Outputs[0]
	if o.Node != "save" || o.Kind != comfy.OutputImage || o.Index != 0 || !st.Executed {
		t.Errorf("output %+v, executed %v", o, st.Executed)
	}
	if _, _, err := image.Decode(bytes.NewReader(s.read(t, o))); err != nil {
		t.Errorf("the file is no picture: %v", err)
	}
}

func testEvents(t *testing.T, s *suite) {
	h := s.submit(t, s.Quick())
	events, st := s.finish(t, h)
	for i, e := range events[:len(events)-1] {
		if e.Type == comfy.EventDone || e.State != nil {
			t.Errorf("event %d of %d is the end: %+v", i, len(events), e)
		}
	}
	asked, err := s.backend.State(s.context(t), h)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(st.Outputs, asked.Outputs); diff != "" || asked.Phase != st.Phase {
		t.Errorf("followed %s, asked %s: %s", st.Phase, asked.Phase, diff)
	}
}

func testFollowAfterTheEnd(t *testing.T, s *suite) {
	h := s.submit(t, s.Quick())
	_, first := s.finish(t, h)
	_, again := s.finish(t, h)
	if diff := cmp.Diff(first.Outputs, again.Outputs); diff != "" {
		t.Error(diff)
	}
}

func testAbandonedFollow(t *testing.T, s *suite) {
	h := s.submit(t, s.Quick())
	for range s.backend.Follow(s.context(t), h) {
		break
	}
	_, st := s.finish(t, h)
	s.mustBeDone(t, st)
}

func testSameGraphTwice(t *testing.T, s *suite) {
	g := s.Quick()
	_, first := s.finish(t, s.submit(t, g))
	_, second := s.finish(t, s.submit(t, g))
	s.mustBeDone(t, first)
	s.mustBeDone(t, second)
	if len(second.Outputs) != len(first.Outputs) {
		t.Fatalf("first %+v, then %+v", first.Outputs, second.Outputs)
	}
	if !second.Executed && len(second.Warnings) == 0 {
		t.Error("nothing was executed, and nothing says so")
	}
	s.read(t, second.Outputs[0])
}

func testGraphIsNotModified(t *testing.T, s *suite) {
	g, target := s.Picture()
	before := g.Clone()
	s.finish(t, s.submitFiles(t, g, picture(1, target, nil)))
	if before.Digest() != g.Digest() {
		t.Error("Submit changed the caller's graph")
	}
}

func testParallel(t *testing.T, s *suite) {
	const n = 8
	var wg sync.WaitGroup
	ids := make(chan comfy.Handle, n)
	for range n {
		wg.Go(func() {
			h, err := s.backend.Submit(s.context(t), comfy.Submission{ID: comfy.NewID(), Graph: s.Quick()})
			if err != nil {
				t.Errorf("submit: %v", err)
				return
			}
			ids <- h
			for e, err := range s.backend.Follow(s.context(t), h) {
				if err != nil {
					t.Errorf("follow: %v", err)
				} else if e.Type == comfy.EventDone && e.State.Phase != comfy.PhaseDone {
					t.Errorf("%s ended as %s: %v", h, e.State.Phase, e.State.Err)
				}
			}
		})
	}
	wg.Wait()
	close(ids)
	seen := map[comfy.Handle]bool{}
	for h := range ids {
		if seen[h] {
			t.Errorf("two runs have the handle %s", h)
		}
		seen[h] = true
	}
}

// picture makes a small file of its own content.
func picture(n uint8, t comfy.Target, opened *atomic.Int64) comfy.File {
	img := image.NewNRGBA(image.Rect(0, 0, 16, 8))
	for i := range 16 * 8 {
		img.Set(i%16, i/16, color.NRGBA{n, uint8(i), 255 - n, 255})
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes everything
	sum := sha256.Sum256(b.Bytes())
	hash := hex.EncodeToString(sum[:])
	return comfy.File{
		Name: hash[:32] + ".png", SHA256: hash, Size: int64(b.Len()), Targets: []comfy.Target{t},
		Open: func() (io.ReadCloser, error) {
			if opened != nil {
				opened.Add(1)
			}
			return io.NopCloser(bytes.NewReader(b.Bytes())), nil
		},
	}
}

func (s *suite) submitFiles(t *testing.T, g *comfy.Graph, files ...comfy.File) comfy.Handle {
	t.Helper()
	h, err := s.backend.Submit(s.context(t), comfy.Submission{ID: comfy.NewID(), Graph: g, Files: files})
	if err != nil {
		t.Fatalf("submit with files: %v", err)
	}
	return h
}

func testUpload(t *testing.T, s *suite) {
	var opened atomic.Int64
	var first []byte
	for i := range 3 {
		g, target := s.Picture()
		_, st := s.finish(t, s.submitFiles(t, g, picture(200, target, &opened)))
		s.mustBeDone(t, st)
		if len(st.Outputs) != 1 {
			t.Fatalf("outputs %+v", st.Outputs)
		}
		data := s.read(t, st.Outputs[0])
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil || img.Bounds().Dx() != 16 || img.Bounds().Dy() != 8 {
			t.Fatalf("the picture came back as %d bytes: %v", len(data), err)
		}
		if i == 0 {
			first = data
		}
	}
	if len(first) == 0 {
		t.Error("no bytes")
	}
}

func testUnknownRun(t *testing.T, s *suite) {
	h := comfy.Handle(comfy.NewID())
	st, err := s.backend.State(s.context(t), h)
	if err != nil || st.Phase != comfy.PhaseUnknown {
		t.Errorf("state %+v, %v", st, err)
	}
	var lost *comfy.LostError
	for _, err = range s.backend.Follow(s.context(t), h) {
	}
	if !errors.As(err, &lost) || !lost.Gone {
		t.Errorf("following it ended with %v", err)
	}
	if err := s.backend.Cancel(s.context(t), h); err != nil {
		t.Errorf("cancel: %v", err)
	}
}

// refusal submits what the place must refuse: at once, or, where the graph is read
// by a worker later, as the end of the run.
func (s *suite) refusal(t *testing.T, g *comfy.Graph) *comfy.ValidationError {
	t.Helper()
	h, err := s.backend.Submit(s.context(t), comfy.Submission{ID: comfy.NewID(), Graph: g})
	if err == nil {
		_, st := s.finish(t, h)
		if err = st.Err; st.Phase != comfy.PhaseFailed {
			t.Errorf("a graph that is invalid ended as %s", st.Phase)
		}
	}
	var invalid *comfy.ValidationError
	if !errors.As(err, &invalid) {
		t.Fatalf("an invalid graph gave %v", err)
	}
	if comfy.Ambiguous(err) {
		t.Errorf("the refusal leaves open whether the run is there: %v", err)
	}
	return invalid
}

func testRefused(t *testing.T, s *suite) {
	invalid := s.refusal(t, s.Invalid())
	if len(invalid.Nodes) == 0 || invalid.Nodes[0].Node == "" || invalid.Nodes[0].Input == "" {
		t.Errorf("the refusal names no node and input: %+v", invalid)
	}
	broken := s.Quick()
	broken.Node("save").Inputs.Set("images", json.RawMessage(`["no such node", 0]`))
	s.refusal(t, broken)
}

func testNodeError(t *testing.T, s *suite) {
	if s.Failing == nil {
		t.Skip("the harness has no graph that fails")
	}
	_, st := s.finish(t, s.submit(t, s.Failing()))
	var ne *comfy.NodeError
	if st.Phase != comfy.PhaseFailed || !errors.As(st.Err, &ne) {
		t.Fatalf("phase %s, error %v", st.Phase, st.Err)
	}
	if ne.Node == "" || ne.Class == "" || ne.Message == "" {
		t.Errorf("the error does not say where and why: %+v", ne)
	}
}
