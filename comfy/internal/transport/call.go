package transport

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// A Call is one request to the server.
type Call struct {
	Method string // "" = GET
	Path   string // without base and prefix
	Query  url.Values
	// RawQuery is sent as it is, instead of Query: a signature may cover each byte.
	RawQuery string
	Header   http.Header
	Body     func() (io.ReadCloser, error) // nil = no body; may be called again
	Size     int64                         // bytes of the body

	Timeout time.Duration // whole call; 0 = Times.Answer
	Limit   int64         // bytes of the answer; 0 = Limits.JSON
	// Skip names values of the answer that may be left out: one that is larger
	// than skipFrom reads as null and does not count for Limit.
	Skip func(path []string) bool
	// Repeat says that the call is harmless and usually answered at once. When
	// nothing is heard for Stall it is asked again on a fresh connection, while
	// the first goes on; what answers first counts.
	Repeat bool
	// Silence ends a call when nothing was sent or heard for so long; 0 = only
	// Timeout does.
	Silence time.Duration
	// Sent is set when a connection was there, so that the server may have
	// heard the call.
	Sent *atomic.Bool
	// Fresh makes the call on a connection of its own: another one did not answer.
	Fresh bool
}

// When a call that may be repeated stalls.
const (
	Stall   = 5 * time.Second // nothing heard for so long: asked again
	maxAsks = 3               // at a time
)

// Small bounds an answer of a few fields.
const Small = 64 << 10

// Get is a call without a body.
func Get(path string) Call { return Call{Path: path} }

