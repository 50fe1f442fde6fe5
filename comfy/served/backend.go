package served

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/polling"
	"github.com/seed-7d77cb5c/easel/comfy/internal/sse"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// Can implements comfy.Backend.
func (c *Client) Can() comfy.Abilities {
	return comfy.Abilities{TargetedInterrupt: true, Progress: true, Previews: true}
}

// Version implements comfy.Backend: the server does not tell that of its backends.
func (c *Client) Version(context.Context) (string, error) { return "", nil }

// Definitions implements comfy.Backend: the server checks graphs by itself.
func (c *Client) Definitions(context.Context, ...string) (map[string]*comfy.ClassInfo, error) {
	return nil, errors.ErrUnsupported
}

// Describe implements comfy.Backend.
func (c *Client) Describe(ctx context.Context) (comfy.Info, error) {
	if _, err := c.Pulse(ctx); err != nil {
		return comfy.Info{}, err
	}
	return comfy.Info{Kind: "easel-serve", Can: c.Can()}, nil
}

// Pulse takes the time of one short question, which needs the key.
func (c *Client) Pulse(ctx context.Context) (comfy.Pulse, error) {
	k := transport.Get("/jobs")
	k.Query = url.Values{"limit": {"1"}}
	began := time.Now()
	var page struct {
		Jobs []json.RawMessage `json:"jobs"`
	}
	err := c.call(ctx, k, &page)
	return comfy.Pulse{Latency: time.Since(began)}, err
}

// graphRequest is the body of POST /generate/graph.
type graphRequest struct {
	Workflow string                     `json:"workflow_id"`
	Graph    *comfy.Graph               `json:"graph"`
	Files    []graphFile                `json:"files,omitempty"`
	PNGInfo  map[string]json.RawMessage `json:"png_info,omitempty"`
}

type graphFile struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Targets []comfy.Target `json:"targets"`
}

// Sending again.
const (
	submitTries = 5
	submitPause = time.Second // doubled each time
	lingerPost  = time.Second // a cancelled submission waits so long for its answer
)

// Submit implements comfy.Backend. Our id is the Idempotency-Key, so that a
// submission whose answer got lost is sent again and makes one job.
func (c *Client) Submit(ctx context.Context, s comfy.Submission) (comfy.Handle, error) {
	if err := s.Check(); err != nil {
		return "", err
	}
	r := graphRequest{Workflow: s.Label, Graph: s.Graph, PNGInfo: s.PNGInfo}
	for _, f := range s.Files {
		id, err := c.upload(ctx, f)
		if err != nil {
			return "", err
		}
		r.Files = append(r.Files, graphFile{id, f.Name, f.Targets})
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return "", fmt.Errorf("write the graph of run %s: %w", s.ID, err)
	}
	return c.post(ctx, s, body.Bytes())
}

// post sends a run until the server has taken it or refused it.
func (c *Client) post(ctx context.Context, s comfy.Submission, body []byte) (comfy.Handle, error) {
	ctx, stop := transport.Outliving(ctx, lingerPost)
	defer stop()
	throttle := transport.Throttle{Told: s.Waiting}
	perhaps := false // the server may have taken it
	failed := func(err error) (comfy.Handle, error) {
		if perhaps {
			err = &comfy.AmbiguousError{ID: s.ID, Err: err}
		}
		return "", err
	}
	pages := 0 // who answers with two web pages stands before the server and passes nothing on
	for try, pause := 1, submitPause; ; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		var sent atomic.Bool
		k := transport.Post("/generate/graph", body)
		k.Header.Set("Idempotency-Key", s.ID)
		k.Sent = &sent
		a, err := c.wire.Ask(ctx, k)
		wait := pause
		switch {
		case err == nil && a.Status == http.StatusTooManyRequests:
			if waitErr := throttle.Wait(ctx, c.wire, k, a); waitErr != nil {
				return failed(cmp.Or(ctx.Err(), c.passing(k, a)))
			}
			continue
		case err == nil && a.OK() && a.HTML():
			err = c.wire.Decode(k, a, nil)
			if pages++; pages == 2 {
				return "", fmt.Errorf("nothing was submitted: %w", err)
			}
		case err == nil && a.OK():
			var j Job
			if err = c.wire.Decode(k, a, &j); err == nil && validID(j.ID) {
				return comfy.Handle(j.ID), nil
			}
			perhaps = true
			return failed(cmp.Or(err, errors.New("the answer names no job")))
		case err == nil && !transport.PassingStatus(a.Status):
			return "", c.refusal(k, a)
		case err == nil:
			err, wait = c.passing(k, a), cmp.Or(transport.RetryAfter(a.Header), pause)
		}
		perhaps = perhaps || sent.Load()
		if try == submitTries || !perhaps {
			return failed(err)
		}
		if transport.Sleep(ctx, wait) != nil {
			return failed(err)
		}
		try, pause = try+1, 2*pause
	}
}

