package cmd

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newPresetsCmd(a *app) *cobra.Command {
	return group("presets", "Named parameters of a workflow, for easel generate @NAME",
		"  easel presets add portrait --from last\n  easel generate @portrait \"a sailor\"",
		newPresetsListCmd(a),
		newPresetsShowCmd(a),
		newPresetsAddCmd(a),
		newPresetsRemoveCmd(a),
	)
}

func (a *app) completePresets(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	cfg, err := a.config()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return slices.Sorted(maps.Keys(cfg.Presets)), cobra.ShellCompDirectiveNoFileComp
}

func unknownPreset(cfg *config.Config, name string) error {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(cfg.Presets)) {
		names = append(names, "@"+n)
	}
	return &invalidError{"unknown preset @" + name, problem.NearestHint(nearest.To("@"+name, names, 3), "easel presets list")}
}

// presetValue is what a preset gives a parameter, as one would type it.
func (t *target) presetValue(p *registry.Parameter) (string, bool) {
	i := slices.IndexFunc(t.order.Values, func(arg plan.Value) bool { return sameParameter(arg.Name, p.Name) })
	if i < 0 || t.again != nil {
		return "", false
	}
	return jsonText(t.order.Values[i].JSON), true
}

// sameParameter: "lora-strength" and "lora_strength" are one.
func sameParameter(a, b string) bool { return plan.SameName(a, b) }

// valueOr is what a fact says, or something else where it is not there.
func valueOr(fact *string, other string) string {
	if fact == nil {
		return other
	}
	return *fact
}
