package apiv2

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/polling"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

const gone = "the service does not know the job any more: its time was over, or the server behind it was restarted"

// Looking again at a job that is called expired.
const (
	expiredFor   = 2 * time.Second
	expiredFirst = 50 * time.Millisecond
)

// State implements comfy.Backend.
func (c *Client) State(ctx context.Context, h comfy.Handle) (comfy.State, error) {
	if !validID(string(h)) {
		return comfy.State{Phase: comfy.PhaseUnknown, Position: -1}, nil
	}
	var st comfy.State
	err := transport.Again(ctx, func() (err error) { st, _, err = c.look(ctx, string(h)); return err })
	if err != nil {
		return comfy.State{}, err
	}
	return st, nil
}

// look asks for a job once, or more often when it is called expired.
func (c *Client) look(ctx context.Context, id string) (comfy.State, *job, error) {
	k := transport.Get("/jobs/" + id)
	k.Repeat = true
	began, wait := time.Now(), expiredFirst
	for {
		a, err := c.wire.Ask(ctx, k)
		switch {
		case err != nil:
			return comfy.State{}, nil, err
		case a.Status == http.StatusNotFound && codeOf(a) != "":
			return comfy.State{Phase: comfy.PhaseUnknown, Position: -1}, nil, nil
		case !a.OK():
			return comfy.State{}, nil, c.refusal(k, a)
		}
		var j job
		if err := c.wire.Decode(k, a, &j); err != nil {
			return comfy.State{}, nil, err
		}
		if j.Status == "" {
			return comfy.State{}, nil, &comfy.UnreachableError{Of: c.wire.Of, Address: c.Address(), Reason: fmt.Sprintf("the answer to %s names no status", k)}
		}
		if j.Status != "expired" || time.Since(began) > expiredFor || c.ours(id) { // what we took out of a queue is gone
			st := j.state(id, c.ours(id))
			if st.Phase.Over() {
				c.links.put(j.Outputs)
			}
			return st, &j, nil
		}
		if err := transport.Sleep(ctx, wait); err != nil {
			return comfy.State{}, nil, err
		}
		wait *= 2
	}
}

func (c *Client) ours(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cancelled[id]
}

