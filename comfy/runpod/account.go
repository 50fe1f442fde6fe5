package runpod

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// AccountURL is where accounts are managed (REST v2). RUNPOD_REST_BASE_URL names
// another. The older rest.runpod.io/v1 ended in November 2026 and is not used.
const AccountURL = "https://api.runpod.io/v2"

// An Account is what a key can see and do at RunPod. It is safe for concurrent use.
type Account struct {
	wire *transport.Client
	own  *http.Transport
}

// NewAccount makes a client for the account of a key, which is asked for before
// each request. base is where accounts are, "" = AccountURL. hc may be nil.
func NewAccount(base string, key func() (string, error), hc *http.Client) (*Account, error) {
	u, _, err := parseHost(base, AccountURL)
	if err != nil {
		return nil, err
	}
	a := &Account{}
	a.wire, a.own = newWire(u, key)
	if hc != nil {
		a.wire.HTTP = hc
	}
	a.wire.HTTP = a.wire.NewHTTP(a.wire.HTTP)
	return a, nil
}

// Address is where the account is, without the key.
func (a *Account) Address() string { return a.wire.Address() }

// Close drops connections.
func (a *Account) Close() { a.own.CloseIdleConnections() }

// A Serverless is an endpoint as the account shows it.
type Serverless struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"` // QUEUE, or LOAD_BALANCER, which takes no jobs
	Image string `json:"image"`
	GPU   struct {
		Pools []string `json:"pools"`
		Count int      `json:"count"`
	} `json:"gpu"`
	Workers struct {
		Min int `json:"min"`
		Max int `json:"max"` // RunPod lowers it to 0 after a week without jobs
	} `json:"workers"`
	TimeoutMS int64 `json:"timeout"` // execution timeout; 0 = none
}

// Worker is the version of worker-comfyui in the image, "" of another image.
func (s *Serverless) Worker() string { return workerVersion(s.Image) }

// Endpoints lists the account's serverless endpoints.
func (a *Account) Endpoints(ctx context.Context) ([]Serverless, error) {
	var m struct {
		Endpoints []Serverless `json:"endpoints"`
	}
	if err := a.get(ctx, "/serverless", nil, &m); err != nil {
		return nil, err
	}
	return m.Endpoints, nil
}

// Endpoint gives one of them; *UnknownEndpointError when there is none.
func (a *Account) Endpoint(ctx context.Context, id string) (*Serverless, error) {
	if !validID(id) {
		return nil, &UnknownEndpointError{ID: id}
	}
	var s Serverless
	err := a.get(ctx, "/serverless/"+id, nil, &s)
	if isMissing(err) {
		return nil, &UnknownEndpointError{ID: id}
	}
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// A GPU is one type of the catalogue, with USD per hour for a single one; 0 = it is
// not offered there.
type GPU struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Pool   string `json:"pool"` // of serverless endpoints, "" = none
	Memory int    `json:"memory"`
	Price  struct {
		Secure     float64 `json:"secure"`
		Community  float64 `json:"community"`
		Serverless float64 `json:"serverless"`
	} `json:"price"`
}

// GPUs lists the catalogue.
func (a *Account) GPUs(ctx context.Context) ([]GPU, error) {
	var m struct {
		GPUs []GPU `json:"gpus"`
	}
	if err := a.get(ctx, "/catalog/gpus", nil, &m); err != nil {
		return nil, err
	}
	return m.GPUs, nil
}

// PriceOf is what one worker of an endpoint costs in USD per hour while it runs:
// the dearest of the GPUs that its pools allow. 0 = not known.
func PriceOf(s *Serverless, gpus []GPU) float64 {
	most := 0.0
	for _, g := range gpus {
		if g.Pool != "" && slices.Contains(s.GPU.Pools, g.Pool) {
			most = max(most, g.Price.Serverless*float64(max(s.GPU.Count, 1)))
		}
	}
	return most
}

// WorkerUSDPerHour is PriceOf of an endpoint of the account.
func (a *Account) WorkerUSDPerHour(ctx context.Context, id string) (float64, error) {
	var gpus []GPU
	var listErr error
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		gpus, listErr = a.GPUs(ctx)
	}()
	s, err := a.Endpoint(ctx, id)
	<-listed
	if err = errors.Join(err, listErr); err != nil {
		return 0, err
	}
	return PriceOf(s, gpus), nil
}

// get asks a question, up to four times.
func (a *Account) get(ctx context.Context, path string, query url.Values, v any) error {
	k := transport.Get(path)
	k.Query, k.Repeat = query, true
	return transport.Again(ctx, func() error { return a.ask(ctx, k, v) })
}

func (a *Account) ask(ctx context.Context, k transport.Call, v any) error {
	answer, err := a.wire.Ask(ctx, k)
	switch {
	case err != nil:
		return err
	case !answer.OK():
		return refusal(a.wire, k, answer)
	case answer.HTML():
		answer.Status = http.StatusBadGateway
		return a.wire.PlainStatus(k, answer)
	}
	return a.wire.Decode(k, answer, v)
}

// isMissing reports whether RunPod has no such thing.
func isMissing(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound
}
