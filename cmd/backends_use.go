package cmd

import (
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
)

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
				return backends.Unknown(cfg, args[0])
			}
			if err := config.UseBackend(cfg.UserFile, args[0]); err != nil {
				return err
			}
			a.note("easel runs on %s from now on", args[0])
			return a.printChanged(cfg, args[0])
		},
	}
}
