package runpod

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/polling"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// gone is why RunPod may not know a job.
const gone = "RunPod does not know the job any more: it keeps results for 30 minutes, and a job for as long as its time to live, 24 hours unless the endpoint says otherwise"

// State implements comfy.Backend. PhaseUnknown means that RunPod has no such job,
// its result expired, or its time to live ran out.
func (e *Endpoint) State(ctx context.Context, h comfy.Handle) (comfy.State, error) {
	unknown := comfy.State{Phase: comfy.PhaseUnknown, Position: -1}
	if !validID(string(h)) {
		return unknown, nil // no job has such an id
	}
	var st comfy.State
	err := transport.Again(ctx, func() (err error) { st, _, err = e.look(ctx, string(h)); return err })
	if err != nil {
		return comfy.State{}, err
	}
	return st, nil
}

// Follow implements comfy.Backend. The job is polled, from four times a second to
// once in two seconds. While it waits for a worker, what the workers do is told.
func (e *Endpoint) Follow(ctx context.Context, h comfy.Handle) iter.Seq2[comfy.Event, error] {
	if !validID(string(h)) {
		return func(yield func(comfy.Event, error) bool) {
			yield(comfy.Event{}, &comfy.LostError{ID: "without a handle", Reason: "RunPod never said which job it is"})
		}
	}
	w := &waiting{e: e, began: time.Now()}
	return polling.Follow(ctx, polling.Run{
		ID: string(h), Patience: e.patience, Gone: gone,
		Look: func(ctx context.Context) (comfy.State, []comfy.Event, error) {
			st, events, err := e.look(ctx, string(h))
			if err == nil {
				events = append(events, w.tell(ctx, st.Phase)...)
			}
			return st, events, err
		},
	})
}

// look asks for a job once.
func (e *Endpoint) look(ctx context.Context, id string) (comfy.State, []comfy.Event, error) {
	if st, ok := e.ended.get(id); ok {
		return st, nil, nil
	}
	if e.development.Get() == transport.Yes {
		st, err := e.execute(ctx, id)
		return st, nil, err
	}
	k := transport.Get("/status/" + id)
	k.Repeat = true
	a, err := e.ask(ctx, e.status, k)
	if err != nil {
		return comfy.State{}, nil, err
	}
	switch {
	case a.Status == http.StatusMethodNotAllowed && e.isDevelopment(ctx):
		st, err := e.execute(ctx, id)
		return st, nil, err
	case a.Status == http.StatusNotFound:
		return comfy.State{Phase: comfy.PhaseUnknown, Position: -1}, nil, nil
	}
	j, err := e.readJob(k, a)
	if err != nil {
		return comfy.State{}, nil, err
	}
	st := j.state(id, e.ended.ours(id), time.Now())
	if st.Phase.Over() {
		return e.ended.put(id, st), nil, nil
	}
	return st, j.progress(), nil
}

// ask sends one question within RunPod's limits.
func (e *Endpoint) ask(ctx context.Context, p *pace, k transport.Call) (transport.Answer, error) {
	done, err := p.begin(ctx)
	if err != nil {
		return transport.Answer{}, err
	}
	defer done()
	return e.wire.Ask(ctx, k)
}

// readJob reads an answer that describes a job.
func (e *Endpoint) readJob(k transport.Call, a transport.Answer) (*job, error) {
	if !a.OK() {
		return nil, refusal(e.wire, k, a)
	}
	if a.HTML() { // a proxy speaks for it
		a.Status = http.StatusBadGateway
		return nil, e.wire.PlainStatus(k, a)
	}
	var j job
	if err := e.wire.Decode(k, a, &j); err != nil {
		return nil, err
	}
	if j.Status == "" {
		return nil, &comfy.UnreachableError{Of: "RunPod", Address: e.Address(), Reason: fmt.Sprintf("the answer to %s names no status", k)}
	}
	return &j, nil
}

// isDevelopment asks whether this is the SDK's local server (--rp_serve_api).
func (e *Endpoint) isDevelopment(ctx context.Context) bool {
	if known := e.development.Get(); known != transport.Unknown {
		return known == transport.Yes
	}
	k := transport.Get("/openapi.json")
	k.Limit = maxAnswer
	a, err := e.wire.Ask(ctx, k)
	if err != nil {
		return false
	}
	var m struct {
		Info struct {
			Title string `json:"title"`
		} `json:"info"`
	}
	is := a.OK() && json.Unmarshal(a.Body, &m) == nil && strings.Contains(m.Info.Title, "Development Worker API")
	e.development.Learn(is)
	return is
}

// execute has the SDK's local server do a job: it does it when it is asked for the
// status, says the result once, and forgets it. So the question goes on when its
// asker gives up, and the answer is kept.
func (e *Endpoint) execute(ctx context.Context, id string) (comfy.State, error) {
	answer := e.asking.do(id, func() (comfy.State, error) {
		if st, ok := e.ended.get(id); ok {
			return st, nil
		}
		k := transport.Post("/status/"+id, nil)
		k.Limit, k.Timeout = maxAnswer, developmentLimit
		a, err := e.ask(e.ctx, e.status, k)
		if err != nil {
			return comfy.State{}, err
		}
		j, err := e.readJob(k, a)
		if err != nil {
			return comfy.State{}, err
		}
		if j.Status == jobFailed && textOf(j.Error) == "Job ID not found" {
			return comfy.State{Phase: comfy.PhaseUnknown, Position: -1}, nil
		}
		return e.ended.put(id, j.state(id, false, time.Now())), nil
	})
	select {
	case <-answer.done:
		return answer.state, answer.err
	case <-ctx.Done():
		return comfy.State{}, ctx.Err()
	}
}

// developmentLimit is how long the local server may compute, RunPod's longest.
const developmentLimit = 7 * 24 * time.Hour

// Cancel implements comfy.Backend. RunPod takes a job out at once; the worker is
// not told, so what it computes may go on to its end and be billed (LateCancel).
func (e *Endpoint) Cancel(ctx context.Context, h comfy.Handle) error {
	id := string(h)
	if !validID(id) {
		return &comfy.LostError{ID: "without a handle", Reason: "RunPod never said which job it is"}
	}
	if _, over := e.ended.get(id); over {
		return nil
	}
	e.ended.cancel(id)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		k := transport.Post("/cancel/"+id, nil)
		k.Limit = maxAnswer // the job may be over, with its result
		var a transport.Answer
		err := transport.Again(ctx, func() (err error) {
			if a, err = e.ask(ctx, e.cancel, k); err == nil && transport.PassingStatus(a.Status) {
				err = e.wire.PlainStatus(k, a)
			}
			return err
		})
		if err != nil {
			return err
		}
		if a.Status == http.StatusNotFound {
			if strings.HasPrefix(id, "test-") && e.isDevelopment(ctx) {
				return &comfy.CannotCancelError{ID: id, Reason: "the SDK's local server has no way to"}
			}
			return nil // it is neither queued nor running
		}
		j, err := e.readJob(k, a)
		if err != nil {
			return err
		}
		if j.over() {
			e.ended.put(id, j.state(id, true, time.Now()))
			return nil
		}
		if err := transport.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}
