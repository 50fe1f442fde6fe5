package comfy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// Reconciling a submission whose answer was lost.
const (
	submitTries   = 3                // POSTs of one submission, all with the same id
	silentTries   = 2                // of those that nobody answered
	settleQuick   = time.Second      // an answer came, and it was an error: validation is over
	settleSlow    = 6 * time.Second  // no answer came: the server may still be validating
	settleSilent  = 10 * time.Second // the POST still waits for its answer
	lookupFailing = 5 * time.Second  // how long the lookup itself may fail
	maxThrottle   = 30 * time.Second // Retry-After of a server that failed is honoured up to this
	lingerPost    = time.Second      // a cancelled submission waits so long for its answer: what is known to be there can be cancelled
)

// clientIDs is the first version that takes the client's prompt id.
const clientIDs = "0.3.45"

// Submit implements Backend. The socket is open and the run registered before
// the graph is posted, because a fast run is over before the answer is here.
//
// An answer that is lost is looked up by id: a run that is there is adopted, one
// that is proven absent is posted again with the same id, at most twice.
// Only when neither can be found out the error is an AmbiguousError.
func (c *Client) Submit(ctx context.Context, s Submission) (Handle, error) {
	if err := s.Check(); err != nil {
		return "", err
	}
	graph, fresh, err := c.uploadAll(ctx, s)
	if err != nil {
		return "", err
	}
	h, err := c.submitGraph(ctx, s, graph)
	var invalid *ValidationError
	if len(s.Files) == 0 || fresh || !errors.As(err, &invalid) {
		return h, err
	}
	// The server may have lost a file that it was given earlier.
	for _, f := range s.Files {
		c.uploads.forget(f)
	}
	if graph, _, err = c.uploadAll(ctx, s); err != nil {
		return "", err
	}
	return c.submitGraph(ctx, s, graph)
}

func (c *Client) submitGraph(ctx context.Context, s Submission, graph *Graph) (Handle, error) {
	clientID, err := c.socket.connect(ctx)
	if err != nil {
		return "", err
	}
	body, err := promptBody(s, graph, clientID)
	if err != nil {
		return "", err
	}
	r := c.runs.add(s.ID)
	r.begin(clientID, graph, s.Preview)
	h, err := c.post(ctx, r, body, graph, &transport.Throttle{Told: s.Waiting})
	switch {
	case Ambiguous(err):
		r.mu.Lock()
		r.unsettled = true
		r.mu.Unlock()
	case err != nil:
		c.runs.remove(s.ID)
	}
	return h, err
}

// begin prepares a run for its events.
func (r *run) begin(clientID string, g *Graph, preview bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clientID, r.unshown = clientID, !preview
	r.heard, r.active, r.unsettled, r.cancelled = false, false, false, false
	if r.backlog == nil && len(r.boxes) == 0 {
		r.backlog = newMailbox()
	}
	for _, id := range g.OfClass("SaveImageWebsocket") {
		if r.sockets == nil {
			r.sockets = map[string]bool{}
		}
		r.sockets[id] = true
	}
}

// promptBody is the body of POST /prompt.
func promptBody(s Submission, graph *Graph, clientID string) ([]byte, error) {
	extra := map[string]any{"preview_method": "none"}
	if s.Preview {
		extra["preview_method"] = "auto"
	}
	if len(s.PNGInfo) > 0 {
		extra["extra_pnginfo"] = s.PNGInfo
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Prompt   *Graph         `json:"prompt"`
		ClientID string         `json:"client_id"`
		PromptID string         `json:"prompt_id"`
		Extra    map[string]any `json:"extra_data"`
	}{graph, clientID, s.ID, extra})
	if err != nil {
		return nil, fmt.Errorf("write the graph of run %s: %w", s.ID, err)
	}
	return b.Bytes(), nil
}

// post sends the graph until the outcome is known.
func (c *Client) post(ctx context.Context, r *run, body []byte, graph *Graph, throttle *transport.Throttle) (Handle, error) {
	id := r.id
	// Who refuses may be a proxy that has passed the graph on all the same.
	passedOn := func() bool {
		st, err := c.locate(ctx, id, false)
		return err == nil && st.Phase != PhaseUnknown
	}
	for try := 1; ; {
		var sent atomic.Bool
		k := transport.Post("/prompt", body)
		k.Sent, k.Limit = &sent, oneReply
		if err := ctx.Err(); err != nil {
			return "", err
		}
		a, found, err := c.postOrFind(ctx, k, id)
		if found {
			return Handle(id), nil
		}
		var away *RedirectError
		if err != nil && (!sent.Load() || errors.As(err, &away)) {
			return "", err // nobody took it
		}
		settle := settleSlow
		if err == nil {
			h, uncertain, refusal := c.submitted(k, a, r, graph)
			if refusal == nil {
				return h, nil
			}
			if a.Status == http.StatusTooManyRequests {
				// This is no failed try: the throttle says how often it is sent.
				err := throttle.Wait(ctx, c.wire, k, a)
				if ctx.Err() == nil && passedOn() {
					return Handle(id), nil
				}
				if err != nil {
					return "", err
				}
				continue
			}
			if !uncertain {
				if _, own := errors.AsType[*ValidationError](refusal); !own && passedOn() {
					return Handle(id), nil
				}
				return "", refusal
			}
			err = refusal
			if a.Status == http.StatusInternalServerError || a.Status == http.StatusConflict {
				settle = settleQuick
			}
		}
		found, lookupErr := c.lookup(ctx, id, settle)
		switch {
		case found:
			return Handle(id), nil
		case lookupErr != nil:
			return "", c.ambiguous(id, err)
		case transport.Silent(err) && try == silentTries: // it may still think about one of them
			return "", c.ambiguous(id, err)
		case try == submitTries:
			return "", err
		}
		// A server that does not take our id may have it under another one.
		if v, vErr := c.Version(ctx); vErr != nil || !AtLeast(v, clientIDs) {
			return "", c.ambiguous(id, err)
		}
		var status *StatusError
		if errors.As(err, &status) && status.RetryAfter > 0 {
			if transport.Sleep(ctx, min(status.RetryAfter, maxThrottle)) != nil {
				return "", ctx.Err()
			}
		}
		try++
	}
}

