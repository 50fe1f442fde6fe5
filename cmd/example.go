package cmd

import (
	"strings"

	"github.com/seed-7d77cb5c/easel/registry"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// exampleCommand writes a workflow's example_payload as a command line, "" when
// it has none. word is what WORKFLOW is called there.
func exampleCommand(word string, wf *registry.Workflow) string {
	if len(wf.ExamplePayload) == 0 {
		return ""
	}
	r, err := plan.DecodeRequest(wf.ID, wf.ExamplePayload)
	if err != nil {
		return ""
	}
	words := []string{"easel", "generate", problem.ShellQuote(word)}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, "--"+flag, problem.ShellQuote(value))
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
	if prompt := jsonText(r.Texts[registry.RolePrompt]); prompt != "" {
		words = append(words, problem.ShellQuote(prompt))
	}
	for _, file := range r.Images {
		add("image", file)
	}
	add("mask", jsonText(r.Texts[registry.RoleMask]))
	for _, m := range r.Inputs {
		give(m)
	}
	add("character", r.Character)
	add("negative", jsonText(r.Texts[registry.RoleNegative]))
	if !strings.HasPrefix(word, "@") { // a preset has its own
		for _, m := range r.Params {
			give(m)
		}
	}
	return strings.Join(words, " ")
}
