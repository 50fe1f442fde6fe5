package cmd

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/registry"
)

// A payload is a request in the form of the HTTP API: what example_payload
// holds and --request reads.
type payload struct {
	WorkflowID  string            `json:"workflow_id"`
	CharacterID string            `json:"character_id"`
	InputImage  string            `json:"input_image"`
	InputImages []string          `json:"input_images"`
	Mask        string            `json:"mask"`
	Inputs      map[string]string `json:"inputs"`
	Prompt      string            `json:"prompt"`
	Negative    string            `json:"negative"`
	Params      json.RawMessage   `json:"params"`
	Count       int               `json:"count"`
}

// exampleCommand writes a workflow's example_payload as a command line, "" when
// it has none.
func exampleCommand(wf *registry.Workflow) string {
	var p payload
	if json.Unmarshal(wf.ExamplePayload, &p) != nil {
		return ""
	}
	words := []string{"easel", "generate", wf.ID}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, "--"+flag, shellQuote(value))
		}
	}
	if p.Prompt != "" {
		words = append(words, shellQuote(p.Prompt))
	}
	add("image", p.InputImage)
	for _, file := range p.InputImages {
		add("image", file)
	}
	add("mask", p.Mask)
	for _, name := range slices.Sorted(maps.Keys(p.Inputs)) {
		add("image", name+"="+p.Inputs[name])
	}
	add("character", p.CharacterID)
	add("negative", p.Negative)
	members, err := registry.DecodeObject(wf.ID, p.Params)
	if len(p.Params) > 0 && err == nil {
		for _, m := range members {
			add(strings.ReplaceAll(m.Name, "_", "-"), jsonText(m.JSON))
		}
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
