package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newBackendsCmd(a *app) *cobra.Command {
	return group("backends", "Named places to run: list, add, test, use, remove",
		"  easel backends add studio http://192.168.1.20:8188\n  easel backends use studio",
		newBackendsListCmd(a),
		newBackendsAddCmd(a),
		newBackendsTestCmd(a),
		newBackendsUseCmd(a),
		newBackendsRemoveCmd(a),
	)
}

// A listedBackend is one entry of `backends list --json`.
type listedBackend struct {
	Name    string        `json:"name"`
	URL     string        `json:"url"`
	Default bool          `json:"default"`
	Secret  bool          `json:"secret"` // it has a password, token or header
	From    config.Origin `json:"from"`
}

func newBackendsListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the named backends",
		Example: "  easel backends list\n  easel backends list --jq '.[] | select(.default) | .name'",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			found := []listedBackend{}
			for name, b := range cfg.Backends {
				found = append(found, listedBackend{
					Name: name, URL: config.WithoutUser(b.URL), Default: name == cfg.Backend, From: b.Origin,
					Secret: !b.Password.IsZero() || !b.Token.IsZero() || len(b.Headers) > 0,
				})
			}
			slices.SortFunc(found, func(x, y listedBackend) int { return strings.Compare(x.Name, y.Name) })
			if a.global.json {
				return a.printJSON(found)
			}
			t := term.NewTable(a.streams, "NAME", "URL", "DEFAULT", "FROM")
			for _, b := range found {
				mark := ""
				if b.Default {
					mark = "yes"
				}
				t.Row(b.Name, b.URL, mark, b.From.String())
			}
			return t.Flush()
		},
	}
}

// backendsAddOptions are the settings of `backends add`.
type backendsAddOptions struct {
	app      *app
	username string
	password bool
	token    bool
	aliases  []string
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
	return c
}

func runBackendsAdd(o *backendsAddOptions, name, address string) error {
	a := o.app
	if err := checkNamed(name, address); err != nil {
		return err
	}
	secrets, err := o.secrets()
	if err != nil {
		return err
	}
	b := config.Backend{URL: address, Username: o.username, Password: secrets[0], Token: secrets[1]}
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
	if isPublic(address) && o.username == "" && !o.token {
		a.note("warning: %s", openToAll(address))
	}
	return a.printChanged(cfg, name)
}

// checkNamed refuses names and addresses that no backend can have.
func checkNamed(name, address string) error {
	if name == "emulator" || strings.ContainsAny(name, ",/:?@ ") {
		return usagef("use letters, digits and dashes", "%q cannot be the name of a backend", config.WithoutUser(name))
	}
	if _, ok := cutEmulator(address); ok {
		return nil
	}
	if err := checkForm(address); err != nil {
		return err
	}
	if !strings.Contains(address, "://") {
		return usagef("write http://"+address, "%q is not an address", address)
	}
	if config.WithoutUser(address) != address {
		return usagef("give the user with --username and the password with --password, on stdin", "an address with a user or password in it is not kept")
	}
	client, err := comfy.NewClient(address)
	if err != nil {
		return usagef("write http://HOST:8188", "%s: %s", address, err)
	}
	client.Close()
	return nil
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

func newBackendsUseCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "use NAME",
		Short:             "Make a backend the default",
		Example:           "  easel backends use studio\n  easel backends use emulator",
		Args:              exactArgs("a name"),
		ValidArgsFunction: firstWord(a.completeBackends),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if _, known := cfg.Backends[args[0]]; !known && args[0] != "emulator" {
				return unknownBackend(cfg, args[0])
			}
			if err := config.UseBackend(cfg.UserFile, args[0]); err != nil {
				return err
			}
			a.note("easel runs on %s from now on", args[0])
			return a.printChanged(cfg, args[0])
		},
	}
}

func newBackendsRemoveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		Short:             "Forget a backend",
		Example:           "  easel backends remove studio",
		Args:              exactArgs("a name"),
		ValidArgsFunction: firstWord(a.completeBackends),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			b, known := cfg.Backends[args[0]]
			if !known {
				return unknownBackend(cfg, args[0])
			}
			if b.Origin.Kind == config.Project {
				return usagef("edit "+b.Origin.Path, "backend %s is named by the project, not by the user's config", args[0])
			}
			if _, err := config.RemoveBackend(cfg.UserFile, args[0]); err != nil {
				return err
			}
			a.note("backend %s is forgotten", args[0])
			return a.printChanged(cfg, args[0])
		},
	}
}

// printChanged says with --json which backend changed, and in which file.
func (a *app) printChanged(cfg *config.Config, name string) error {
	if !a.global.json {
		return nil
	}
	return a.printJSON(map[string]string{"file": cfg.UserFile, "name": name})
}
