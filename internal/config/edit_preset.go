package config

import (
	"strings"
	"unicode"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
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

func (p Preset) tree() textdoc.Value {
	t := textdoc.Value{Kind: textdoc.Object}
	add := func(key string, v textdoc.Value) { t.Members = append(t.Members, textdoc.Member{Name: key, Value: v}) }
	add("workflow", textdoc.String(p.Workflow))
	if p.Character != "" {
		add("character", textdoc.String(p.Character))
	}
	params := textdoc.Value{Kind: textdoc.Object}
	for _, m := range p.Params {
		params.Members = append(params.Members, textdoc.Member{Name: m.Name, Value: m.tree()})
	}
	if len(params.Members) > 0 {
		add("params", params)
	}
	return t
}

// tree is the value as a file has it; what is no JSON, which no caller gives,
// is a text.
func (m Param) tree() textdoc.Value {
	v, err := textdoc.Parse(textdoc.JSON, m.JSON, textdoc.Options{})
	if err != nil {
		return textdoc.String(string(m.JSON))
	}
	return v
}
