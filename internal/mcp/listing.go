package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A listing is a tool that only reads.
type listing struct {
	tool    sdk.Tool
	names   []string // of its arguments
	list    func(ctx context.Context, given map[string]json.RawMessage) (any, error)
	foreign bool // what it lists are words of the backend
}

// listings are the tools that only read.
func (s *Server) listings() []listing {
	text := func(doc string) object { return object{}.with("type", "string").with("description", doc) }
	number := object{}.with("type", "integer").with("minimum", 1).with("maximum", 100).with("default", 20).with("description", "at most so many")
	return []listing{
		s.listing("list_workflows", "The workflows and the tools that run them", "workflows", object{}.with("category", text("only those of a category: generation, editing, upscaling, video")), s.listWorkflows),
		s.listing("list_characters", "The characters: presets of LoRA, words and defaults that a workflow takes as character", "characters", object{}, s.listCharacters),
		s.listing("list_models", "What the backend has to choose from: model files by folder, samplers, schedulers", "models", object{}.
			with("folder", text("checkpoints, loras, vae, upscale_models, ..., samplers or schedulers; all folders without it")).
			with("search", text("only names with these words in them")), s.listModels),
		s.listing("list_jobs", "What was run, the newest first, with the files it left", "jobs", object{}.with("limit", number), s.listJobs),
	}
}

func (s *Server) listing(name, title, plural string, properties object, list func(context.Context, map[string]json.RawMessage) (any, error)) listing {
	in, _ := json.Marshal(object{}.with("type", "object").with("properties", properties).with("additionalProperties", false)) // made here
	out, _ := json.Marshal(object{}.with("type", "object").with("properties", object{}.
		with(plural, object{}.with("type", "array").with("items", object{}.with("type", "object"))).
		with("error", object{}.with("type", "object").with("description", "instead, when the call failed"))))
	l := listing{tool: sdk.Tool{
		Name: name, Title: title, Description: title + ". Only reads: it costs no GPU time.", InputSchema: json.RawMessage(in), OutputSchema: json.RawMessage(out),
		Annotations: &sdk.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: new(name == "list_models")},
	}, foreign: name == "list_models" || name == "list_jobs"}
	for _, p := range properties {
		l.names = append(l.names, p.Name)
	}
	l.list = func(ctx context.Context, given map[string]json.RawMessage) (any, error) {
		found, err := list(ctx, given)
		return map[string]any{plural: found}, err
	}
	return l
}

func (s *Server) addListings() {
	for _, l := range s.listings() {
		s.sdk.AddTool(&l.tool, func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			ctx, end := s.within(ctx)
			defer end()
			given, err := l.arguments(req.Params.Arguments)
			if err != nil {
				return s.failed(nil, err), nil
			}
			found, err := l.list(ctx, given)
			if err != nil {
				return s.failed(nil, err), nil
			}
			raw, err := json.Marshal(found)
			if err != nil {
				return nil, err
			}
			shown := string(raw)
			if l.foreign {
				shown = "<data>" + shown + "</data>" // as JSON it holds no "<"
			}
			return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: shown}}, StructuredContent: json.RawMessage(raw)}, nil
		})
	}
}

// arguments reads what a listing was asked for.
func (l listing) arguments(raw json.RawMessage) (map[string]json.RawMessage, error) {
	members, err := decode(raw)
	if err != nil {
		return nil, err
	}
	given := map[string]json.RawMessage{}
	var bad []registry.Problem
	for _, m := range members {
		if !slices.Contains(l.names, m.Name) {
			bad = append(bad, registry.Problem{
				Parameter: m.Name, Message: fmt.Sprintf("Parameter '%s' does not exist", m.Name), Allowed: strings.Join(l.names, ", "), Nearest: nearest.To(m.Name, l.names, 2),
			})
			continue
		}
		given[m.Name] = m.JSON
	}
	if len(bad) > 0 {
		return nil, &registry.ValuesError{Workflow: l.tool.Name, Problems: bad}
	}
	return given, nil
}

// textOf is a text that was given, "" when there is none.
func textOf(given map[string]json.RawMessage, name string) (string, error) {
	raw, ok := given[name]
	if !ok {
		return "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "", wrong(name, "must be text", "")
	}
	return text, nil
}

func wrong(name, what, allowed string) error {
	return &registry.ValuesError{Workflow: name, Problems: []registry.Problem{{Parameter: name, Message: fmt.Sprintf("Parameter '%s' %s", name, what), Allowed: allowed}}}
}

// workflowItem is a workflow as list_workflows shows it.
type workflowItem struct {
	ID          string `json:"id"`
	Tool        string `json:"tool"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Category    string `json:"category,omitempty"`
	Family      string `json:"model_family,omitempty"`
}

func (s *Server) listWorkflows(_ context.Context, given map[string]json.RawMessage) (any, error) {
	category, err := textOf(given, "category")
	if err != nil {
		return nil, err
	}
	list, known := []workflowItem{}, []string{}
	for _, t := range s.now() {
		wf := t.workflow
		if !slices.Contains(known, wf.Category) {
			known = append(known, wf.Category)
		}
		if category == "" || wf.Category == category {
			list = append(list, workflowItem{wf.ID, t.name, wf.Name, wf.Description, wf.Category, wf.ModelFamily})
		}
	}
	if category != "" && !slices.Contains(known, category) {
		return nil, wrong("category", "names no category", strings.Join(known, ", "))
	}
	return list, nil
}

func (s *Server) listCharacters(context.Context, map[string]json.RawMessage) (any, error) {
	reg, err := s.o.Registry()
	if err != nil {
		return nil, err
	}
	return append([]*registry.Character{}, reg.Characters()...), nil
}

func (s *Server) listModels(ctx context.Context, given map[string]json.RawMessage) (any, error) {
	folder, err := textOf(given, "folder")
	if err != nil {
		return nil, err
	}
	search, err := textOf(given, "search")
	if err != nil {
		return nil, err
	}
	found, err := s.o.Engine.Models(ctx, folder)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(strings.ToLower(search))
	list := []inventory.Item{}
	for _, item := range found {
		name := strings.ToLower(item.Name)
		if nameLike(item.Name) && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(name, w) }) {
			list = append(list, item)
		}
	}
	if len(list) > mostListed {
		return nil, &problem.InvalidError{Message: fmt.Sprintf("the backend has %d such names", len(list)), Hint: "give folder, or search for words in them"}
	}
	return list, nil
}

// mostListed bounds what one call lists.
const mostListed = 1000

func (s *Server) listJobs(ctx context.Context, given map[string]json.RawMessage) (any, error) {
	limit := 20
	if raw, ok := given["limit"]; ok && (json.Unmarshal(raw, &limit) != nil || limit < 1 || limit > 100) {
		return nil, wrong("limit", "must be a whole number", "1 to 100")
	}
	return s.o.Engine.Jobs(ctx, limit)
}
