package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/config"
)

func newPresetsRemoveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		Short:             "Forget a preset",
		Example:           "  easel presets remove portrait",
		Args:              exactArgs("a preset"),
		ValidArgsFunction: firstWord(a.completePresets),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(args[0], "@")
			p, known := cfg.Presets[name]
			switch {
			case !known:
				return unknownPreset(cfg, name)
			case p.Origin.Kind == config.Project:
				return usagef("edit "+p.Origin.Path, "preset %s is of the project, not of the user's config", name)
			}
			if _, err := config.RemovePreset(cfg.UserFile, name); err != nil {
				return err
			}
			a.note("preset %s is forgotten", name)
			return a.printChanged(cfg, name)
		},
	}
}
