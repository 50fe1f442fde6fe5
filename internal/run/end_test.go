package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A memory records runs, as a batch or a job queue does: fails says which of the
// records cannot be written.
type memory struct {
	mu    sync.Mutex
	runs  []ledger.Record
	fails func(ledger.State) bool
}

func (m *memory) Put(rec ledger.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil && m.fails(rec.State) {
		return &ledger.WriteError{Run: rec.ID, Folder: "history", Err: errors.New("no space left on device")}
	}
	m.runs = append(m.runs, rec)
	return nil
}

func (*memory) Usual(string, string) time.Duration { return 0 }

func (m *memory) states() (all []ledger.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rec := range m.runs {
		all = append(all, rec.State)
	}
	return all
}

// A stopping backend says of its first run that somebody interrupted it.
type stopping struct {
	comfy.Backend
	once  sync.Once
	meant bool // it, and no other
}

func (b *stopping) Follow(ctx context.Context, h comfy.Handle) iter.Seq2[comfy.Event, error] {
	stop := false
	b.once.Do(func() { stop = true })
	if !stop {
		return b.Backend.Follow(ctx, h)
	}
	return func(yield func(comfy.Event, error) bool) {
		st := comfy.State{Phase: comfy.PhaseCancelled, Err: &comfy.CancelledError{ID: string(h), Meant: b.meant}}
		yield(comfy.Event{Type: comfy.EventDone, State: &st}, nil)
	}
}

// A run that somebody else interrupts is one run: it ends once, for the sink and
// for the history.
func TestAnInterruptedRunEndsOnce(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), &memory{}
	b.Backend, b.History = &stopping{Backend: b.Backend}, m
	var told []run.EventType
	res, err := b.Run(t.Context(), b.request(t, "flux_single", "prompt", "a fox"), func(e run.Event) {
		if e.Type == run.EventDone || e.Type == run.EventPrepared {
			told = append(told, e.Type)
		}
	})
	if err != nil || res.Status != run.Succeeded || !slices.ContainsFunc(res.Warnings, func(w string) bool { return strings.Contains(w, "submitted again") }) {
		t.Fatalf("%+v, %v", res, err)
	}
	if want := []run.EventType{run.EventPrepared, run.EventPrepared, run.EventDone}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if want := []ledger.State{ledger.Prepared, ledger.Submitted, ledger.Prepared, ledger.Submitted, ledger.Done}; !slices.Equal(m.states(), want) {
		t.Errorf("recorded %v, want %v", m.states(), want)
	}
}

// A job that somebody took back stays taken back.
func TestACancelledJobIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), &memory{}
	b.Backend, b.History = &stopping{Backend: b.Backend, meant: true}, m
	res, err := b.Run(t.Context(), b.request(t, "flux_single", "prompt", "a fox"), func(run.Event) {})
	var cancelled *comfy.CancelledError
	if !errors.As(err, &cancelled) || res.Status != run.Cancelled {
		t.Errorf("%+v, %v", res, err)
	}
	if want := []ledger.State{ledger.Prepared, ledger.Submitted, ledger.Cancelled}; !slices.Equal(m.states(), want) {
		t.Errorf("recorded %v, want %v", m.states(), want)
	}
}

// What the backend has taken is collected, although the history is full by then;
// and nobody is told that it was not submitted.
func TestAFullHistoryAfterAcceptance(t *testing.T) {
	t.Parallel()
	for failing, want := range map[ledger.State]string{
		ledger.Submitted: "the run was accepted, but that could not be written down",
		ledger.Done:      "the run has ended, but that could not be written down",
	} {
		b := newBench(t)
		b.History = &memory{fails: func(s ledger.State) bool { return s == failing }}
		var told []string
		res, err := b.Run(t.Context(), b.request(t, "flux_single", "prompt", "a fox"), func(e run.Event) { told = append(told, e.Message) })
		if res == nil || len(res.Outputs) != 1 {
			t.Fatalf("%s: %+v, %v", failing, res, err)
		}
		var unrecorded *run.UnrecordedError
		if ended := failing == ledger.Done; ended != errors.As(err, &unrecorded) {
			t.Errorf("%s: error %v", failing, err)
		} else if ended {
			told = append(told, err.Error())
		}
		if !strings.Contains(strings.Join(told, "\n"), want) {
			t.Errorf("%s: told %q", failing, told)
		}
	}
}

// Before the backend has heard of a run nothing is lost by not running it.
func TestAFullHistoryBeforeSubmission(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.History = &memory{fails: func(ledger.State) bool { return true }}
	var full *ledger.WriteError
	if _, err := b.Run(t.Context(), b.request(t, "flux_single", "prompt", "a fox"), ignore); !errors.As(err, &full) || len(b.server.Executions()) > 0 {
		t.Errorf("error %v", err)
	}
}

