package runpod

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// What RunPod takes in one request, in bytes. A larger one than /run takes goes
// by /runsync, which is asked to answer after a second.
const (
	maxRun  = 10_000_000
	maxSync = 20_000_000
	syncFor = time.Second
)

// lingerPost is how long a cancelled submission waits for its answer.
const lingerPost = time.Second

// Submit implements comfy.Backend. RunPod has no key that makes a second request
// harmless: a lost reply is an AmbiguousError without a handle, and nothing is
// sent again but what RunPod refused for the number of requests (429).
func (e *Endpoint) Submit(ctx context.Context, s comfy.Submission) (comfy.Handle, error) {
	if err := s.Check(); err != nil {
		return "", err
	}
	body, err := requestBody(s)
	if err != nil {
		return "", err
	}
	k := transport.Post("/run", body)
	if len(body) > maxRun {
		k = transport.Post("/runsync", body)
		k.Query = url.Values{"wait": {strconv.FormatInt(syncFor.Milliseconds(), 10)}}
		k.Limit = maxAnswer // it may be over by then
	}
	return e.post(ctx, k, s)
}

// requestBody is the body of /run. Its size is known to fit before a file is read.
func requestBody(s comfy.Submission) ([]byte, error) {
	type image struct {
		Name  string `json:"name"`
		Image string `json:"image"`
	}
	var input struct {
		Input struct {
			Workflow *comfy.Graph `json:"workflow"`
			Images   []image      `json:"images,omitempty"`
		} `json:"input"`
	}
	graph := s.Graph.Clone()
	markNodes(graph)
	var travelling int64
	for _, f := range s.Files {
		travelling += int64(base64.StdEncoding.EncodedLen(int(min(f.Size, 1<<40))))
	}
	if travelling > maxSync {
		return nil, &PayloadError{Size: travelling, Files: travelling, Limit: maxSync}
	}
	for _, f := range s.Files {
		for _, t := range f.Targets {
			n := graph.Node(t.Node)
			if n == nil {
				return nil, fmt.Errorf("send %s: the graph has no node %s", f.Name, t.Node)
			}
			n.Inputs.SetString(t.Input, f.Name)
		}
		data, err := readFile(f)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		input.Input.Images = append(input.Input.Images, image{f.Name, base64.StdEncoding.EncodeToString(data)})
	}
	input.Input.Workflow = graph
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(input); err != nil {
		return nil, fmt.Errorf("write the graph of run %s: %w", s.ID, err)
	}
	if b.Len() > maxSync {
		return nil, &PayloadError{Size: int64(b.Len()), Files: travelling, Limit: maxSync}
	}
	return b.Bytes(), nil
}

// readFile reads an input file, which has its size or is refused.
func readFile(f comfy.File) (data []byte, err error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err = io.ReadAll(io.LimitReader(r, f.Size+1))
	if err == nil && int64(len(data)) != f.Size {
		err = errors.New("it changed while it was read")
	}
	return data, err
}

// post sends a run until its outcome is known, or known to be unknown.
func (e *Endpoint) post(ctx context.Context, k transport.Call, s comfy.Submission) (comfy.Handle, error) {
	ctx, stop := transport.Outliving(ctx, lingerPost)
	defer stop()
	throttle := transport.Throttle{Told: s.Waiting}
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		var sent atomic.Bool
		k.Sent = &sent
		done, err := e.run.begin(ctx)
		if err != nil {
			return "", err
		}
		a, err := e.wire.Ask(ctx, k)
		done()
		var away *comfy.RedirectError
		switch {
		case err != nil && (!sent.Load() || errors.As(err, &away)):
			return "", err // nobody took it
		case err != nil:
			return "", &comfy.AmbiguousError{ID: s.ID, Err: err}
		case a.Status == http.StatusTooManyRequests:
			if err := throttle.Wait(ctx, e.wire, k, a); err != nil {
				return "", err
			}
			continue
		}
		return e.submitted(ctx, k, a, s.ID)
	}
}

// submitted reads the answer to a run that was sent.
func (e *Endpoint) submitted(ctx context.Context, k transport.Call, a transport.Answer, id string) (comfy.Handle, error) {
	switch {
	case a.Status == http.StatusNotFound && a.HTML():
		return "", e.wire.StatusError(k, a)
	case a.Status == http.StatusNotFound:
		return "", e.unknown(ctx)
	case a.Status == http.StatusRequestEntityTooLarge:
		return "", &PayloadError{Size: k.Size}
	case transport.PassingStatus(a.Status):
		return "", &comfy.AmbiguousError{ID: id, Err: e.wire.PlainStatus(k, a)}
	case !a.OK():
		return "", refusal(e.wire, k, a)
	case a.HTML():
		return "", e.page(ctx, k, a, id)
	}
	var j job
	if err := e.wire.Decode(k, a, &j); err != nil {
		return "", &comfy.AmbiguousError{ID: id, Err: err}
	}
	if j.ID == "" {
		return "", &comfy.AmbiguousError{ID: id, Err: &RefusedError{What: k.String(), Status: a.Status, Message: "the answer names no job"}}
	}
	if !validID(j.ID) {
		return "", &comfy.AmbiguousError{ID: id, Err: &RefusedError{What: k.String(), Status: a.Status, Message: "the id of the job is none"}}
	}
	if j.over() { // /runsync may have it done already
		e.ended.put(j.ID, j.state(j.ID, false, time.Now()))
	}
	return comfy.Handle(j.ID), nil
}

// page is a success with a web page, which RunPod never answers with. Who answers
// a harmless question so too stands before RunPod, and has passed nothing on; a
// page that came once may stand for an answer that got lost.
func (e *Endpoint) page(ctx context.Context, k transport.Call, a transport.Answer, id string) error {
	err := e.wire.Decode(k, a, nil)
	var page *comfy.PageError
	if _, healthErr := e.health(ctx); errors.As(healthErr, &page) {
		return fmt.Errorf("nothing was submitted: %w", err)
	}
	return &comfy.AmbiguousError{ID: id, Err: err}
}

// unknown says that there is no such endpoint, and which there are.
func (e *Endpoint) unknown(ctx context.Context) error {
	err := &UnknownEndpointError{ID: e.ID}
	if e.account == nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, transport.ConnectTime)
	defer stop()
	all, listErr := e.account.Endpoints(ctx)
	if listErr != nil {
		return err // what is near is a help and no more
	}
	var names []string
	for _, other := range all {
		names = append(names, other.ID, other.Name)
	}
	err.Nearest = nearest.To(e.ID, names, 3)
	if len(err.Nearest) == 0 && len(all) == 1 {
		err.Nearest = []string{all[0].ID}
	}
	return err
}
