package backends

import (
	"net/http"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// cutEndpoint reports whether a backend is a serverless endpoint, and which.
func cutEndpoint(address string) (id string, ok bool) { return strings.CutPrefix(address, "runpod://") }

// endpointForm is how a serverless endpoint is written.
const endpointForm = "runpod://ENDPOINT_ID"

// openEndpoint opens a serverless endpoint. Its key goes to RunPod, or to what the
// environment names instead, whoever names the endpoint.
func (o *Opener) openEndpoint(spec, name, id string, patience time.Duration) (*Backend, error) {
	at := o.Config.RunPod()
	if at.KeyErr != nil {
		return nil, at.KeyErr
	}
	opts := []runpod.Option{runpod.WithPatience(patience)}
	hc := o.http(nil)
	if hc != nil {
		opts = append(opts, runpod.WithHTTPClient(hc))
	}
	account, err := o.openAccount(hc)
	if err != nil {
		return nil, err
	}
	opts = append(opts, runpod.WithAccount(account))
	e, err := runpod.NewEndpoint(id, at.JobsURL, keyOf(at.Key, at.JobsURL), opts...)
	if err != nil {
		account.Close()
		return nil, &FormError{Message: "backend " + config.WithoutUser(spec) + ": " + err.Error(), Write: endpointForm}
	}
	return &Backend{Backend: e, Name: name, Reopen: config.WithoutUser(spec), Address: e.Address(), price: priceOf(e), close: func() error {
		account.Close()
		return e.Close()
	}}, nil
}

// OpenAccount opens the account behind RunPod's key.
func (o *Opener) OpenAccount() (*runpod.Account, error) {
	return o.openAccount(o.http(nil))
}

func (o *Opener) openAccount(hc *http.Client) (*runpod.Account, error) {
	at := o.Config.RunPod()
	if at.KeyErr != nil {
		return nil, at.KeyErr
	}
	account, err := runpod.NewAccount(at.AccountURL, keyOf(at.Key, at.AccountURL), hc)
	if err != nil {
		return nil, &FormError{Message: "RUNPOD_REST_BASE_URL: " + err.Error(), Write: runpod.AccountURL}
	}
	return account, nil
}

// keyOf gives the key for each request. RunPod itself is not asked without one;
// what stands in for it, the SDK's local server, may want none.
func keyOf(key config.Secret, base string) func() (string, error) {
	return func() (string, error) {
		if key.IsZero() && base == "" {
			return "", &comfy.AuthError{Address: "RunPod", Reason: "no API key is set", Variable: runpod.KeyVariable}
		}
		return key.Reveal(), nil
	}
}
