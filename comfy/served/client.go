package served

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// A Client is an `easel serve` as a Backend, and the rest of its API. It is safe
// for concurrent use. Close it when done.
type Client struct {
	wire     *transport.Client
	own      *http.Transport
	patience time.Duration

	mu        sync.Mutex
	cancelled map[string]bool   // jobs that we took back
	uploads   map[string]string // ids of files, by hash and name
}

var _ comfy.Backend = (*Client)(nil)

// An Option configures a Client.
type Option func(*Client)

// WithToken gives the key before each request; "" = none.
func WithToken(token func() (string, error)) Option { return func(c *Client) { c.wire.Token = token } }

// WithVariable names the variable of the environment that holds the key, for errors.
func WithVariable(name string) Option { return func(c *Client) { c.wire.Variable = name } }

// WithHeader adds a header to every request.
func WithHeader(name, value string) Option { return func(c *Client) { c.wire.Header.Add(name, value) } }

// WithHTTPClient sends everything through hc. Its Timeout and CheckRedirect are not
// used.
func WithHTTPClient(hc *http.Client) Option { return func(c *Client) { c.wire.HTTP = hc } }

// WithTLS says how the server proves who it is, and we do.
func WithTLS(t *tls.Config) Option { return func(c *Client) { c.own.TLSClientConfig = t } }

// WithPatience sets how long Follow waits for a server that stopped answering;
// default comfy.DefaultPatience.
func WithPatience(d time.Duration) Option { return func(c *Client) { c.patience = d } }

const (
	maxAnswer = 32 << 20 // bytes of one answer: a page of jobs with their graphs
	maxFile   = 2 << 30  // bytes of one output
)

// Who is what messages call the server.
const Who = "an easel serve"

// NewClient makes a client of the server at base: http(s)://host[:port][/path].
// Nothing is contacted.
func NewClient(base string, opts ...Option) (*Client, error) {
	u, err := transport.ParseService(base, "/api/v1")
	if err != nil {
		return nil, err
	}
	c := &Client{patience: comfy.DefaultPatience, cancelled: map[string]bool{}, uploads: map[string]string{}}
	c.wire, c.own = transport.NewService(u, transport.Service{Of: Who, Prefix: "/api/v1", Limits: transport.Limits{JSON: maxAnswer, File: maxFile}})
	c.wire.Prefixed.Set(transport.Yes)
	for _, o := range opts {
		o(c)
	}
	c.wire.HTTP = c.wire.NewHTTP(c.wire.HTTP)
	return c, nil
}

// Address is the server's address without credentials.
func (c *Client) Address() string { return c.wire.Address() }

// Close drops connections.
func (c *Client) Close() error {
	c.own.CloseIdleConnections()
	return nil
}

// call asks a question that may be repeated and reads its answer into v, which may
// be nil. A refusal is a *RefusedError or a *comfy.AuthError.
func (c *Client) call(ctx context.Context, k transport.Call, v any) error {
	var a transport.Answer
	err := transport.Again(ctx, func() (err error) {
		if a, err = c.wire.Ask(ctx, k); err == nil && transport.PassingStatus(a.Status) {
			err = c.passing(k, a)
		}
		return err
	})
	if err == nil && !a.OK() {
		err = c.refusal(k, a)
	}
	if err != nil || v == nil {
		return err
	}
	return c.wire.Decode(k, a, v)
}

// passing is a status that may be another one soon, with the server's words.
func (c *Client) passing(k transport.Call, a transport.Answer) error {
	status := c.wire.PlainStatus(k, a)
	var refused RefusedError
	if json.Unmarshal(a.Body, &refused) == nil && refused.Detail != "" {
		status.Body = refused.Detail
	}
	return status
}

// A RefusedError is a problem that the server answered with.
type RefusedError struct {
	Status int    `json:"status"`
	Code   string `json:"code"` // as in easel help exit-codes
	Detail string `json:"detail"`
	Hint   string `json:"hint"`
	Fields []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
		Allowed string `json:"allowed"`
	} `json:"errors"`
}

func (e *RefusedError) Error() string { return "the server refused: " + e.Detail }

// Permanent reports that the same question is refused again.
func (*RefusedError) Permanent() bool { return true }

func (c *Client) refusal(k transport.Call, a transport.Answer) error {
	e := &RefusedError{}
	if a.HTML() || json.Unmarshal(a.Body, e) != nil || e.Code == "" {
		return c.wire.StatusError(k, a)
	}
	e.Detail = transport.Excerpt(e.Detail, 500)
	switch a.Status {
	case http.StatusUnauthorized:
		return &comfy.AuthError{Address: c.Address(), Status: a.Status, Reason: "the key is missing or not valid (401)", Variable: c.wire.Variable}
	case http.StatusForbidden:
		return &comfy.AuthError{Address: c.Address(), Status: a.Status, Reason: e.Detail + " (403): " + e.Hint, Variable: c.wire.Variable}
	}
	return e
}

// missing reports whether an error says that there is no such thing.
func missing(err error) bool {
	var e *RefusedError
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// A Filter chooses jobs. Empty fields choose all.
type Filter struct {
	States   []string
	Workflow string
	Batch    string
	Search   string // words of the prompt
	Limit    int    // of jobs altogether; 0 = all
}

// Jobs lists jobs, newest first.
func (c *Client) Jobs(ctx context.Context, f Filter) ([]Job, error) {
	var all []Job
	q := url.Values{"limit": {"200"}}
	for name, value := range map[string]string{"status": strings.Join(f.States, ","), "workflow": f.Workflow, "batch": f.Batch, "search": f.Search} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for {
		k := transport.Get("/jobs")
		k.Query = q
		var page struct {
			Jobs []Job   `json:"jobs"`
			Next *string `json:"next_cursor"`
		}
		if err := c.call(ctx, k, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Jobs...)
		if f.Limit > 0 && len(all) >= f.Limit {
			return all[:f.Limit], nil
		}
		if page.Next == nil || len(page.Jobs) == 0 {
			return all, nil
		}
		q.Set("cursor", *page.Next)
	}
}

// Job reads a job. One that is not there is a *RefusedError with status 404.
func (c *Client) Job(ctx context.Context, id string) (*Job, error) {
	if !validID(id) {
		return nil, &RefusedError{Status: http.StatusNotFound, Code: "not_found", Detail: "no job has such an id"}
	}
	k := transport.Get("/jobs/" + id)
	k.Repeat = true
	var j Job
	return &j, c.call(ctx, k, &j)
}

// CancelJob asks for the end of a job; RetryJob queues a failed or cancelled one
// again. Both return the job as it is then.
func (c *Client) CancelJob(ctx context.Context, id string) (*Job, error) {
	return c.change(ctx, id, "cancel")
}

// RetryJob queues a failed or cancelled job again.
func (c *Client) RetryJob(ctx context.Context, id string) (*Job, error) {
	return c.change(ctx, id, "retry")
}

func (c *Client) change(ctx context.Context, id, what string) (*Job, error) {
	if !validID(id) {
		return nil, &RefusedError{Status: http.StatusNotFound, Code: "not_found", Detail: "no job has such an id"}
	}
	var j Job
	return &j, c.call(ctx, transport.Post("/jobs/"+id+"/"+what, nil), &j)
}

// validID keeps what is written into a path to what ids consist of.
func validID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