// upload sends a file once; its name is its content's hash.
func (c *Client) upload(ctx context.Context, f comfy.File) (string, error) {
	key := f.SHA256 + "/" + f.Name
	c.mu.Lock()
	id := c.uploads[key]
	c.mu.Unlock()
	if id != "" {
		return id, nil
	}
	kind := mime.TypeByExtension(path.Ext(f.Name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	k := transport.Call{
		Method: http.MethodPost, Path: "/files", Query: url.Values{"name": {f.Name}}, Header: http.Header{"Content-Type": {kind}},
		Size: f.Size, Limit: transport.Small, Body: f.Open, Timeout: transport.AnswerTime + time.Duration(f.Size>>16)*time.Second, // 64 KiB a second at least
	}
	var made struct {
		ID     string `json:"id"`
		SHA256 string `json:"sha256"`
	}
	if err := c.call(ctx, k, &made); err != nil {
		return "", fmt.Errorf("upload %s: %w", f.Name, err)
	}
	if made.SHA256 != f.SHA256 {
		return "", fmt.Errorf("upload %s: other bytes arrived than were sent", f.Name)
	}
	c.mu.Lock()
	c.uploads[key] = made.ID
	c.mu.Unlock()
	return made.ID, nil
}

// State implements comfy.Backend.
func (c *Client) State(ctx context.Context, h comfy.Handle) (comfy.State, error) {
	j, err := c.Job(ctx, string(h))
	if missing(err) {
		return comfy.State{Phase: comfy.PhaseUnknown, Position: -1}, nil
	}
	if err != nil {
		return comfy.State{}, err
	}
	c.mu.Lock()
	ours := c.cancelled[j.ID]
	c.mu.Unlock()
	return j.state(ours), nil
}

const gone = "the server does not know the job any more: it was deleted there"

// Follow implements comfy.Backend: the server's stream of events tells progress;
// where it breaks, the job is polled.
func (c *Client) Follow(ctx context.Context, h comfy.Handle) iter.Seq2[comfy.Event, error] {
	return func(yield func(comfy.Event, error) bool) {
		if !validID(string(h)) {
			yield(comfy.Event{}, &comfy.LostError{ID: "without a handle", Reason: "the server never said which job it is"})
			return
		}
		inner, stop := context.WithCancel(ctx)
		hints, ended := make(chan comfy.Event), make(chan struct{})
		go func() {
			defer close(ended)
			defer close(hints)
			_ = c.Events(inner, string(h), func(e Event) bool { // whoever is not told asks
				for _, hint := range e.hints() {
					select {
					case hints <- hint:
					case <-inner.Done():
						return false
					}
				}
				return !e.Over()
			})
		}()
		defer func() { stop(); <-ended }()
		run := polling.Run{ID: string(h), Hints: hints, Patience: c.patience, Gone: gone, Look: func(ctx context.Context) (comfy.State, []comfy.Event, error) {
			st, err := c.State(ctx, h)
			return st, nil, err
		}}
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

// An Event is what the server tells about a job.
type Event struct {
	Type string // snapshot, state, progress, preview, output
	Data json.RawMessage
}

// Events passes on what is told about a job until tell returns false, the stream
// ends, or ctx does. The first event is the job itself, as "snapshot".
func (c *Client) Events(ctx context.Context, id string, tell func(Event) bool) error {
	k := transport.Get("/jobs/" + id + "/events")
	k.Header = http.Header{"Accept": {"text/event-stream"}}
	res, err := c.wire.Send(ctx, k)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return fmt.Errorf("the events of job %s: status %d", id, res.StatusCode)
	}
	for r := sse.NewReader(res.Body); ; {
		name, data, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case !tell(Event{name, append(json.RawMessage(nil), data...)}):
			return nil
		}
	}
}

type stateData struct {
	Data struct {
		State string `json:"state"`
	} `json:"data"`
}

// Over reports whether the event says that the job has ended.
func (e Event) Over() bool {
	var s stateData
	return e.Type == "state" && json.Unmarshal(e.Data, &s) == nil && (&Job{State: s.Data.State}).Over()
}

// hints are what an event says about a run.
func (e Event) hints() []comfy.Event {
	switch e.Type {
	case "snapshot":
		var j Job
		if json.Unmarshal(e.Data, &j) == nil && j.State == "running" {
			return []comfy.Event{{Type: comfy.EventStarted}}
		}
	case "state":
		var s stateData
		if json.Unmarshal(e.Data, &s) == nil && s.Data.State == "running" {
			return []comfy.Event{{Type: comfy.EventStarted}}
		}
	case "progress":
		var p struct {
			Data Progress `json:"data"`
		}
		if json.Unmarshal(e.Data, &p) != nil || p.Data.NodeID == "" {
			return nil
		}
		if p.Data.Steps == 0 {
			return []comfy.Event{{Type: comfy.EventNode, Node: p.Data.NodeID}}
		}
		return []comfy.Event{{Type: comfy.EventProgress, Node: p.Data.NodeID, Value: p.Data.Step, Max: p.Data.Steps}}
	case "preview":
		var p struct {
			Image string `json:"image"`
		}
		if json.Unmarshal(e.Data, &p) != nil {
			return nil
		}
		kind, data, ok := strings.Cut(strings.TrimPrefix(p.Image, "data:"), ";base64,")
		image, err := base64.StdEncoding.DecodeString(data)
		if !ok || err != nil || len(image) == 0 {
			return nil
		}
		return []comfy.Event{{Type: comfy.EventPreview, Image: image, MediaType: kind}}
	}
	return nil
}

// Cancel implements comfy.Backend: it asks for it, and until it is so.
func (c *Client) Cancel(ctx context.Context, h comfy.Handle) error {
	id := string(h)
	if !validID(id) {
		return &comfy.LostError{ID: "without a handle", Reason: "the server never said which job it is"}
	}
	c.mu.Lock()
	c.cancelled[id] = true
	c.mu.Unlock()
	_, err := c.CancelJob(ctx, id)
	var refused *RefusedError
	if missing(err) || errors.As(err, &refused) && refused.Status == http.StatusConflict { // it ended before
		return nil
	}
	for wait := 50 * time.Millisecond; err == nil; wait = min(2*wait, time.Second) {
		j, e := c.Job(ctx, id)
		if missing(e) || e == nil && j.Over() {
			return nil
		}
		if err = e; err == nil {
			err = transport.Sleep(ctx, wait)
		}
	}
	return err
}

// Open implements comfy.Backend.
func (c *Client) Open(ctx context.Context, o comfy.Output) (io.ReadCloser, int64, error) {
	if !validID(o.Ref) {
		return nil, 0, &comfy.NotFoundError{Output: o}
	}
	return c.wire.Download(ctx, transport.File{
		Call: transport.Get("/outputs/" + o.Ref + "/content"), Name: "output " + o.Filename,
		Refused: func(a transport.Answer) error {
			if a.Status == http.StatusNotFound {
				return &comfy.NotFoundError{Output: o}
			}
			return nil
		},
	})
}