// Post is a call with a JSON body and a short answer.
func Post(path string, data []byte) Call {
	return Call{
		Method: http.MethodPost, Path: path, Size: int64(len(data)), Limit: Small,
		Body:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

func (k Call) verb() string {
	if k.Method == "" {
		return http.MethodGet
	}
	return k.Method
}

// String names the call in errors: "GET /queue".
func (k Call) String() string { return k.verb() + " " + k.Path }

// An Answer is a whole answer of the server.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// OK reports whether the status is a success.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// HTML reports whether a web page came instead of an API's answer.
func (a Answer) HTML() bool {
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		return true
	}
	b := bytes.TrimSpace(a.Body)
	return len(b) > 0 && b[0] == '<'
}

// Ask performs a call and reads the whole answer, bounded in time and size.
func (c *Client) Ask(ctx context.Context, k Call) (Answer, error) {
	timeout := cmp.Or(k.Timeout, c.Times.Answer)
	inner, cancel := context.WithTimeoutCause(ctx, timeout, &TimeoutError{What: k.String(), After: timeout})
	defer cancel()
	ask := c.once
	if k.Repeat {
		ask = c.askAgainWhenSilent
	}
	a, err := ask(inner, k)
	var late *TimeoutError
	if err != nil && ctx.Err() == nil && errors.As(context.Cause(inner), &late) {
		err = c.noAnswer(k, late)
	}
	return a, err
}

func (c *Client) noAnswer(k Call, late *TimeoutError) error {
	return &UnreachableError{Of: c.Of, Address: c.Address(), Reason: fmt.Sprintf("no answer to %s within %s", k, late.After), Err: late}
}

// askAgainWhenSilent asks, and asks again beside it while nothing is heard.
func (c *Client) askAgainWhenSilent(ctx context.Context, k Call) (Answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // of those that lost
	type result struct {
		Answer
		err error
	}
	results := make(chan result, maxAsks)
	var heard atomic.Int64 // when, in nanoseconds since began
	began := time.Now()
	asked, waiting := 0, 0
	start := func() {
		k := k
		k.Fresh = asked > 0
		asked++
		waiting++
		go func() {
			a, err := c.exchange(ctx, k, func() { heard.Store(int64(time.Since(began))) })
			results <- result{a, err}
		}()
	}
	start()
	silent := time.NewTimer(Stall)
	defer silent.Stop()
	for {
		select {
		case r := <-results:
			if waiting--; r.err == nil || waiting == 0 {
				return r.Answer, r.err
			}
		case <-silent.C:
			if quiet := time.Since(began) - time.Duration(heard.Load()); quiet < Stall {
				silent.Reset(Stall - quiet)
				continue
			}
			if start(); asked < maxAsks {
				heard.Store(int64(time.Since(began)))
				silent.Reset(2 * Stall)
			}
		}
	}
}

// once asks one time, and ends a call that is silent for longer than it may be.
func (c *Client) once(ctx context.Context, k Call) (Answer, error) {
	if k.Silence == 0 {
		return c.exchange(ctx, k, func() {})
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := &TimeoutError{What: k.String(), After: k.Silence}
	silent := time.AfterFunc(k.Silence, func() { cancel(late) })
	defer silent.Stop()
	heard := func() { silent.Reset(k.Silence) }
	if open := k.Body; open != nil {
		k.Body = func() (io.ReadCloser, error) {
			body, err := open()
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{noting{body, heard}, body}, nil
		}
	}
	a, err := c.exchange(inner, k, heard)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(inner), late) {
		err = c.noAnswer(k, late)
	}
	return a, err
}

// noting is a reader that says when something came.
type noting struct {
	r     io.Reader
	heard func()
}

func (n noting) Read(p []byte) (int, error) {
	got, err := n.r.Read(p)
	if got > 0 {
		n.heard()
	}
	return got, err
}

// exchange is one request and its whole answer; heard is called whenever
// something of it comes.
func (c *Client) exchange(ctx context.Context, k Call, heard func()) (Answer, error) {
	resp, err := c.Send(ctx, k)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	heard()
	limit := min(cmp.Or(k.Limit, c.Limits.JSON), c.Limits.JSON)
	ok := resp.StatusCode < 300
	if !ok {
		limit = min(max(limit, maxRefusal), c.Limits.JSON)
	}
	body := io.Reader(noting{resp.Body, heard})
	size := resp.ContentLength
	if ok && k.Skip != nil {
		body, size = skipping(io.LimitReader(body, maxSkipped), k.Skip), -1
	}
	if ok {
		body = http.MaxBytesReader(nil, io.NopCloser(body), limit) // the answer's own body is closed above
	} else {
		body = io.LimitReader(body, limit) // of a refusal its beginning is enough
	}
	data, err := readAll(body, size)
	var over *http.MaxBytesError
	switch {
	case err != nil && ctx.Err() != nil:
		return Answer{}, ctx.Err()
	case errors.As(err, &over):
		return Answer{}, &TooLargeError{What: "the answer to " + k.String(), Limit: limit}
	case err != nil:
		return Answer{}, &UnreachableError{Of: c.Of, Address: c.Address(), Reason: fmt.Sprintf("the answer to %s broke off", k), Err: err}
	}
	return Answer{resp.StatusCode, resp.Header, data}, nil
}

// maxRefusal bounds the text of a refusal: node errors of a large graph are in it.
const maxRefusal = 4 << 20

// readAll is io.ReadAll that takes its room at once when the size is known, and that
// copies nothing of what breaks off or is too large.
func readAll(r io.Reader, size int64) ([]byte, error) {
	const unsure, least = 1 << 20, 16 << 10 // the announcement of a stranger costs no more than this
	if 0 < size && size <= unsure {
		b := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
		_, err := b.ReadFrom(r)
		return b.Bytes(), err
	}
	var parts [][]byte
	for room := int64(least); ; room = min(2*room, unsure) {
		b := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
		n, err := b.ReadFrom(io.LimitReader(r, room))
		if err != nil {
			return nil, err
		}
		parts = append(parts, b.Bytes())
		if n < room {
			return slices.Concat(parts...), nil
		}
	}
}

// AskJSON performs a call and decodes its JSON answer into v. Everything else
// than a 2xx with JSON is a typed error.
func (c *Client) AskJSON(ctx context.Context, k Call, v any) error {
	a, err := c.Ask(ctx, k)
	if err != nil {
		return err
	}
	if !a.OK() {
		return c.StatusError(k, a)
	}
	return c.Decode(k, a, v)
}

// Decode reads a JSON answer.
func (c *Client) Decode(k Call, a Answer, v any) error {
	if a.HTML() {
		if guard := challenge(a); guard != "" {
			return c.challenged(guard, a.Status)
		}
		return &UnreachableError{
			Of: c.Of, Address: c.Address(), Err: &PageError{What: k.String()},
			Reason: fmt.Sprintf("a web page answered %s: this is not %s, or a login or a proxy stands before it", k, c.what()),
		}
	}
	if err := json.Unmarshal(ReplaceNonFinite(a.Body), v); err != nil {
		return &UnreachableError{Of: c.Of, Address: c.Address(), Reason: fmt.Sprintf("the answer to %s is not what %s sends", k, cmp.Or(c.Of, "ComfyUI")), Err: err}
	}
	return nil
}

// Again performs f until it succeeds or fails for good, at most four times.
// It is for calls that may be repeated without harm. A refused connection is
// reported at once.
func Again(ctx context.Context, f func() error) error {
	wait := 100 * time.Millisecond
	for try := 1; ; try++ {
		err := f()
		if err == nil || try == 4 || !Passing(err) {
			return err
		}
		pause := wait
		var s *StatusError
		if errors.As(err, &s) && s.RetryAfter > 0 {
			pause = min(s.RetryAfter, maxRetryAfter)
		}
		if Sleep(ctx, pause) != nil {
			return err
		}
		wait *= 3
	}
}

// maxRetryAfter bounds what a Retry-After header can make us wait.
const maxRetryAfter = 10 * time.Second

// Sleep waits for d or the end of ctx.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Outliving gives a context that ends so much later than ctx, so that an answer on
// its way is still heard.
func Outliving(ctx context.Context, d time.Duration) (longer context.Context, done func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if Sleep(longer, d) == nil {
			cancel()
		}
	})
	return longer, func() { stop(); cancel() }
}
