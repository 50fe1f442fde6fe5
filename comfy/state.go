package comfy

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// oneRun bounds what a server says about a single run beside its graph, which
// may have any size. Texts that nodes put out are part of it: a book is 1 MB.
const oneRun = 24 << 20

// oneReply bounds the answer to a submission: an id, or what is wrong with nodes.
const oneReply = 16 << 20

// graphOfHistory are the parts of a history entry that repeat what was
// submitted: {id: {"prompt": [number, id, graph, extra, outputs]}}.
func graphOfHistory(path []string) bool {
	return len(path) == 3 && path[1] == "prompt" && (path[2] == "2" || path[2] == "3")
}

// graphOfJob is the same for /api/jobs/{id}.
func graphOfJob(path []string) bool { return len(path) == 1 && path[0] == "workflow" }

// graphOfQueue is the same for the entries of the queue.
func graphOfQueue(path []string) bool { return len(path) == 3 && (path[2] == "2" || path[2] == "3") }

// State asks the server about a run, now. PhaseUnknown means that at this
// moment it is neither queued nor running nor remembered.
func (c *Client) State(ctx context.Context, h Handle) (State, error) {
	if h == "" {
		return State{Phase: PhaseUnknown, Position: -1}, nil
	}
	var st State
	err := transport.Again(ctx, func() error {
		var err error
		st, err = c.locate(ctx, string(h), true)
		return err
	})
	if err != nil {
		return State{}, err
	}
	return st, nil
}

// locate asks once. With position, a queued run is counted in the queue, which
// costs more. The order of the questions makes "unknown" conclusive: a run
// moves from the queue to the history at once, so what is not in the queue
// and then not in the history is nowhere.
func (c *Client) locate(ctx context.Context, id string, position bool) (State, error) {
	if c.jobs.Get() != transport.No && c.wire.Prefixed.Get() != transport.No {
		st, known, err := c.job(ctx, id)
		if err != nil {
			return State{}, err
		}
		if known && st.Phase != PhaseUnknown { // a 404 of somebody else looks alike: history and queue have the last word
			if st.Phase == PhaseQueued && position {
				if waiting, err := c.inQueue(ctx, id); err == nil && waiting.Phase != PhaseUnknown {
					return waiting, nil
				}
			}
			return st, nil
		}
	}
	if st, err := c.finished(ctx, id); err != nil || st.Phase != PhaseUnknown {
		return st, err
	}
	if st, err := c.inQueue(ctx, id); err != nil || st.Phase != PhaseUnknown {
		return st, err
	}
	return c.finished(ctx, id)
}

// finished looks a run up in the history: PhaseUnknown when it is not there.
func (c *Client) finished(ctx context.Context, id string) (State, error) {
	k := transport.Call{Path: "/history/" + url.PathEscape(id), Limit: oneRun, Repeat: true, Skip: graphOfHistory}
	a, err := c.wire.Ask(ctx, k)
	if err != nil {
		return State{}, err
	}
	if !a.OK() {
		return State{}, c.wire.StatusError(k, a)
	}
	var probe json.RawMessage
	if err := c.wire.Decode(k, a, &probe); err != nil {
		return State{}, err
	}
	e, err := decodeHistory(a.Body, id)
	if err != nil {
		return State{}, &UnreachableError{Address: c.Address(), Reason: "the answer to GET /history is not what ComfyUI sends", Err: err}
	}
	if e == nil {
		return State{Phase: PhaseUnknown, Position: -1}, nil
	}
	return c.conclude(id, e), nil
}

// conclude makes the state of a finished run, with what only this client knows.
func (c *Client) conclude(id string, e *entry) State {
	r := c.runs.get(id)
	ours := false
	if r != nil {
		r.mu.Lock()
		ours = r.cancelled
		r.mu.Unlock()
	}
	st := e.state(id, ours, c.limits.Outputs)
	if r != nil {
		r.complete(&st, e)
	}
	st.explain()
	return st
}

// complete adds pictures that came through the socket and what was left out.
func (r *run) complete(st *State, e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st.Rejected = r.rejected
	if n := len(r.rejected); n > 0 {
		st.Warnings = append(st.Warnings, "the server left outputs out: "+(&ValidationError{Nodes: r.rejected}).Error())
	}
	st.Warnings = append(st.Warnings, r.blocked...)
	st.Outputs = append(st.Outputs, r.inline...)
	st.Silent = slices.DeleteFunc(st.Silent, func(node string) bool { return r.sockets[node] })
	if len(r.blocked) > 0 {
		st.Silent = nil // it may not have run
	}
	if st.Phase != PhaseDone {
		return
	}
	for node := range r.sockets {
		got := false
		for _, o := range r.inline {
			got = got || o.Node == node
		}
		if !got {
			st.Warnings = append(st.Warnings, "node "+node+" sends its pictures only through the socket, and none came")
		}
	}
}

// inQueue looks a run up in the queue: PhaseUnknown when it is not there.
func (c *Client) inQueue(ctx context.Context, id string) (State, error) {
	entries, err := c.queue(ctx)
	if err != nil {
		return State{}, err
	}
	for i, e := range entries {
		if e.ID != id {
			continue
		}
		if e.Running {
			return State{Phase: PhaseRunning, Position: -1, Queued: milliseconds(looseInt(e.Created))}, nil
		}
		return State{Phase: PhaseQueued, Position: i, Queued: milliseconds(looseInt(e.Created))}, nil
	}
	return State{Phase: PhaseUnknown, Position: -1}, nil
}

// job asks /api/jobs/{id}, one look at queue and history together (0.6.0).
// known is false when the server has no such route.
func (c *Client) job(ctx context.Context, id string) (st State, known bool, err error) {
	k := transport.Call{Path: "/jobs/" + url.PathEscape(id), Limit: oneRun, Repeat: true, Skip: graphOfJob}
	a, err := c.wire.Ask(ctx, k)
	if err != nil {
		return State{}, false, err
	}
	var j struct {
		ID      *string         `json:"id"`
		Error   json.RawMessage `json:"error"`
		Status  string          `json:"status"`
		Created looseInt        `json:"create_time"`
		Started looseInt        `json:"execution_start_time"`
		Outputs json.RawMessage `json:"outputs"`
		Result  json.RawMessage `json:"execution_status"`
	}
	isJSON := !a.HTML() && json.Unmarshal(ReplaceNonFinite(a.Body), &j) == nil
	switch {
	case a.OK() && isJSON && j.ID != nil:
		c.jobs.Set(transport.Yes)
	case a.Status == http.StatusNotFound && isJSON && len(j.Error) > 0:
		c.jobs.Set(transport.Yes)
		return State{Phase: PhaseUnknown, Position: -1}, true, nil
	case a.Status == http.StatusNotFound, a.Status == http.StatusMethodNotAllowed, a.OK():
		if c.jobs.Get() == transport.Yes { // it was there: somebody else answers now
			return State{}, false, c.wire.StatusError(k, a)
		}
		if !a.HTML() {
			c.jobs.Set(transport.No)
		}
		return State{}, false, nil
	default:
		return State{}, false, c.wire.StatusError(k, a)
	}
	st = State{Position: -1, Queued: milliseconds(j.Created), Started: milliseconds(j.Started)}
	switch j.Status {
	case "pending":
		st.Phase = PhaseQueued
	case "in_progress":
		st.Phase = PhaseRunning
	default: // completed, failed, cancelled: the history has the whole of it
		st, err = c.finished(ctx, id)
		return st, true, err
	}
	return st, true, nil
}
