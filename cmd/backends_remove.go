package cmd

import (
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

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
				return backends.Unknown(cfg, args[0])
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
