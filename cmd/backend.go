package cmd

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// openBackend opens the place that a flag or the settings choose.
func (a *app) openBackend(ctx context.Context, flag string, patience time.Duration) (*backends.Backend, error) {
	o, err := a.opener()
	if err != nil {
		return nil, err
	}
	return o.Open(ctx, flag, patience)
}

func (a *app) opener() (*backends.Opener, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	return a.openerFor(cfg), nil
}

func (a *app) openerFor(cfg *config.Config) *backends.Opener {
	return &backends.Opener{Config: cfg, Transport: a.transport, Note: a.note}
}

// transport is the special way to a backend, nil for the client's own.
func (a *app) transport(secure *tls.Config) http.RoundTripper {
	if !a.debugging() {
		return nil
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = secure
	t.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext // as the clients' own
	return &loggedTransport{t, a.logger()}
}
