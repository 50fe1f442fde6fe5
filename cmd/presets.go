package cmd

import (
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/registry"
)

// presetValue is what a preset gives a parameter, as one would type it.
func (t *target) presetValue(p *registry.Parameter) (string, bool) {
	i := slices.IndexFunc(t.preset, func(arg registry.Arg) bool { return foldName(arg.Name) == foldName(p.Name) })
	if i < 0 {
		return "", false
	}
	return jsonText(t.preset[i].JSON), true
}

// foldName makes "lora-strength" and "lora_strength" the same name.
func foldName(name string) string { return strings.ReplaceAll(name, "-", "_") }
