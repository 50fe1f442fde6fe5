package apiv2

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// CloudURL is Comfy Cloud.
const CloudURL = "https://cloud.comfy.org"

// A Client is a Comfy API v2 service as a Backend. It is safe for concurrent use.
// Close it when done.
type Client struct {
	wire      *transport.Client
	own       []*http.Transport
	elsewhere *http.Client // for content that lies at another address: without our key
	patience  time.Duration
	kind      string

	assets assets
	links  links

	mu        sync.Mutex
	cancelled map[string]bool // jobs that we took back
}

var _ comfy.Backend = (*Client)(nil)

// An Option configures a Client.
type Option func(*Client)

// WithToken gives the key before each request; "" = none.
func WithToken(token func() (string, error)) Option { return func(c *Client) { c.wire.Token = token } }

// WithVariable names the variable of the environment that holds the key, for errors.
func WithVariable(name string) Option { return func(c *Client) { c.wire.Variable = name } }

// WithHeader adds a header to every request to the service.
func WithHeader(name, value string) Option { return func(c *Client) { c.wire.Header.Add(name, value) } }

// WithTLS sets how encrypted connections to the service are made; content that lies
// at another address is fetched by the usual rules. WithHTTPClient replaces it.
func WithTLS(t *tls.Config) Option { return func(c *Client) { c.own[0].TLSClientConfig = t } }

// WithHTTPClient sends everything through hc. Its Timeout and CheckRedirect are not
// used.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *Client) { c.wire.HTTP, c.elsewhere = hc, hc }
}

// WithPatience sets how long Follow waits for a service that stopped answering;
// default comfy.DefaultPatience.
func WithPatience(d time.Duration) Option { return func(c *Client) { c.patience = d } }

// WithKind sets what Describe calls the place; default "comfy-api".
func WithKind(kind string) Option { return func(c *Client) { c.kind = kind } }

const (
	maxAnswer = 16 << 20 // bytes of one answer
	maxFile   = 2 << 30  // bytes of one output
)

// NewClient makes a client of the service at base: http(s)://host[:port][/path],
// where the paths of the API begin with /api/v2. Nothing is contacted.
func NewClient(base string, opts ...Option) (*Client, error) {
	u, err := transport.ParseService(base, "/api/v2", "/api")
	if err != nil {
		return nil, err
	}
	c := &Client{patience: comfy.DefaultPatience, kind: "comfy-api", cancelled: map[string]bool{}}
	wire, own := transport.NewService(u, transport.Service{Of: "the Comfy API", Prefix: "/api/v2", Limits: transport.Limits{JSON: maxAnswer, File: maxFile}})
	out := transport.NewForeign(transport.IsInside(u.Hostname()), "the service")
	c.wire, c.own, c.elsewhere = wire, []*http.Transport{own, out}, &http.Client{Transport: out}
	c.wire.Prefixed.Set(transport.Yes)
	for _, o := range opts {
		o(c)
	}
	c.wire.HTTP = c.wire.NewHTTP(c.wire.HTTP)
	return c, nil
}

// Address is the service's address without credentials.
func (c *Client) Address() string { return c.wire.Address() }

// Close drops connections.
func (c *Client) Close() error {
	for _, t := range c.own {
		t.CloseIdleConnections()
	}
	return nil
}

// Can implements comfy.Backend.
func (c *Client) Can() comfy.Abilities {
	return comfy.Abilities{TargetedInterrupt: true, Progress: true, Previews: true}
}

// Version implements comfy.Backend: the service does not tell that of its ComfyUI.
func (c *Client) Version(context.Context) (string, error) { return "", nil }

// Definitions implements comfy.Backend: the service has none to ask for.
func (c *Client) Definitions(context.Context, ...string) (map[string]*comfy.ClassInfo, error) {
	return nil, errors.ErrUnsupported
}

// Describe implements comfy.Backend. The API has no page about the service, so a
// job that nobody has is asked for: who says that there is none is one, and took
// our key.
func (c *Client) Describe(ctx context.Context) (comfy.Info, error) {
	if _, err := c.probe(ctx); err != nil {
		return comfy.Info{}, err
	}
	return comfy.Info{Kind: c.kind, Can: c.Can(), MaxUpload: 100 << 20}, nil
}

// Pulse takes the time of one short question.
func (c *Client) Pulse(ctx context.Context) (comfy.Pulse, error) {
	latency, err := c.probe(ctx)
	return comfy.Pulse{Latency: latency}, err
}

func (c *Client) probe(ctx context.Context) (time.Duration, error) {
	k := transport.Get("/jobs/" + comfy.NewID())
	k.Limit, k.Repeat = transport.Small, true
	began := time.Now()
	a, err := c.ask(ctx, k)
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	if a.Status == http.StatusNotFound && codeOf(a) != "" {
		return took, nil
	}
	if a.OK() {
		return took, &comfy.UnreachableError{Of: c.wire.Of, Address: c.Address(), Reason: "it knows a job that nobody made; is this a Comfy API v2?"}
	}
	return took, c.refusal(k, a)
}

// ask asks a question that may be repeated.
func (c *Client) ask(ctx context.Context, k transport.Call) (a transport.Answer, err error) {
	err = transport.Again(ctx, func() (err error) {
		if a, err = c.wire.Ask(ctx, k); err == nil && transport.PassingStatus(a.Status) {
			err = c.wire.PlainStatus(k, a)
		}
		return err
	})
	return a, err
}

// resolve reads a link of an answer: absolute, or relative to the origin.
func (c *Client) resolve(link string) (*url.URL, error) {
	u, err := url.Parse(link)
	if err != nil || link == "" {
		return nil, errors.New("the service gave no address")
	}
	origin := &url.URL{Scheme: c.wire.Base.Scheme, Host: c.wire.Base.Host}
	u = origin.ResolveReference(u)
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errors.New("the service gave an address that is none of the web")
	}
	return u, nil
}