// postOrFind posts a graph and, when nobody answers, looks for its run while the
// answer may still come. A server that goes on answering and does not know the
// run has not got the graph: then the POST ends as if it had timed out.
func (c *Client) postOrFind(ctx context.Context, k transport.Call, id string) (a transport.Answer, found bool, err error) {
	ctx, done := transport.Outliving(ctx, lingerPost)
	defer done()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		a, err = c.wire.Ask(ctx, k)
	}()
	began := time.Now()
	silent := time.NewTimer(transport.Stall)
	defer silent.Stop()
	select {
	case <-answered:
		return a, false, err
	case <-silent.C:
	}
	looking, stop := context.WithCancel(ctx)
	defer stop()
	looked := make(chan error, 1)
	there := false
	go func() {
		var err error
		there, err = c.lookup(looking, id, settleSilent)
		looked <- err
	}()
	select {
	case <-answered:
		return a, false, err
	case lookErr := <-looked:
		if lookErr == nil {
			done()
			<-answered
			if err == nil || there {
				return a, err != nil, nil
			}
			took := time.Since(began).Round(time.Second)
			return a, false, &UnreachableError{
				Address: c.Address(), Reason: fmt.Sprintf("no answer to %s within %s", k, took),
				Err: &TimeoutError{What: k.String(), After: took},
			}
		}
	}
	<-answered
	return a, false, err
}

func (c *Client) ambiguous(id string, err error) *AmbiguousError {
	e := &AmbiguousError{ID: id, Err: err}
	if c.Can().ClientIDs {
		e.Handle = Handle(id)
	}
	return e
}

// submitted reads the answer to POST /prompt. uncertain says that the run may be
// queued in spite of the error.
func (c *Client) submitted(k transport.Call, a transport.Answer, r *run, graph *Graph) (h Handle, uncertain bool, err error) {
	if !a.OK() {
		if a.Status == http.StatusBadRequest {
			if v, ok := readValidation(a.Body, graph); ok {
				return "", false, v
			}
		}
		err := c.wire.StatusError(k, a)
		var status *StatusError
		uncertain := a.Status >= 500 && a.Status != http.StatusNotImplemented || // which no ComfyUI says, nor a proxy for one
			a.Status == http.StatusRequestTimeout || a.Status == http.StatusConflict
		return "", uncertain && errors.As(err, &status), err
	}
	if a.HTML() {
		return "", false, c.wire.Decode(k, a, nil)
	}
	var m struct {
		PromptID   looseString     `json:"prompt_id"`
		NodeErrors json.RawMessage `json:"node_errors"`
		Error      json.RawMessage `json:"error"`
	}
	if err := c.wire.Decode(k, a, &m); err != nil {
		return "", true, err
	}
	if m.PromptID == "" {
		return "", true, &UnreachableError{Address: c.Address(), Reason: "the answer to POST /prompt names no run; is this a ComfyUI?"}
	}
	r.mu.Lock()
	r.rejected = readNodeErrors(m.NodeErrors, graph)
	r.mu.Unlock()
	if id := string(m.PromptID); id != r.id { // before 0.3.45
		c.runs.rename(r, id)
	}
	return Handle(m.PromptID), false, nil
}

// lookup finds out whether a run was accepted although the answer was lost. It
// is proven absent, (false, nil), when nothing is found over the time that the
// server may need to accept it, at least twice.
//
// It takes at most so much longer than settle as the lookup itself may fail.
func (c *Client) lookup(ctx context.Context, id string, settle time.Duration) (bool, error) {
	begin := time.Now()
	ctx, stop := context.WithTimeout(ctx, settle+2*lookupFailing)
	defer stop()
	wait := 50 * time.Millisecond
	absent := 0
	for {
		st, err := c.locate(ctx, id, false)
		elapsed := time.Since(begin)
		switch {
		case err == nil && st.Phase != PhaseUnknown:
			return true, nil
		case err == nil:
			if absent++; absent >= 2 && elapsed >= settle {
				return false, nil
			}
			wait = min(wait, max(settle-elapsed, 10*time.Millisecond))
		case ctx.Err() != nil:
			return false, ctx.Err()
		case elapsed > lookupFailing || !transport.Temporary(ctx, err):
			return false, err
		}
		if err := transport.Sleep(ctx, wait); err != nil {
			return false, err
		}
		wait = min(2*wait, time.Second)
	}
}
