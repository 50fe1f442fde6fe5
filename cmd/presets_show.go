package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newPresetsShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show a preset",
		Example:           "  easel presets show portrait\n  easel presets show portrait --json",
		Args:              exactArgs("a preset"),
		ValidArgsFunction: firstWord(a.completePresets),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(args[0], "@")
			p, ok := cfg.Presets[name]
			if !ok {
				return unknownPreset(cfg, name)
			}
			l := listedPresetOf(name, p)
			if a.global.json {
				return a.printJSON(l)
			}
			t := term.NewPairs(a.streams)
			t.Row("preset", "@"+name)
			t.Row("workflow", p.Workflow)
			if p.Character != "" {
				t.Row("character", p.Character)
			}
			for _, m := range l.Params {
				t.Row(m.Name, term.EscapeMultiline(jsonText(m.JSON)))
			}
			t.Row("from", l.From.String())
			return t.Flush()
		},
	}
}
