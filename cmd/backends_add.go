package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

// backendsAddOptions are the settings of `backends add`.
type backendsAddOptions struct {
	app      *app
	username string
	password bool
	token    bool
	aliases  []string
	price    float64
}

func newBackendsAddCmd(a *app) *cobra.Command {
	o := &backendsAddOptions{app: a}
	c := &cobra.Command{
		Use:   "add NAME URL",
		Short: "Give a backend a name",
		Long: `Give a backend a name in the user's config file. Secrets are read from stdin, a
line each, never from a flag's value: first the password, then the token.
--alias says what a model of the workflows is called on this server.`,
		Example: `  easel backends add studio http://192.168.1.20:8188
  easel backends add cloud https://comfy.example.org --username anna --password < secret.txt
  easel backends add tunnel https://gpu.example.org/comfy --token < token.txt
  easel backends add studio http://192.168.1.20:8188 --alias ae.safetensors=flux/ae.sft`,
		Args: exactArgs("a name", "a URL"),
		RunE: func(_ *cobra.Command, args []string) error { return runBackendsAdd(o, args[0], args[1]) },
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.username, "username", "", "basic authentication as `USER`")
	f.BoolVar(&o.password, "password", false, "read the password from stdin")
	f.BoolVar(&o.token, "token", false, "read a bearer token from stdin")
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
	secrets, err := o.secrets()
	if err != nil {
		return err
	}
	b := config.Backend{URL: address, Username: o.username, Password: secrets[0], Token: secrets[1], USDPerHour: o.price}
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
	if backends.IsPublic(address) && o.username == "" && !o.token {
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

// secrets reads password and token from stdin, a line each.
func (o *backendsAddOptions) secrets() ([2]config.Secret, error) {
	var out [2]config.Secret
	if !o.password && !o.token {
		return out, nil
	}
	data, err := o.app.inputs.Stdin.Bytes(o.app.ctx, "backends add")
	if err != nil {
		return out, err
	}
	lines := strings.Split(strings.TrimRight(string(data), "\r\n"), "\n")
	for i, wanted := range []bool{o.password, o.token} {
		if !wanted {
			continue
		}
		if len(lines) == 0 || strings.TrimSpace(lines[0]) == "" {
			return out, usagef("pipe it in: --token < token.txt", "stdin has no secret")
		}
		out[i] = config.NewSecret(strings.TrimSpace(lines[0]))
		lines = lines[1:]
	}
	return out, nil
}