// Collecting a run again finds the files of the first time.
func TestCollectTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ticket, err := b.Prepare(t.Context(), b.request(t, "flux_single", "prompt", "a fox"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Submit(t.Context(), ticket, ignore); err != nil {
		t.Fatal(err)
	}
	var names [2]string
	for i := range names {
		res, err := b.Collect(t.Context(), ticket, ignore)
		if err != nil || len(res.Outputs) != 1 {
			t.Fatalf("%+v, %v", res, err)
		}
		names[i] = res.Outputs[0].Path
	}
	if names[0] != names[1] {
		t.Errorf("first %s, then %s", names[0], names[1])
	}
}

// lasting gives a backend that outlives this process, or ends with it.
func lasting(b comfy.Backend, stays bool) comfy.Backend { return tenure{b, !stays} }

type tenure struct {
	comfy.Backend
	ephemeral bool
}

func (t tenure) Can() comfy.Abilities {
	can := t.Backend.Can()
	can.Ephemeral = t.ephemeral
	return can
}

// A refusing backend answers no question about a run.
type refusing struct {
	comfy.Backend
	err error
}

func (s refusing) Follow(context.Context, comfy.Handle) iter.Seq2[comfy.Event, error] {
	return func(yield func(comfy.Event, error) bool) { yield(comfy.Event{}, s.err) }
}

// A refused question leaves the run open, where it goes on without us.
func TestARefusedQuestionLeavesTheRunOpen(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), &memory{}
	b.Backend, b.History = refusing{b.Backend, &comfy.AuthError{Address: "http://studio", Status: 401}}, m
	var auth *comfy.AuthError
	var open *run.UncollectedError
	if _, err := b.Run(t.Context(), b.request(t, "flux_single", "prompt", "a fox"), ignore); !errors.As(err, &open) || open.Ended || !errors.As(err, &auth) {
		t.Errorf("error %v", err)
	}
	if states := m.states(); states[len(states)-1] != ledger.Submitted {
		t.Errorf("recorded %v", states)
	}
}

// Where the backend chooses the ids of runs, none is written down before it has
// said one; when that answer is lost, the run was perhaps submitted.
func TestABackendThatNamesItsRuns(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), &memory{}
	place := &comfytest.Memory{LoseReplies: 1}
	b.Backend, b.History = lasting(place, true), m
	req := run.Request{Workflow: empty(t)}
	var ambiguous *comfy.AmbiguousError
	if _, err := b.Run(t.Context(), req, ignore); !errors.As(err, &ambiguous) {
		t.Fatalf("error %v", err)
	}
	if rec := m.runs[len(m.runs)-1]; rec.State != ledger.Submitted || rec.Handle != "" || place.Accepted() != 1 {
		t.Errorf("recorded %+v, accepted %d", rec, place.Accepted())
	}
	res, err := b.Run(t.Context(), req, ignore)
	if err != nil || len(res.Outputs) != 1 {
		t.Fatalf("%+v, %v", res, err)
	}
	n := len(m.runs)
	if handles := []string{m.runs[n-3].Handle, m.runs[n-2].Handle, m.runs[n-1].Handle}; !slices.Equal(handles, []string{"", "job-1", "job-1"}) {
		t.Errorf("handles %q", handles)
	}
}

// empty is a workflow that saves a grey picture.
func empty(t *testing.T) *registry.Workflow {
	t.Helper()
	g, err := comfy.ParseGraph([]byte(`{"1": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 8}},
		"2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	wf, _, err := registry.Draft(g, registry.DraftOptions{ID: "empty", Path: "empty.json"})
	if err != nil {
		t.Fatal(err)
	}
	return wf
}

// Another process submits a run that was prepared here, on another server, with
// the contents of its files.
func TestATicketIsSubmittedElsewhere(t *testing.T) {
	t.Parallel()
	here, there := newBench(t), newBench(t)
	here.put("photo.jpg", turnedJPEG(t, 96, 64))
	ticket, err := here.Prepare(t.Context(), here.request(t, "image_upscale", "image", "photo.jpg", "factor", "0.5"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(ticket)
	if err != nil {
		t.Fatal(err)
	}
	again, err := run.OpenTicket(data)
	if err != nil {
		t.Fatal(err)
	}
	var content *run.ContentError
	if _, err := there.Execute(t.Context(), again, ignore); !errors.As(err, &content) || len(there.server.Executions()) > 0 {
		t.Errorf("without its files: %v", err)
	}
	there.Contents = ticket.Content
	res, err := there.Execute(t.Context(), again, ignore)
	if err != nil || len(res.Outputs) != 1 || *res.Outputs[0].Width != 32 || *res.Outputs[0].Height != 48 {
		t.Errorf("%+v, %v", res, err)
	}
}
