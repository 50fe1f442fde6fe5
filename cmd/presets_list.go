package cmd

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A listedPreset is one entry of `presets list --json`.
type listedPreset struct {
	Name      string        `json:"name"`
	Workflow  string        `json:"workflow"`
	Character *string       `json:"character"`
	Params    run.Values    `json:"params"`
	From      config.Origin `json:"from"`
}

func listedPresetOf(name string, p config.Preset) listedPreset {
	l := listedPreset{Name: name, Workflow: p.Workflow, Character: text(p.Character), Params: run.Values{}, From: p.Origin}
	for _, m := range p.Params {
		l.Params = append(l.Params, run.NamedValue{Name: m.Name, JSON: m.JSON})
	}
	return l
}

// values are the parameters in one line: "steps=4 width=512".
func (l listedPreset) values() string {
	var words []string
	for _, m := range l.Params {
		words = append(words, m.Name+"="+problem.ShellQuote(jsonText(m.JSON)))
	}
	return strings.Join(words, " ")
}

func newPresetsListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the presets",
		Example: "  easel presets list\n  easel presets list --jq '.[].name'",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			all := []listedPreset{}
			for _, name := range slices.Sorted(maps.Keys(cfg.Presets)) {
				all = append(all, listedPresetOf(name, cfg.Presets[name]))
			}
			if a.global.json {
				return a.printJSON(all)
			}
			t := term.NewTable(a.streams, "NAME", "WORKFLOW", "CHARACTER", "VALUES", "FROM")
			for _, l := range all {
				t.Row(l.Name, l.Workflow, valueOr(l.Character, ""), l.values(), l.From.String())
			}
			if len(all) == 0 {
				a.note("there is no preset yet: easel presets add NAME --from last")
			}
			return t.Flush()
		},
	}
}
