package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// addPrompts offers a prompt for each character.
func (s *Server) addPrompts(characters []*registry.Character) {
	for _, c := range characters {
		name := c.Name
		if name == "" {
			name = c.ID
		}
		s.sdk.AddPrompt(&sdk.Prompt{
			Name: plain("character_"+c.ID, mostName), Title: name, Description: strings.TrimSpace("A picture of " + name + ". " + c.Description),
			Arguments: promptArguments(),
		}, func(_ context.Context, req *sdk.GetPromptRequest) (*sdk.GetPromptResult, error) {
			return said(fmt.Sprintf("Make a picture of the character %s: %s.\nCall a tool of easel that has the argument character, with character %q and what is to be seen as prompt.",
				name, req.Params.Arguments["prompt"], c.ID)), nil
		})
	}
}

func promptArguments() []*sdk.PromptArgument {
	return []*sdk.PromptArgument{{Name: "prompt", Description: "what is to be seen", Required: true}}
}

func said(text string) *sdk.GetPromptResult {
	return &sdk.GetPromptResult{Messages: []*sdk.PromptMessage{{Role: "user", Content: &sdk.TextContent{Text: text}}}}
}

// addPresets offers a prompt for each preset of a tool's workflow.
func (s *Server) addPresets(ctx context.Context) {
	if s.o.Presets == nil {
		return
	}
	presets, err := s.o.Presets(ctx)
	if err != nil {
		s.o.Log.Warn("listing presets", "error", err)
		return
	}
	tools := s.now()
	for _, p := range presets {
		i := slices.IndexFunc(tools, func(t *tool) bool { return t.workflow.ID == p.Order.Workflow })
		if i < 0 {
			continue
		}
		t := tools[i]
		s.sdk.AddPrompt(&sdk.Prompt{
			Name: plain("preset_"+p.Name, mostName), Title: "@" + p.Name, Description: "A run of " + t.workflow.ID + " with the values of the preset " + p.Name,
			Arguments: promptArguments(),
		}, func(_ context.Context, req *sdk.GetPromptRequest) (*sdk.GetPromptResult, error) {
			values, err := json.Marshal(t.presetArguments(p, req.Params.Arguments["prompt"]))
			if err != nil {
				return nil, err
			}
			return said(fmt.Sprintf("Call the tool %s of easel with these arguments: %s", t.name, values)), nil
		})
	}
}

// presetArguments are a preset's values as arguments of its tool.
func (t *tool) presetArguments(p Preset, prompt string) object {
	args := object{}
	for _, a := range t.arguments {
		switch {
		case a.key == "character_id" && p.Order.Character != "":
			args = append(args, run.NamedValue{Name: a.name, JSON: comfy.RawString(p.Order.Character)})
		case a.param != nil && a.param.Role == registry.RolePrompt && prompt != "":
			args = append(args, run.NamedValue{Name: a.name, JSON: comfy.RawString(prompt)})
		case a.param != nil:
			i := slices.IndexFunc(p.Order.Values, func(v plan.Value) bool { return plan.SameName(v.Name, a.param.Name) })
			if i < 0 || p.Order.Values[i].JSON == nil {
				continue
			}
			value := p.Order.Values[i].JSON
			if a.param.Type == registry.TypeSeed {
				value = comfy.RawString(plan.JSONText(value))
			}
			args = append(args, run.NamedValue{Name: a.name, JSON: value})
		}
	}
	return args
}
