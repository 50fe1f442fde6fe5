package comfy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// A call is one request to the server; path is without base and /api.
type call struct {
	method  string // "" = GET
	path    string
	query   url.Values
	header  http.Header
	body    func() (io.ReadCloser, error) // nil = no body
	size    int64                         // bytes of the body
	timeout time.Duration                 // whole call; 0 = Timeouts.Answer
	limit   int64                         // bytes of the answer; 0 = Limits.JSON
	sent    *bool                         // set when a connection was there, so that the server may have heard the call
}

func jsonBody(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

// post is a call with a JSON body.
func post(path string, data []byte) call {
	return call{
		method: http.MethodPost, path: path, body: jsonBody(data), size: int64(len(data)),
		header: http.Header{"Content-Type": {"application/json"}},
	}
}

func (k call) verb() string {
	if k.method == "" {
		return http.MethodGet
	}
	return k.method
}

// url gives the address of a path, below /api or not.
func (c *Client) url(path string, query url.Values, api bool) *url.URL {
	u := *c.base
	if api {
		path = "/api" + path
	}
	// Segments of path may be escaped (a model folder); keep them as they are.
	full := u.EscapedPath() + path
	u.Path, u.RawPath = full, ""
	if p, err := url.PathUnescape(full); err == nil && p != full {
		u.Path, u.RawPath = p, full
	}
	u.RawQuery = query.Encode()
	return &u
}

// authorize puts headers and credentials on a request to the origin.
func (c *Client) authorize(h http.Header) error {
	for k, vs := range c.header {
		h[k] = append([]string(nil), vs...)
	}
	if c.token == nil {
		return nil
	}
	t, err := c.token()
	if err != nil {
		return &AuthError{Address: c.Address(), Reason: "no token: " + err.Error()}
	}
	h.Set("Authorization", "Bearer "+t)
	return nil
}

// send performs a call and returns the answer, whatever its status. Paths are
// below /api; a proxy that knows only the plain ones is found out by the first
// 404, without a request in the good case.
func (c *Client) send(ctx context.Context, k call) (*http.Response, error) {
	api := c.prefix.get() != no
	resp, err := c.roundTrip(ctx, k, api)
	if err != nil || c.prefix.get() != unknown {
		return resp, err
	}
	if !missing(resp.StatusCode, k.verb()) {
		if resp.StatusCode < 300 {
			c.prefix.set(yes)
		}
		return resp, nil
	}
	plain, err := c.roundTrip(ctx, k, false)
	if err != nil || missing(plain.StatusCode, k.verb()) {
		if err == nil {
			discard(plain)
		}
		return resp, nil
	}
	discard(resp)
	if plain.StatusCode < 300 {
		c.prefix.set(no)
	}
	return plain, nil
}

// missing reports whether a status says that there is no such route: ComfyUI's
// catch-all for files answers 405 to other methods than GET.
func missing(status int, method string) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed && method != http.MethodGet
}

func (c *Client) roundTrip(ctx context.Context, k call, api bool) (*http.Response, error) {
	var body io.ReadCloser
	if k.body != nil {
		var err error
		if body, err = k.body(); err != nil {
			return nil, err
		}
	}
	if k.sent != nil {
		sent := k.sent
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { *sent = true }})
	}
	req := &http.Request{
		Method: k.verb(), URL: c.url(k.path, k.query, api), Host: c.base.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
	}
	for name, vs := range k.header {
		req.Header[name] = vs
	}
	if body != nil {
		req.Body, req.ContentLength, req.GetBody = body, k.size, k.body
	}
	if err := c.authorize(req.Header); err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, err
	}
	resp, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		return nil, c.transportError(ctx, err)
	}
	return resp, nil
}

// An answer is a whole answer of the server.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// html reports whether a web page came instead of an API's answer.
func (a answer) html() bool {
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		return true
	}
	b := bytes.TrimSpace(a.body)
	return len(b) > 0 && b[0] == '<'
}

// ask performs a call and reads the whole answer, bounded in time and size.
func (c *Client) ask(ctx context.Context, k call) (answer, error) {
	timeout := or(k.timeout, c.times.Answer)
	inner, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := c.send(inner, k)
	if err != nil {
		if inner.Err() != nil && ctx.Err() == nil {
			err = &UnreachableError{
				Address: c.Address(), Reason: fmt.Sprintf("no answer to %s %s within %s", k.verb(), k.path, timeout),
				Err: &TimeoutError{What: k.verb() + " " + k.path, After: timeout},
			}
		}
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	limit := min(or(k.limit, c.limits.JSON), c.limits.JSON)
	if resp.StatusCode >= 300 {
		limit = min(limit, 4<<20) // an error's text; node errors of a large graph included
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return answer{}, ctx.Err()
	case err != nil:
		return answer{}, &UnreachableError{Address: c.Address(), Reason: fmt.Sprintf("the answer to %s %s broke off", k.verb(), k.path), Err: err}
	case int64(len(data)) > limit && resp.StatusCode < 300:
		return answer{}, &TooLargeError{What: "the answer to " + k.verb() + " " + k.path, Limit: limit}
	case int64(len(data)) > limit:
		data = data[:limit]
	}
	return answer{resp.StatusCode, resp.Header, data}, nil
}

// askJSON performs a call and decodes its JSON answer into v. Everything else
// than a 2xx with JSON is a typed error.
func (c *Client) askJSON(ctx context.Context, k call, v any) error {
	a, err := c.ask(ctx, k)
	if err != nil {
		return err
	}
	if !a.ok() {
		return c.statusError(k, a)
	}
	return c.decode(k, a, v)
}

func (c *Client) decode(k call, a answer, v any) error {
	if a.html() {
		return &UnreachableError{Address: c.Address(), Reason: fmt.Sprintf("answered with an HTML page to %s %s; is this a ComfyUI, or is a login in front of it?", k.verb(), k.path)}
	}
	if err := json.Unmarshal(ReplaceNonFinite(a.body), v); err != nil {
		return &UnreachableError{Address: c.Address(), Reason: fmt.Sprintf("the answer to %s %s is not what ComfyUI sends", k.verb(), k.path), Err: err}
	}
	return nil
}

// again performs f until it succeeds or fails for good, at most four times.
// It is for calls that may be repeated without harm. A refused connection is
// reported at once.
func (c *Client) again(ctx context.Context, f func() error) error {
	wait := 100 * time.Millisecond
	for try := 1; ; try++ {
		err := f()
		if err == nil || try == 4 || !passing(err) {
			return err
		}
		pause := wait
		var s *StatusError
		if errors.As(err, &s) && s.RetryAfter > 0 {
			pause = min(s.RetryAfter, maxRetryAfter)
		}
		if sleep(ctx, pause) != nil {
			return err
		}
		wait *= 3
	}
}

// maxRetryAfter bounds what a Retry-After header can make us wait.
const maxRetryAfter = 10 * time.Second

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// discard reads the rest of a small answer, so that its connection is reused.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}