// Follow implements comfy.Backend. The service's stream of events tells progress;
// while it does, nothing is asked. Where there is none, the job is polled.
func (c *Client) Follow(ctx context.Context, h comfy.Handle) iter.Seq2[comfy.Event, error] {
	if !validID(string(h)) {
		return func(yield func(comfy.Event, error) bool) {
			yield(comfy.Event{}, &comfy.LostError{ID: "without a handle", Reason: "the service never said which job it is"})
		}
	}
	return func(yield func(comfy.Event, error) bool) {
		inner, stop := context.WithCancel(ctx)
		hints := make(chan comfy.Event)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer close(hints)
			c.stream(inner, string(h), hints)
		}()
		defer func() { stop(); <-ended }()
		node := ""
		run := polling.Run{
			ID: string(h), Hints: hints, Patience: c.patience, Gone: gone,
			Look: func(ctx context.Context) (comfy.State, []comfy.Event, error) {
				st, j, err := c.look(ctx, string(h))
				if err != nil || j == nil || st.Phase != comfy.PhaseRunning {
					return st, nil, err
				}
				events := j.Progress.events(node)
				if j.Progress != nil {
					node = j.Progress.Node
				}
				return st, events, nil
			},
		}
		for e, err := range polling.Follow(inner, run) {
			if err != nil && ctx.Err() != nil {
				err = ctx.Err()
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Cancel implements comfy.Backend: it asks for it, and until it is so.
func (c *Client) Cancel(ctx context.Context, h comfy.Handle) error {
	id := string(h)
	if !validID(id) {
		return &comfy.LostError{ID: "without a handle", Reason: "the service never said which job it is"}
	}
	st, _, err := c.look(ctx, id)
	if err != nil {
		return err
	}
	if st.Phase.Over() || st.Phase == comfy.PhaseUnknown {
		return nil
	}
	c.mu.Lock()
	c.cancelled[id] = true
	c.mu.Unlock()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		k := transport.Post("/jobs/"+id+"/cancel", nil)
		k.Limit = maxAnswer
		a, err := c.ask(ctx, k)
		switch {
		case err != nil:
			return err
		case a.Status == http.StatusNotFound && codeOf(a) != "":
			return nil
		case !a.OK():
			return c.refusal(k, a)
		}
		st, _, err := c.look(ctx, id)
		if err != nil {
			return err
		}
		if st.Phase.Over() || st.Phase == comfy.PhaseUnknown {
			return nil
		}
		if err := transport.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// Open implements comfy.Backend. What the service keeps elsewhere, behind a signed
// address, is fetched from there without our key.
func (c *Client) Open(ctx context.Context, o comfy.Output) (io.ReadCloser, int64, error) {
	if !validAsset(o.Ref) {
		return nil, 0, &comfy.NotFoundError{Output: o}
	}
	if u := c.link(o.Ref); u != nil {
		body, size, err := c.download(ctx, u, o)
		if err == nil || ctx.Err() != nil || !c.links.failed(err) {
			return body, size, err
		}
	}
	k := transport.Get("/assets/" + url.PathEscape(o.Ref))
	k.Limit, k.Repeat = transport.Small, true
	a, err := c.ask(ctx, k)
	switch {
	case err != nil:
		return nil, 0, err
	case a.Status == http.StatusNotFound && codeOf(a) != "":
		return nil, 0, &comfy.NotFoundError{Output: o}
	case !a.OK():
		return nil, 0, c.refusal(k, a)
	}
	var asset struct {
		URL string `json:"url"`
	}
	if err := c.wire.Decode(k, a, &asset); err != nil {
		return nil, 0, err
	}
	u, err := c.resolve(asset.URL)
	if err != nil {
		return nil, 0, &comfy.WithheldError{Output: o, Status: a.Status, Reason: err.Error()}
	}
	return c.download(ctx, u, o)
}

// isOwn reports whether an address is the service's, so that our key goes there.
func (c *Client) isOwn(u *url.URL) bool {
	return u.Scheme == c.wire.Base.Scheme && u.Host == c.wire.Base.Host
}

func (c *Client) download(ctx context.Context, u *url.URL, o comfy.Output) (io.ReadCloser, int64, error) {
	from := c.wire
	if !c.isOwn(u) {
		from = &transport.Client{
			Base: &url.URL{Scheme: u.Scheme, Host: u.Host}, Of: "the service's storage", Header: http.Header{"User-Agent": {"easel"}},
			Limits: c.wire.Limits, Times: c.wire.Times,
		}
		from.HTTP = from.NewHTTP(c.elsewhere)
	} else {
		from = &transport.Client{
			Base: &url.URL{Scheme: u.Scheme, Host: u.Host}, Of: from.Of, Variable: from.Variable, Header: from.Header, Token: from.Token, HTTP: from.HTTP,
			Limits: from.Limits, Times: from.Times,
		}
	}
	content := transport.Get(u.EscapedPath())
	content.RawQuery = u.RawQuery
	return from.Download(ctx, transport.File{
		Call: content, Name: fmt.Sprintf("output %d of node %s", o.Index+1, o.Node),
		Refused: func(a transport.Answer) error {
			if a.Status == http.StatusNotFound || a.Status == http.StatusGone {
				return &comfy.NotFoundError{Output: o}
			}
			return nil
		},
	})
}

// validAsset keeps an id to what can stand in a path; that of comfy-api-proxy holds
// the whole name of a file.
func validAsset(id string) bool {
	return id != "" && len(id) <= 4096 && !strings.ContainsAny(id, "/\\?#") && id != "." && id != ".."
}
