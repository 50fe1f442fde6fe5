package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newAuthCmd(a *app) *cobra.Command {
	return group("auth", "Keep secrets: RunPod's key, Comfy Cloud's, tokens of backends",
		"  easel auth set runpod < key.txt\n  easel auth list",
		newAuthListCmd(a), newAuthSetCmd(a), newAuthRemoveCmd(a))
}

// shownSecret is one entry of `auth list --json`.
type shownSecret struct {
	Name     string  `json:"name"`
	Where    string  `json:"where"`    // environment, keyring, file
	Variable *string `json:"variable"` // of the environment, which wins over what is kept
	Origin   *string `json:"origin"`   // the only place that it goes to
}

// secretVariables are the variables of the environment that win over what is kept.
func secretVariables() map[string]string {
	return map[string]string{config.SecretRunPod: "RUNPOD_API_KEY", config.SecretComfy: "COMFY_API_KEY"}
}

func newAuthListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the secrets there are, and where, without showing them",
		Example: "  easel auth list\n  easel auth list --json",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			kept, err := cfg.Secrets()
			if err != nil {
				return err
			}
			shown := []shownSecret{}
			for _, name := range []string{config.SecretRunPod, config.SecretComfy} {
				if variable := secretVariables()[name]; a.getenv(variable) != "" {
					shown = append(shown, shownSecret{Name: name, Where: "environment", Variable: text(variable)})
				}
			}
			for _, s := range kept {
				where := "file"
				if s.Keyring {
					where = "keyring"
				}
				shown = append(shown, shownSecret{Name: s.Name, Where: where, Variable: text(secretVariables()[s.Name]), Origin: text(s.Origin)})
			}
			if a.global.json {
				return a.printJSON(shown)
			}
			t := term.NewTable(a.streams, "NAME", "WHERE", "GOES TO")
			for _, s := range shown {
				to := map[string]string{config.SecretRunPod: "RunPod", config.SecretComfy: "Comfy Cloud"}[s.Name]
				if s.Origin != nil {
					to = *s.Origin
				}
				where := s.Where
				if where == "environment" {
					where = *s.Variable
				}
				t.Row(s.Name, where, to)
			}
			if len(shown) == 0 {
				a.note("no secrets are kept")
			}
			return t.Flush()
		},
	}
}

func newAuthSetCmd(a *app) *cobra.Command {
	file := false
	c := &cobra.Command{
		Use:   "set NAME",
		Short: "Keep a secret, read from stdin",
		Long: `Keep a secret: NAME is runpod, comfy (Comfy Cloud), or a backend of your settings,
whose bearer token it is then. It is read from stdin, never from the command line,
and kept in the system's keyring, or in a file that only you can read where there
is none. A variable of the environment wins over it. A backend's token goes to the
address that the backend has now, and to no other.`,
		Example:           "  easel auth set runpod < key.txt\n  easel auth set studio --file < token.txt",
		Args:              exactArgs("a name"),
		ValidArgsFunction: firstWord(a.completeSecrets),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			data, err := a.inputs.Stdin.Bytes(a.ctx, "auth set")
			if err != nil {
				return err
			}
			secret := strings.TrimSpace(string(data))
			if secret == "" || strings.ContainsAny(secret, "\r\n") {
				return usagef("easel auth set "+args[0]+" < key.txt", "stdin must have the secret, on one line")
			}
			kept, err := cfg.SetSecret(args[0], config.NewSecret(secret), file)
			if err != nil {
				return err
			}
			if kept.Keyring {
				a.note("the secret of %s is in the keyring", kept.Name)
			} else {
				a.note("the secret of %s is in %s, which only you can read", kept.Name, cfg.SecretsFile())
			}
			return a.printSecretName(kept.Name)
		},
	}
	c.Flags().BoolVar(&file, "file", false, "keep it in the file, although there is a keyring")
	return c
}

func newAuthRemoveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		Short:             "Forget a secret",
		Example:           "  easel auth remove runpod",
		Args:              exactArgs("a name"),
		ValidArgsFunction: firstWord(a.completeSecrets),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			found, err := cfg.RemoveSecret(args[0])
			if err != nil {
				return err
			}
			if !found {
				return usagef("easel auth list shows what is kept", "no secret of %s is kept", args[0])
			}
			a.note("the secret of %s is forgotten", args[0])
			return a.printSecretName(args[0])
		},
	}
}

func (a *app) printSecretName(name string) error {
	if !a.global.json {
		return nil
	}
	return a.printJSON(map[string]string{"name": name})
}

// completeSecrets offers what a secret may be for.
func (a *app) completeSecrets(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	names, directive := a.completeBackends(c, args, word)
	return slices.Concat([]string{config.SecretRunPod, config.SecretComfy}, names), directive
}
