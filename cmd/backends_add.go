package cmd

import (
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/net/http/httpguts"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// backendsAddOptions are the settings of `backends add`.
type backendsAddOptions struct {
	app      *app
	username string
	password bool
	token    bool
	cookie   bool
	headers  []string
	cert     string
	key      string
	ca       string
	aliases  []string
	price    float64
}

func newBackendsAddCmd(a *app) *cobra.Command {
	o := &backendsAddOptions{app: a}
	c := &cobra.Command{
		Use:   "add NAME URL",
		Short: "Give a backend a name",
		Long: `Give a backend a name in the user's config file. Secrets are read from stdin, a
line each, never from a flag's value: first the password, then the token, the
cookie, and the headers in their order. A certificate and its key stay in their
files, of which only you may read the key.
--alias says what a model of the workflows is called on this server.`,
		Example: `  easel backends add studio http://192.168.1.20:8188
  easel backends add cloud https://comfy.example.org --username anna --password < secret.txt
  easel backends add tunnel https://gpu.example.org/comfy --token < token.txt
  easel backends add lab https://lab.example.org --header X-Api-Key < key.txt
  easel backends add vault https://vault --client-cert me.pem --client-key me.key
  easel backends add studio http://192.168.1.20:8188 --alias ae.safetensors=flux/ae.sft`,
		Args: exactArgs("a name", "a URL"),
		RunE: func(_ *cobra.Command, args []string) error { return runBackendsAdd(o, args[0], args[1]) },
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.username, "username", "", "basic authentication as `USER`")
	f.BoolVar(&o.password, "password", false, "read the password from stdin")
	f.BoolVar(&o.token, "token", false, "read a bearer token from stdin")
	f.BoolVar(&o.cookie, "cookie", false, "read a cookie from stdin, as NAME=VALUE")
	f.StringArrayVar(&o.headers, "header", nil, "read the value of a header from stdin: its `NAME` (repeatable)")
	f.StringVar(&o.cert, "client-cert", "", "mutual TLS: the client's certificate in `FILE` (PEM)")
	f.StringVar(&o.key, "client-key", "", "the key of --client-cert in `FILE` (PEM)")
	f.StringVar(&o.ca, "ca", "", "check the server by the authority in `FILE` too (PEM)")
	f.StringArrayVar(&o.aliases, "alias", nil, "what a model file is called there: `FILE=THERE` (repeatable)")
	f.Float64Var(&o.price, "usd-per-hour", 0, "what it costs while it runs something, in `USD`: batches sum it up, and --max-cost needs it")
	return c
}

func runBackendsAdd(o *backendsAddOptions, name, address string) error {
	a := o.app
	if err := checkNamed(name, address); err != nil {
		return err
	}
	if o.price < 0 {
		return usagef("it is an amount of US dollars like 0.69", "--usd-per-hour must be 0 or more, not %g", o.price)
	}
	b := config.Backend{URL: address, Username: o.username, USDPerHour: o.price}
	if err := o.certificates(&b); err != nil {
		return err
	}
	if err := o.secrets(&b); err != nil {
		return err
	}
	var err error
	if b.Aliases, err = o.aliasMap(); err != nil {
		return err
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if err := config.SetBackend(cfg.UserFile, name, b); err != nil {
		return err
	}
	a.note("backend %s is known now; easel backends use %s makes it the default", name, name)
	if backends.IsPublic(address) && !b.HasAccess() {
		a.note("warning: %s", backends.OpenToAll(address))
	}
	return a.printChanged(cfg, name)
}

// checkNamed refuses names and addresses that no backend can have.
func checkNamed(name, address string) error {
	if name == "emulator" || strings.ContainsAny(name, ",/:?@ ") {
		return usagef("use letters, digits and dashes", "%q cannot be the name of a backend", config.WithoutUser(name))
	}
	if _, ok := backends.CutEmulator(address); ok {
		return nil
	}
	if err := backends.CheckForm(address); err != nil {
		return err
	}
	if !strings.Contains(address, "://") && address != "comfy-cloud" {
		return usagef("write http://"+address, "%q is not an address", address)
	}
	shown, _, _ := strings.Cut(address, "?")
	shown, _, _ = strings.Cut(shown, "#")
	switch bare := config.WithoutUser(address); {
	case shown != address:
		return usagef("write http://HOST:8188", "%s: an address has no query and no fragment", bare)
	case bare != address:
		return usagef("give the user with --username and the password with --password, on stdin", "an address with a user or password in it is not kept")
	}
	return backends.CheckAddress(address)
}

// aliasMap reads --alias.
func (o *backendsAddOptions) aliasMap() (map[string]string, error) {
	var aliases map[string]string
	for _, alias := range o.aliases {
		file, there, ok := strings.Cut(alias, "=")
		if !ok || file == "" || there == "" {
			return nil, usagef("write --alias ae.safetensors=flux/ae.sft", "--alias %q has no FILE=THERE", alias)
		}
		if aliases == nil {
			aliases = map[string]string{}
		}
		aliases[file] = there
	}
	return aliases, nil
}

// certificates checks what --client-cert, --client-key and --ca name, and writes it
// with whole paths.
func (o *backendsAddOptions) certificates(b *config.Backend) error {
	if (o.cert == "") != (o.key == "") {
		return usagef("give both or none", "--client-cert and --client-key belong together")
	}
	for file, to := range map[string]*string{o.cert: &b.ClientCert, o.key: &b.ClientKey, o.ca: &b.CA} {
		if file != "" {
			*to = o.app.path(file)
		}
	}
	_, err := config.Access{ClientCert: b.ClientCert, ClientKey: b.ClientKey, CA: b.CA}.TLS(false)
	return err
}

// secrets reads what the flags announce from stdin, a line each.
func (o *backendsAddOptions) secrets(b *config.Backend) error {
	var to []func(config.Secret)
	if o.password {
		to = append(to, func(s config.Secret) { b.Password = s })
	}
	if o.token {
		to = append(to, func(s config.Secret) { b.Token = s })
	}
	headers := o.headers
	if o.cookie {
		headers = append([]string{"Cookie"}, headers...)
	}
	b.Headers = map[string]config.Secret{}
	for _, name := range headers {
		if !httpguts.ValidHeaderFieldName(name) {
			return usagef("write --header X-Api-Key: its value is read from stdin", "--header takes the name of a header only")
		}
		name = http.CanonicalHeaderKey(name)
		if _, twice := b.Headers[name]; twice {
			return usagef("write each header once", "header %s is given twice", name)
		}
		b.Headers[name] = config.Secret{}
		to = append(to, func(s config.Secret) { b.Headers[name] = s })
	}
	if len(to) == 0 {
		return nil
	}
	data, err := o.app.inputs.Stdin.Bytes(o.app.ctx, "backends add")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(string(data), "\r\n"), "\n")
	for i, set := range to {
		if i >= len(lines) || strings.TrimSpace(lines[i]) == "" {
			return usagef("pipe it in: --token < token.txt", "stdin has no secret")
		}
		set(config.NewSecret(strings.TrimSpace(lines[i])))
	}
	return nil
}
