package config

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
)

// SetPreset writes a preset into a file in place of the one of that name.
func SetPreset(path, name string, p Preset) error {
	if err := CheckPresetName(name); err != nil {
		return err
	}
	return edit(path, func(data []byte) ([]byte, error) {
		return setPath(data, []string{"presets", name}, p.tree())
	})
}

// CheckPresetName refuses what cannot be the name of a preset, with a *ValueError.
func CheckPresetName(name string) error {
	other := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && !strings.ContainsRune("-_.", r)
	}
	if name == "" || strings.ContainsFunc(name, other) {
		return &ValueError{Source: "the name of a preset", Value: name, Message: "a name has letters, digits, dots, dashes and underscores"}
	}
	return nil
}

// RemovePreset takes a preset out of a file. It reports whether it was there.
func RemovePreset(path, name string) (bool, error) {
	return remove(path, []string{"presets", name})
}

func (p Preset) tree() yaml.MapSlice {
	t := yaml.MapSlice{{Key: "workflow", Value: p.Workflow}}
	if p.Character != "" {
		t = append(t, yaml.MapItem{Key: "character", Value: p.Character})
	}
	var params yaml.MapSlice
	for _, m := range p.Params {
		params = append(params, yaml.MapItem{Key: m.Name, Value: m.tree()})
	}
	if len(params) > 0 {
		t = append(t, yaml.MapItem{Key: "params", Value: params})
	}
	return t
}

// tree is the value as YAML has it: texts by themselves, anything else as its
// JSON, which is YAML too and keeps every digit.
func (m Param) tree() any {
	var text string
	if json.Unmarshal(m.JSON, &text) == nil && len(m.JSON) > 0 && m.JSON[0] == '"' {
		return text
	}
	return m.JSON
}
