// Package backends opens the places where workflows run, by the names and
// addresses that users give them, with the secrets that belong to each.
package backends

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
)

// A Backend is an open place to run, with what users call it.
type Backend struct {
	comfy.Backend
	Name    string  // what results and records say; never an address with a path or a user
	Reopen  string  // name or address to open it again; "" when it dies with this process
	Address string  // what it is known by where something is kept for it; never with credentials
	Public  bool    // an address of the open internet, without authentication
	Pod     *Pod    // the rented machine that it is on; nil elsewhere
	usd     float64 // per hour, by the settings; 0 = they do not say
	price   func(context.Context) float64
	close   func() error
}

// Close releases the connections, and ends the embedded emulator.
func (b *Backend) Close() error { return b.close() }

// Pulse asks for the least that a server answers. A place that has nothing like
// it fails with errors.ErrUnsupported.
func (b *Backend) Pulse(ctx context.Context) (comfy.Pulse, error) {
	if p, ok := b.Backend.(interface {
		Pulse(context.Context) (comfy.Pulse, error)
	}); ok {
		return p.Pulse(ctx)
	}
	return comfy.Pulse{}, errors.ErrUnsupported
}

// ModelFolders lists the folders of model files; errors.ErrUnsupported where
// the place does not say.
func (b *Backend) ModelFolders(ctx context.Context) ([]string, error) {
	if p, ok := b.Backend.(interface {
		ModelFolders(context.Context) ([]string, error)
	}); ok {
		return p.ModelFolders(ctx)
	}
	return nil, errors.ErrUnsupported
}

// Models lists the model files of a folder; errors.ErrUnsupported where the
// place does not say.
func (b *Backend) Models(ctx context.Context, folder string) ([]string, error) {
	if p, ok := b.Backend.(interface {
		Models(context.Context, string) ([]string, error)
	}); ok {
		return p.Models(ctx, folder)
	}
	return nil, errors.ErrUnsupported
}

// SavedWorkflows lists the workflows that are saved on the place;
// errors.ErrUnsupported where it keeps none.
func (b *Backend) SavedWorkflows(ctx context.Context) ([]comfy.SavedWorkflow, error) {
	if p, ok := b.Backend.(interface {
		SavedWorkflows(context.Context) ([]comfy.SavedWorkflow, error)
	}); ok {
		return p.SavedWorkflows(ctx)
	}
	return nil, errors.ErrUnsupported
}

// SavedWorkflow reads a workflow that is saved on the place;
// errors.ErrUnsupported where it keeps none.
func (b *Backend) SavedWorkflow(ctx context.Context, name string) ([]byte, error) {
	if p, ok := b.Backend.(interface {
		SavedWorkflow(context.Context, string) ([]byte, error)
	}); ok {
		return p.SavedWorkflow(ctx, name)
	}
	return nil, errors.ErrUnsupported
}

// An Opener opens backends by the settings.
type Opener struct {
	Config    *config.Config
	Transport func(*tls.Config) http.RoundTripper // the way to a server, with nil by the usual rules; nil, also as its result, for the client's own
	Note      func(format string, args ...any)    // says what users must know; nil for nobody

	StartPod bool // a stopped pod is started
	// PodStarts is told before a pod is started, and again when its price is known;
	// PodStays when it was not started after all; PodLeft when it was, and could not
	// be used. Each may be nil.
	PodStarts func(*Pod) error
	PodStays  func(*Pod)
	PodLeft   func(*Pod)
}

// Open opens the place that INTERFACE section 2 chooses: what a flag gives, then
// the environment and the config files, then a ComfyUI on this machine. A
// connection lost during a run is waited for as long as patience says. Where
// nothing is named and nothing answers it fails with *NoneError.
func (o *Opener) Open(ctx context.Context, flag string, patience time.Duration) (*Backend, error) {
	spec, given := flag, flag != ""
	if !given {
		spec = o.Config.Backend
	}
	if spec == "" {
		if spec = FindLocal(ctx); spec == "" {
			return nil, &NoneError{}
		}
	}
	return o.DialContext(ctx, spec, given, patience)
}

// Dial is DialContext for places that are opened without asking anybody.
func (o *Opener) Dial(spec string, given bool, patience time.Duration) (*Backend, error) {
	return o.DialContext(context.Background(), spec, given, patience)
}

