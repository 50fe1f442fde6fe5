// Package transport is what the clients of package comfy share below their
// protocols: requests to one origin with credentials that never leave it,
// answers that are bounded in time and size, questions that are asked again
// when nobody speaks, downloads that go on where they stopped, and failures as
// typed errors.
package transport

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"
)

// A Client speaks with one origin. Its exported fields are set before the first
// request and not changed after it; it is safe for concurrent use.
type Client struct {
	Base   *url.URL               // without user information, path without trailing slash
	Header http.Header            // sent with every request
	Token  func() (string, error) // bearer token, asked for before each request; nil or "" = none
	HTTP   *http.Client           // made by NewHTTP

	Of       string // who is expected at Base, for errors; "" = a ComfyUI
	Variable string // of the environment, which holds the token; "" = each place has its own

	// Prefix begins every path, for example "/api". Places that serve the same
	// paths without it are found out by the first 404 (Prefixed).
	Prefix   string
	Prefixed Tristate

	Limits Limits
	Times  Times
}

// Limits bound what one answer may cost, in bytes.
type Limits struct {
	JSON int64 // one answer, after decompression
	File int64 // one download
}

// Times bound how long a Client waits.
type Times struct {
	Answer time.Duration // one call with its whole answer
	// Idle is how long a download may be slow: over this time it must gain
	// 1 KiB a second. Its answer must begin within it too.
	Idle time.Duration
}

// Address is the origin without credentials.
func (c *Client) Address() string { return c.Base.String() }

// what names who is expected there, as a thing.
func (c *Client) what() string { return cmp.Or(c.Of, "a ComfyUI") }

// NewHTTP adapts an HTTP client to this package: no overall timeout, and
// redirects that stay on the origin. hc itself is not changed.
func (c *Client) NewHTTP(hc *http.Client) *http.Client {
	own := *hc
	own.Timeout = 0
	own.CheckRedirect = c.checkRedirect
	return &own
}

// checkRedirect keeps redirects on the origin, and bodies where they were sent.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if req.URL.Scheme != c.Base.Scheme || req.URL.Host != c.Base.Host || req.URL.User != nil {
		return &RedirectError{To: req.URL.Scheme + "://" + req.URL.Host}
	}
	if len(via) > 3 || first.Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	return nil
}

// URL gives the address of a path, with the prefix or without it.
func (c *Client) URL(path string, query url.Values, prefixed bool) *url.URL {
	u := *c.Base
	if prefixed {
		path = c.Prefix + path
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

// Authorize puts headers and credentials on a request to the origin.
func (c *Client) Authorize(h http.Header) error {
	for k, vs := range c.Header {
		h[k] = append([]string(nil), vs...)
	}
	if c.Token == nil {
		return nil
	}
	t, err := c.Token()
	var withheld *AuthError
	switch {
	case errors.As(err, &withheld):
		return withheld
	case err != nil:
		return &AuthError{Address: c.Address(), Variable: c.Variable, Reason: "no token: " + err.Error()}
	case t != "":
		h.Set("Authorization", "Bearer "+t)
	}
	return nil
}

// Send performs a call and returns the answer, whatever its status. A place
// that serves no prefix costs one request more, once, and nothing elsewhere.
func (c *Client) Send(ctx context.Context, k Call) (*http.Response, error) {
	known := c.Prefixed.Get() // by this call; others find it out meanwhile
	resp, err := c.roundTrip(ctx, k, known != No)
	if err != nil || c.Prefix == "" || known != Unknown {
		return resp, err
	}
	if !Missing(resp.StatusCode, k.verb()) {
		if resp.StatusCode < 300 {
			c.Prefixed.Set(Yes)
		}
		return resp, nil
	}
	plain, err := c.roundTrip(ctx, k, false)
	if err != nil || Missing(plain.StatusCode, k.verb()) {
		if err == nil {
			discard(plain)
		}
		return resp, nil
	}
	discard(resp)
	if plain.StatusCode < 300 {
		c.Prefixed.Set(No)
	}
	return plain, nil
}

// Missing reports whether a status says that there is no such route: ComfyUI's
// catch-all for files answers 405 to other methods than GET.
func Missing(status int, method string) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed && method != http.MethodGet
}

func (c *Client) roundTrip(ctx context.Context, k Call, prefixed bool) (*http.Response, error) {
	var body io.ReadCloser
	if k.Body != nil {
		var err error
		if body, err = k.Body(); err != nil {
			return nil, err
		}
	}
	if k.Sent != nil {
		sent := k.Sent
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	}
	address := c.URL(k.Path, k.Query, prefixed)
	if k.RawQuery != "" {
		address.RawQuery = k.RawQuery
	}
	req := &http.Request{
		Method: k.verb(), URL: address, Host: c.Base.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
	}
	for name, vs := range k.Header {
		req.Header[name] = vs
	}
	if body != nil {
		req.Body, req.ContentLength, req.GetBody = body, k.Size, k.Body
	}
	if err := c.Authorize(req.Header); err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, err
	}
	hc := c.HTTP
	if k.Fresh {
		hc = c.freshHTTP()
	}
	resp, err := hc.Do(req.WithContext(ctx))
	if err != nil {
		return nil, c.TransportError(ctx, err)
	}
	return resp, nil
}

// freshHTTP is a client that shares no connection with the others: what a
// silent connection did not answer may be answered on another one.
func (c *Client) freshHTTP() *http.Client {
	own := *c.HTTP
	rt := own.Transport
	if rt == nil {
		rt = http.DefaultTransport
	}
	if t, ok := rt.(*http.Transport); ok {
		t = t.Clone()
		t.DisableKeepAlives = true
		own.Transport = t
	} else {
		own.CloseIdleConnections()
	}
	return &own
}

// discard reads the rest of a small answer, so that its connection is reused.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
}
