package comfy

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// oneRun bounds what a server says about a single run, its graph included.
const oneRun = 16 << 20

// State asks the server about a run, now. PhaseUnknown means that at this
// moment it is neither queued nor running nor remembered.
func (c *Client) State(ctx context.Context, h Handle) (State, error) {
	if h == "" {
		return State{Phase: PhaseUnknown, Position: -1}, nil
	}
	var st State
	err := c.again(ctx, func() error {
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
	if c.jobs.get() != no && c.prefix.get() != no {
		st, known, err := c.job(ctx, id)
		if err != nil {
			return State{}, err
		}
		if known {
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
	k := call{path: "/history/" + url.PathEscape(id), limit: oneRun}
	a, err := c.ask(ctx, k)
	if err != nil {
		return State{}, err
	}
	if !a.ok() {
		return State{}, c.statusError(k, a)
	}
	var probe json.RawMessage
	if err := c.decode(k, a, &probe); err != nil {
		return State{}, err
	}
	e, err := decodeHistory(a.body, id)
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
	k := call{path: "/jobs/" + url.PathEscape(id), limit: oneRun}
	a, err := c.ask(ctx, k)
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
	isJSON := !a.html() && json.Unmarshal(ReplaceNonFinite(a.body), &j) == nil
	switch {
	case a.ok() && isJSON && j.ID != nil:
		c.jobs.set(yes)
	case a.status == http.StatusNotFound && isJSON && len(j.Error) > 0:
		c.jobs.set(yes)
		return State{Phase: PhaseUnknown, Position: -1}, true, nil
	case a.status == http.StatusNotFound, a.status == http.StatusMethodNotAllowed, a.ok():
		if c.jobs.get() == yes { // it was there: somebody else answers now
			return State{}, false, c.statusError(k, a)
		}
		if !a.html() {
			c.jobs.set(no)
		}
		return State{}, false, nil
	default:
		return State{}, false, c.statusError(k, a)
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

// temporary reports whether a failed question is worth repeating within the
// client's patience. A refused login is not, and neither is a closed client.
func temporary(ctx context.Context, err error) bool {
	var auth *AuthError
	var big *TooLargeError
	return ctx.Err() == nil && !errors.As(err, &auth) && !errors.As(err, &big) && !errors.Is(err, errClosed)
}
