package runpod

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// JobsURL is where jobs of all endpoints go. RUNPOD_ENDPOINT_BASE_URL, the SDK's
// own variable, names another.
const JobsURL = "https://api.runpod.ai/v2"

// KeyVariable is the environment variable that holds RunPod's API key.
const KeyVariable = "RUNPOD_API_KEY"

// An Endpoint is a serverless endpoint with worker-comfyui (4.1 and later) as a
// Backend. It is safe for concurrent use. Close it when done.
//
// RunPod names jobs itself, so a run whose reply got lost cannot be looked up. It
// keeps a result for 30 minutes; Follow takes it with the answer that says that the
// run is over.
type Endpoint struct {
	ID string

	wire     *transport.Client
	files    *http.Client // for objects elsewhere: without our key
	own      []*http.Transport
	patience time.Duration
	limits   transport.Limits
	account  *Account
	run      *pace
	status   *pace
	cancel   *pace

	development transport.Tristate // it is the SDK's local server
	ended       kept
	asking      flights
	version     atomic.Pointer[string] // of the worker; nil until it is known
	ctx         context.Context        // of what goes on without a caller
	close       context.CancelFunc
}

var _ comfy.Backend = (*Endpoint)(nil)

// An Option configures an Endpoint.
type Option func(*Endpoint)

// WithHTTPClient sends everything through hc. Its Timeout and CheckRedirect are
// not used.
func WithHTTPClient(hc *http.Client) Option {
	return func(e *Endpoint) { e.wire.HTTP, e.files = hc, hc }
}

// WithPatience sets how long Follow waits for RunPod when it does not answer;
// default comfy.DefaultPatience.
func WithPatience(d time.Duration) Option { return func(e *Endpoint) { e.patience = d } }

// WithAccount lets an unknown endpoint name the ones that there are, and shows the
// worker's version and price.
func WithAccount(a *Account) Option { return func(e *Endpoint) { e.account = a } }

// NewEndpoint makes a client for an endpoint. base is where jobs go, "" =
// JobsURL; key gives RunPod's API key before each request. Nothing is contacted.
func NewEndpoint(id, base string, key func() (string, error), opts ...Option) (*Endpoint, error) {
	if !validID(id) {
		return nil, errors.New("the id of an endpoint has letters and digits only, as in runpod://abc123def456")
	}
	u, private, err := parseHost(base, JobsURL)
	if err != nil {
		return nil, err
	}
	e := &Endpoint{
		ID: id, patience: comfy.DefaultPatience,
		limits: transport.Limits{JSON: maxAnswer, File: maxFile},
		run:    newPace(1000, 200), status: newPace(2000, 400), cancel: newPace(100, 20),
	}
	e.ctx, e.close = context.WithCancel(context.Background())
	wire, own := newWire(u, key)
	wire.Prefix = "/" + id
	elsewhere := transport.NewForeign(private, "the worker")
	e.wire, e.own, e.files = wire, []*http.Transport{own, elsewhere}, &http.Client{Transport: elsewhere}
	if base == "" || base == JobsURL {
		e.wire.Prefixed.Set(transport.Yes) // the SDK's local server serves the paths without it
		e.development.Set(transport.No)
	}
	for _, o := range opts {
		o(e)
	}
	e.wire.HTTP = e.wire.NewHTTP(e.wire.HTTP)
	return e, nil
}

const (
	maxAnswer = 64 << 20 // bytes of one answer: a result of 20 MB is 27 MB as text
	maxFile   = 2 << 30  // bytes of one object
)

// newWire is a client of one of RunPod's hosts.
func newWire(u *url.URL, key func() (string, error)) (*transport.Client, *http.Transport) {
	return transport.NewService(u, transport.Service{
		Of: "RunPod", Token: key, Variable: KeyVariable, Limits: transport.Limits{JSON: maxAnswer, File: maxFile},
	})
}

// parseHost reads the address of one of RunPod's hosts, and says whether it may be on
// this machine or network, as a test's is.
func parseHost(base, usual string) (u *url.URL, inside bool, err error) {
	if base == "" {
		base = usual
	}
	if u, err = transport.ParseBase(base); err != nil {
		return nil, false, err
	}
	if u.User != nil {
		return nil, false, errors.New("the address of RunPod takes no user: the key alone opens it")
	}
	if u.Scheme == "http" && !transport.IsPrivateHost(u.Hostname()) {
		return nil, false, fmt.Errorf("the key is not sent to %s without encryption: use https", u.Host)
	}
	return u, transport.IsInside(u.Hostname()), nil
}

// validID keeps what is written into a path to what RunPod's ids consist of.
func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}

// Address is where the endpoint's jobs go, without the key.
func (e *Endpoint) Address() string { return e.wire.Address() + "/" + e.ID }

// Close drops connections. What goes on without a caller ends.
func (e *Endpoint) Close() error {
	e.close()
	for _, t := range e.own {
		t.CloseIdleConnections()
	}
	return nil
}

// lastImagesOnly is the last version of worker-comfyui that is known to hand over
// nothing but what nodes list under "images".
const lastImagesOnly = "5.8.5"

// Can implements comfy.Backend. worker-comfyui tells no progress and is not
// stopped by a cancel. Of a worker whose version was not asked for, or is not told,
// it is what 5.8.5 can.
func (e *Endpoint) Can() comfy.Abilities {
	version := e.version.Load()
	later := version != nil && *version != lastImagesOnly && comfy.AtLeast(*version, lastImagesOnly)
	return comfy.Abilities{ImagesOnly: !later, LateCancel: true}
}

// USDPerHour is what one worker costs while it runs, at most; 0 = not known. Two
// questions to the account, side by side.
func (e *Endpoint) USDPerHour(ctx context.Context) (float64, error) {
	if e.account == nil {
		return 0, nil
	}
	return e.account.WorkerUSDPerHour(ctx, e.ID)
}

// Definitions implements comfy.Backend: the worker's ComfyUI cannot be asked.
func (e *Endpoint) Definitions(context.Context, ...string) (map[string]*comfy.ClassInfo, error) {
	return nil, errors.ErrUnsupported
}
