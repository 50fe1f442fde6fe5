package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

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
	Secret  bool          `json:"secret"` // it has a password, token, header or certificate
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
					Secret: b.HasAccess(),
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

// printChanged says with --json which backend changed, and in which file.
func (a *app) printChanged(cfg *config.Config, name string) error {
	if !a.global.json {
		return nil
	}
	return a.printJSON(map[string]string{"file": cfg.UserFile, "name": name})
}
