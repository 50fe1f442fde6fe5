package apiv2

import (
	"bytes"
	"cmp"
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

// Sending again.
const (
	busyTries  = 6               // of a submission that a full queue or a starting deployment refused (429)
	busyPause  = 2 * time.Second // without Retry-After; doubled each time
	busyMax    = 30 * time.Second
	lingerPost = time.Second // a cancelled submission waits so long for its answer
)

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
		h, err := c.post(ctx, s.ID, graph)
		var invalid *comfy.ValidationError
		if errors.As(err, &invalid) && invalid.Type == "missing_asset" && !fresh {
			c.assets.forget(s.Files) // the service has lost what it was given earlier
			continue
		}
		return h, err
	}
}

func (c *Client) post(ctx context.Context, id string, graph *comfy.Graph) (comfy.Handle, error) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{"workflow": graph}); err != nil {
		return "", fmt.Errorf("write the graph of run %s: %w", id, err)
	}
	ctx, stop := transport.Outliving(ctx, lingerPost)
	defer stop()
	var lost error // why the first answer did not come
	pause := busyPause
	for try := 1; ; try++ {
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
		case err == nil && a.Status == http.StatusTooManyRequests && try < busyTries:
			if err := transport.Sleep(ctx, min(cmp.Or(transport.RetryAfter(a.Header), pause), busyMax)); err != nil {
				return "", err
			}
			pause *= 2
			continue
		case err == nil && a.Status != http.StatusTooManyRequests && !a.HTML() && a.Status < 500 && a.Status != http.StatusRequestTimeout:
			return c.submitted(k, a, id, graph, lost)
		case err == nil:
			err = c.wire.PlainStatus(k, a)
			if a.Status == http.StatusTooManyRequests {
				return "", err
			}
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
