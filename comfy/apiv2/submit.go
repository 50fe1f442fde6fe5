package apiv2

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// lingerPost is how long a cancelled submission waits for its answer.
const lingerPost = time.Second

// Submit implements comfy.Backend. Our id is the Idempotency-Key: a submission
// whose answer got lost is sent once more, which the service takes when it never
// had it, and refuses when it has; then the run may be there, and nobody knows its
// id, which is an AmbiguousError without a handle.
func (c *Client) Submit(ctx context.Context, s comfy.Submission) (comfy.Handle, error) {
	if err := s.Check(); err != nil {
		return "", err
	}
	for {
		graph, fresh, err := c.attach(ctx, s)
		if err != nil {
			return "", err
		}
		h, err := c.post(ctx, s, graph)
		var invalid *comfy.ValidationError
		if errors.As(err, &invalid) && invalid.Type == "missing_asset" && !fresh {
			c.assets.forget(s.Files) // the service has lost what it was given earlier
			continue
		}
		return h, err
	}
}

func (c *Client) post(ctx context.Context, s comfy.Submission, graph *comfy.Graph) (comfy.Handle, error) {
	id := s.ID
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{"workflow": graph}); err != nil {
		return "", fmt.Errorf("write the graph of run %s: %w", id, err)
	}
	ctx, stop := transport.Outliving(ctx, lingerPost)
	defer stop()
	var lost error                                  // why the first answer did not come
	pages := 0                                      // answers that are web pages: who gives two stands before the service and passes nothing on
	throttle := transport.Throttle{Told: s.Waiting} // a full queue, or a deployment that starts
	for {
		var sent atomic.Bool
		k := transport.Post("/jobs", body.Bytes())
		k.Header.Set("Idempotency-Key", id)
		k.Sent, k.Limit = &sent, maxAnswer
		if err := ctx.Err(); err != nil {
			return "", err
		}
		a, err := c.wire.Ask(ctx, k)
		var away *comfy.RedirectError
		switch {
		case err != nil && (errors.As(err, &away) || !sent.Load()) && lost == nil:
			return "", err // nobody took it
		case err == nil && a.Status == http.StatusTooManyRequests:
			if err := throttle.Wait(ctx, c.wire, k, a); err != nil {
				return "", perhaps(id, lost, err)
			}
			continue
		case err == nil && a.HTML() && a.OK():
			err = c.wire.Decode(k, a, nil)
			if pages++; pages == 2 {
				return "", fmt.Errorf("nothing was submitted: %w", err)
			}
		case err == nil && a.Status < 500 && a.Status != http.StatusRequestTimeout && (lost == nil || !a.HTML()):
			return c.submitted(k, a, id, graph, lost)
		case err == nil:
			err = c.wire.PlainStatus(k, a)
		}
		if lost != nil {
			return "", &comfy.AmbiguousError{ID: id, Err: lost}
		}
		lost = err
		if err := transport.Sleep(ctx, time.Second); err != nil {
			return "", &comfy.AmbiguousError{ID: id, Err: lost}
		}
	}
}

// perhaps is a failure after which a run may be there all the same, when an
// earlier answer got lost.
func perhaps(id string, lost, err error) error {
	if lost != nil {
		return &comfy.AmbiguousError{ID: id, Err: lost}
	}
	return err
}

// submitted reads the answer to a submission; lost is why an earlier one is not
// known.
func (c *Client) submitted(k transport.Call, a transport.Answer, id string, graph *comfy.Graph, lost error) (comfy.Handle, error) {
	if !a.OK() {
		if codeOf(a) == "idempotency_key_reuse" {
			if lost == nil {
				lost = &RefusedError{What: k.String(), Status: a.Status, Code: "idempotency_key_reuse", Message: "the service has this run already"}
			}
			return "", &comfy.AmbiguousError{ID: id, Err: lost}
		}
		if v := rejection(a, graph); v != nil {
			return "", v
		}
		return "", c.refusal(k, a)
	}
	var j job
	if err := c.wire.Decode(k, a, &j); err != nil {
		return "", &comfy.AmbiguousError{ID: id, Err: err}
	}
	if !validID(j.ID) {
		return "", &comfy.AmbiguousError{ID: id, Err: &RefusedError{What: k.String(), Status: a.Status, Code: "no id", Message: "the answer names no job"}}
	}
	return comfy.Handle(j.ID), nil
}

// validID keeps what is written into a path to what ids consist of.
func validID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}