// DialContext opens one backend by name, keyword or address. given says that the
// user wrote it on the command line, so that its secrets may go there. A pod is
// waited for; everything else is opened without asking.
func (o *Opener) DialContext(ctx context.Context, spec string, given bool, patience time.Duration) (*Backend, error) {
	be, err := o.dial(ctx, spec, given, patience)
	if err == nil {
		be.usd = o.Config.Backends[spec].USDPerHour
	}
	return be, err
}

func (o *Opener) dial(ctx context.Context, spec string, given bool, patience time.Duration) (*Backend, error) {
	if query, ok := CutEmulator(spec); ok {
		return openEmulator(query, patience)
	}
	if err := CheckForm(spec); err != nil {
		return nil, err
	}
	name, address := spec, spec
	b, known := o.Config.Backends[spec]
	switch {
	case known:
		if query, ok := CutEmulator(b.URL); ok {
			be, err := openEmulator(query, patience)
			if err == nil {
				be.Name = name
			}
			return be, err
		}
		address = b.URL
		if err := CheckForm(address); err != nil {
			return nil, err
		}
	case !strings.Contains(spec, "://") && spec != comfyCloud:
		return nil, Unknown(o.Config, spec)
	default:
		name = HostOf(spec)
	}
	if id, ok := cutEndpoint(address); ok {
		if !known {
			name = id
		}
		return o.openEndpoint(spec, name, id, patience)
	}
	if _, _, ok := cutPod(address); ok {
		if !known {
			name = ""
		}
		return o.openPod(ctx, spec, name, given, patience)
	}
	if base, ok := cutComfyAPI(address); ok {
		if !known {
			name = HostOf(base)
		}
		if spec == comfyCloud {
			name = comfyCloud
		}
		return o.openComfyAPI(spec, name, base, given, patience)
	}
	if base, ok := cutServe(address); ok {
		if !known {
			name = HostOf(base)
		}
		return o.openServe(spec, name, base, given, patience)
	}
	access, err := o.Config.Access(spec, given)
	if err != nil {
		return nil, err
	}
	if b.Insecure && o.Note != nil {
		o.Note("warning: the certificate of %s is not checked", name)
	}
	opts, err := o.options(access, b.Insecure, patience)
	if err != nil {
		return nil, err
	}
	client, err := comfy.NewClient(address, opts...)
	if err != nil {
		return nil, &FormError{Message: fmt.Sprintf("backend %s: %s", config.WithoutUser(spec), err), Write: serverForm}
	}
	return &Backend{
		Backend: client, Name: name, Reopen: config.WithoutUser(spec), Address: client.Address(),
		Public: access.IsBare() && IsPublic(address), close: client.Close,
	}, nil
}

// options are how the client of a server is opened.
func (o *Opener) options(access config.Access, insecure bool, patience time.Duration) ([]comfy.Option, error) {
	opts := []comfy.Option{comfy.WithPatience(patience)}
	for key, value := range access.Headers {
		opts = append(opts, comfy.WithHeader(key, value.Reveal()))
	}
	if access.Username != "" || access.Password.Reveal() != "" {
		opts = append(opts, comfy.WithBasicAuth(access.Username, access.Password.Reveal()))
	}
	if token := access.Token.Reveal(); token != "" {
		opts = append(opts, comfy.WithBearer(func() (string, error) { return token, nil }))
	}
	secure, err := access.TLS(insecure)
	if err != nil {
		return nil, err
	}
	if secure != nil {
		opts = append(opts, comfy.WithTLS(secure))
	}
	if hc := o.http(secure); hc != nil {
		opts = append(opts, comfy.WithHTTPClient(hc))
	}
	return opts, nil
}

// http is the special way to a server; nil for the client's own.
func (o *Opener) http(secure *tls.Config) *http.Client {
	if o.Transport == nil {
		return nil
	}
	if rt := o.Transport(secure); rt != nil {
		return &http.Client{Transport: rt}
	}
	return nil
}

// Unknown says that there is no backend of a name, and which name is near.
func Unknown(cfg *config.Config, name string) error {
	names := []string{"emulator", comfyCloud}
	for n := range cfg.Backends {
		names = append(names, n)
	}
	slices.Sort(names)
	name, _, query := strings.Cut(name, "?")
	e := &UnknownError{Name: config.WithoutUser(name), Address: query || strings.ContainsAny(name, "@:/")}
	e.Nearest = nearest.To(e.Name, names, 2)
	return e
}
