package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// A backend is an open place to run, with the name that results say.
type backend struct {
	*comfy.Client
	name     string
	reopen   string // name or address to open it again; "" when it dies with this process
	embedded bool   // the emulator in this process: its runs die with it
	public   bool   // an address of the open internet, without authentication
	emulator *emulator.Server
}

func (b *backend) close() {
	b.Close()
	if b.emulator != nil {
		b.emulator.Close()
	}
}

// localPorts are where ComfyUI and its desktop application listen.
var localPorts = []string{"8188", "8000"}

// openBackend opens the place that INTERFACE section 2 chooses: the flag, then
// the environment and the config files, then a ComfyUI on this machine. A
// connection lost during a run is waited for as long as patience says.
func (a *app) openBackend(ctx context.Context, flag string, patience time.Duration) (*backend, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	spec, given := flag, flag != ""
	if !given {
		spec = cfg.Backend
	}
	if spec == "" {
		if spec = findLocal(ctx); spec == "" {
			return nil, &problem.NoBackendError{}
		}
	}
	return a.dial(cfg, spec, given, patience)
}

// dial opens one backend by name, keyword or address.
func (a *app) dial(cfg *config.Config, spec string, given bool, patience time.Duration) (*backend, error) {
	if query, ok := cutEmulator(spec); ok {
		return openEmulator(query, patience)
	}
	if err := checkForm(spec); err != nil {
		return nil, err
	}
	name, address := spec, spec
	b, known := cfg.Backends[spec]
	switch {
	case known:
		if query, ok := cutEmulator(b.URL); ok {
			be, err := openEmulator(query, patience)
			if err == nil {
				be.name = name
			}
			return be, err
		}
		address = b.URL
		if err := checkForm(address); err != nil {
			return nil, err
		}
	case !strings.Contains(spec, "://"):
		return nil, unknownBackend(cfg, spec)
	default:
		name = hostOf(spec)
	}
	opts := []comfy.Option{comfy.WithPatience(patience)}
	access, err := cfg.Access(spec, given)
	if err != nil {
		return nil, err
	}
	for key, value := range access.Headers {
		opts = append(opts, comfy.WithHeader(key, value.Reveal()))
	}
	if access.Username != "" || access.Password.Reveal() != "" {
		opts = append(opts, comfy.WithBasicAuth(access.Username, access.Password.Reveal()))
	}
	if token := access.Token.Reveal(); token != "" {
		opts = append(opts, comfy.WithBearer(func() (string, error) { return token, nil }))
	}
	if rt := a.transport(b.Insecure); rt != nil {
		opts = append(opts, comfy.WithHTTPClient(&http.Client{Transport: rt}))
	}
	if b.Insecure {
		a.note("warning: the certificate of %s is not checked", name)
	}
	client, err := comfy.NewClient(address, opts...)
	if err != nil {
		return nil, usagef("write http://HOST:8188", "backend %s: %s", config.WithoutUser(spec), err)
	}
	bare := access.Username == "" && access.Password.IsZero() && access.Token.IsZero() && len(access.Headers) == 0
	return &backend{Client: client, name: name, reopen: config.WithoutUser(spec), public: bare && isPublic(address)}, nil
}

// transport is the special way to a backend, nil for the client's own.
func (a *app) transport(insecure bool) http.RoundTripper {
	if !insecure && !a.debugging() {
		return nil
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	if insecure {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the user's config asks for it, and it is said at each run
	}
	if !a.debugging() {
		return t
	}
	return &loggedTransport{t, a.logger()}
}

func unknownBackend(cfg *config.Config, name string) error {
	names := []string{"emulator"}
	for n := range cfg.Backends {
		names = append(names, n)
	}
	slices.Sort(names)
	name, _, query := strings.Cut(name, "?")
	hint := "easel backends add " + name + " http://HOST:8188 makes it known"
	if query || strings.ContainsAny(name, "@:/") {
		name = config.WithoutUser(name)
		hint = "an address begins with http:// or https://"
	}
	if near := comfy.Nearest(name, names, 2); len(near) > 0 {
		hint = problem.DidYouMean(near) + " " + hint
	}
	return usagef(hint, "unknown backend %q", name)
}

// cutEmulator reports whether a backend is the embedded emulator, and with which
// options.
func cutEmulator(spec string) (query string, ok bool) {
	kind, query, _ := strings.Cut(spec, "?")
	return query, kind == "emulator"
}

// openEmulator starts the embedded ComfyUI: "emulator?step-time=50ms".
func openEmulator(query string, patience time.Duration) (*backend, error) {
	opts := emulator.Options{Previews: true}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, usagef("write emulator?step-time=50ms", "the options of the emulator in ?%s cannot be read", query)
	}
	for key := range values {
		text, hint := values.Get(key), "write emulator?step-time=50ms"
		switch key {
		case "step-time":
			err = parseDuration(text, &opts.StepTime)
		case "model-load":
			err = parseDuration(text, &opts.ModelLoad)
		case "fault":
			hint = "easel emulate --fault help lists them"
			for _, spec := range values[key] {
				f, e := emulator.ParseFault(spec)
				opts.Faults, err = append(opts.Faults, f), errors.Join(err, e)
			}
		case "version":
			opts.Version = text
		case "strict-models":
			hint = "write emulator?strict-models=true"
			if opts.StrictModels, err = strconv.ParseBool(text); err != nil {
				err = fmt.Errorf("%q is neither true nor false", text)
			}
		default:
			return nil, usagef("they are step-time, model-load, strict-models, version and fault", "unknown emulator option %q", key)
		}
		if err != nil {
			return nil, usagef(hint, "emulator option %s: %s", key, err)
		}
	}
	srv := emulator.New(opts)
	client, err := comfy.NewClient("http://emulator", comfy.WithHTTPClient(srv.Client()), comfy.WithPatience(patience), comfy.WithKind("emulator"), comfy.WithEphemeral())
	if err != nil {
		srv.Close()
		return nil, fmt.Errorf("open the emulator: %w", err)
	}
	return &backend{Client: client, name: "emulator", embedded: true, emulator: srv}, nil
}

func parseDuration(text string, d *time.Duration) error {
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no duration like 50ms or 2s", text)
	}
	*d = v
	return nil
}

// findLocal asks the usual ports of this machine for a ComfyUI.
func findLocal(ctx context.Context) string {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, port := range localPorts {
		address := "http://127.0.0.1:" + port
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/prompt", nil)
		if err != nil {
			return ""
		}
		resp, err := client.Do(req)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			return address
		}
	}
	return ""
}
