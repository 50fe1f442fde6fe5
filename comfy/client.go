package comfy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// A Client is a self-hosted ComfyUI server as a Backend. One run costs four
// requests on two connections: the socket's handshake, POST /prompt,
// GET /history/{id} and one GET /view per file. All runs share the socket.
//
// It is safe for concurrent use. Close it when done.
type Client struct {
	wire         *transport.Client
	ownTransport *http.Transport // nil when the caller gave an HTTP client
	dial         func(ctx context.Context, network, address string) (net.Conn, error)
	spare        *spareDialer // of ownTransport
	patience     time.Duration
	limits       Limits
	times        Timeouts
	kind         string
	ephemeral    bool

	jobs       transport.Tristate // is there /api/jobs?
	jobsCancel transport.Tristate // can it cancel one of them?
	socket     *socket
	runs       *runs
	uploads    uploads

	versionMu    sync.Mutex
	version      string // of the server, "" until asked, or when it does not say
	versionKnown bool   // it was asked
}

var _ Backend = (*Client)(nil)

// NewClient makes a client for the server at base: http(s)://host[:port][/path].
// User name and password in the URL become basic authentication and are never
// printed. Nothing is contacted before the first call.
func NewClient(base string, opts ...Option) (*Client, error) {
	u, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	tr := transport.NewRoundTripper()
	c := &Client{
		wire:         &transport.Client{Base: u, Header: http.Header{}, HTTP: &http.Client{Transport: tr}, Prefix: "/api"},
		ownTransport: tr,
		patience:     DefaultPatience,
		limits:       Limits{}.orDefault(),
		times:        Timeouts{}.orDefault(),
		kind:         "comfyui",
		runs:         newRuns(),
	}
	if u.User != nil {
		password, _ := u.User.Password()
		_ = WithBasicAuth(u.User.Username(), password)(c)
		u.User = nil
	}
	for _, o := range opts {
		if err := o(c); err != nil {
			return nil, fmt.Errorf("client for %s: %w", c.Address(), err)
		}
	}
	if c.ownTransport != nil {
		dialer := &net.Dialer{Timeout: c.times.Connect}
		if c.dial == nil {
			c.dial = dialer.DialContext
		}
		c.spare = &spareDialer{dial: c.dial}
		c.ownTransport.DialContext = c.spare.DialContext
	}
	c.wire.HTTP = c.wire.NewHTTP(c.wire.HTTP)
	c.wire.Limits = transport.Limits{JSON: c.limits.JSON, File: c.limits.File}
	c.wire.Times = transport.Times{Answer: c.times.Answer, Idle: c.times.Idle}
	c.socket = newSocket(c)
	return c, nil
}

// parseBase reads the address of a server; one that ends in /api is meant too.
func parseBase(base string) (*url.URL, error) {
	u, err := transport.ParseBase(base)
	if err != nil {
		return nil, err
	}
	u.Path = strings.TrimSuffix(u.Path, "/api")
	return u, nil
}

// Address is the server's address without credentials.
func (c *Client) Address() string { return c.wire.Address() }

// Close ends the socket with a closing handshake of at most a second and drops
// idle connections. Followers end with an error.
func (c *Client) Close() error {
	c.socket.close()
	if c.ownTransport != nil {
		c.spare.close()
		c.ownTransport.CloseIdleConnections()
	}
	return nil
}
