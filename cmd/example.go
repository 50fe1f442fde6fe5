package cmd

import (
	"strings"

	"github.com/seed-7d77cb5c/easel/registry"
)

// exampleCommand writes a workflow's example_payload as a command line, "" when
// it has none. word is what WORKFLOW is called there.
func exampleCommand(word string, wf *registry.Workflow) string {
	if len(wf.ExamplePayload) == 0 {
		return ""
	}
	r, err := decodeRequest(wf.ID, wf.ExamplePayload)
	if err != nil {
		return ""
	}
	words := []string{"easel", "generate", shellQuote(word)}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, "--"+flag, shellQuote(value))
		}
	}
	reserved := reservedFlags()
	give := func(m registry.NamedValue) {
		flag, p := flagName(reserved, m.Name), wf.Parameter(m.Name)
		switch {
		case p != nil && p.Type == registry.TypeBool: // a value behind a space would be a word of the prompt
			words = append(words, strings.TrimSuffix("--"+flag+"="+jsonText(m.JSON), "=true"))
		case p != nil && p.Type == registry.TypeImage:
			add("image", m.Name+"="+jsonText(m.JSON))
		default:
			add(flag, jsonText(m.JSON))
		}
	}
	if prompt := jsonText(r.texts[registry.RolePrompt]); prompt != "" {
		words = append(words, shellQuote(prompt))
	}
	for _, file := range r.images {
		add("image", file)
	}
	add("mask", jsonText(r.texts[registry.RoleMask]))
	for _, m := range r.inputs {
		give(m)
	}
	add("character", r.person)
	add("negative", jsonText(r.texts[registry.RoleNegative]))
	for _, m := range r.params {
		give(m)
	}
	return strings.Join(words, " ")
}

// shellQuote quotes a word for a POSIX shell when it needs it.
func shellQuote(s string) string {
	plain := s != ""
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,%+@", r) {
			plain = false
		}
	}
	if plain {
		return s
	}
	if !strings.ContainsAny(s, "\"$`\\!") {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
