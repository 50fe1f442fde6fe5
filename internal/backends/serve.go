package backends

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/served"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// serveMark begins the address of an easel serve as a backend.
const serveMark = "serve+"

// serveForm is how an easel serve is written.
const serveForm = "serve+http://HOST:7860"

// cutServe reports whether a backend is an easel serve, and where it is.
func cutServe(address string) (base string, ok bool) {
	return strings.CutPrefix(address, serveMark)
}

// OfServer is the backend that is an easel serve at an address.
func OfServer(address string) string { return serveMark + address }

// ServeClient opens an easel serve by its backend: serve+http://HOST:PORT, or a name
// of the settings that has such an address.
func (o *Opener) ServeClient(spec string, given bool, patience time.Duration) (*served.Client, error) {
	base, ok := cutServe(spec)
	b, known := o.Config.Backends[spec]
	if known {
		base, ok = cutServe(b.URL)
	}
	if !ok {
		return nil, &FormError{Message: config.WithoutUser(spec) + " is no easel serve", Write: serveForm}
	}
	access, err := o.Config.Access(spec, given)
	if err != nil {
		return nil, err
	}
	opts := []served.Option{served.WithPatience(patience), served.WithVariable(config.ServerKeyVariable)}
	for key, value := range access.Headers {
		opts = append(opts, served.WithHeader(key, value.Reveal()))
	}
	if token := access.Token; !token.IsZero() {
		opts = append(opts, served.WithToken(func() (string, error) { return token.Reveal(), nil }))
	}
	secure, err := access.TLS(b.Insecure)
	if err != nil {
		return nil, err
	}
	if secure != nil {
		opts = append(opts, served.WithTLS(secure))
	}
	if hc := o.http(secure); hc != nil {
		opts = append(opts, served.WithHTTPClient(hc))
	}
	client, err := served.NewClient(base, opts...)
	if err != nil {
		return nil, &FormError{Message: fmt.Sprintf("server %s: %s", config.WithoutUser(base), err), Write: serveForm}
	}
	return client, nil
}

// openServe opens an easel serve as a backend.
func (o *Opener) openServe(spec, name, base string, given bool, patience time.Duration) (*Backend, error) {
	client, err := o.ServeClient(spec, given, patience)
	if err != nil {
		return nil, err
	}
	return &Backend{Backend: client, Name: name, Reopen: config.WithoutUser(spec), Address: serveMark + client.Address(), close: client.Close}, nil
}
