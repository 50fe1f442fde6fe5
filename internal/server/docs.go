package server

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// described is an operation whose answer has the form of T, although it is
// written as JSON that is at hand.
func described[T any](s *Server, op huma.Operation) huma.Operation {
	status := http.StatusOK
	if op.DefaultStatus != 0 {
		status = op.DefaultStatus
	}
	op.Responses = map[string]*huma.Response{strconv.Itoa(status): {Description: http.StatusText(status), Content: map[string]*huma.MediaType{
		"application/json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf[T](), true, "")},
	}}}
	return op
}

// The forms of entries of the registry, for the description: what is answered is
// the entry as its file has it.

type workflowListDoc struct {
	Workflows []workflowDoc     `json:"workflows" doc:"entries as in the registry file, in its order"`
	Sources   map[string]string `json:"sources" doc:"where each is from, by id: built-in, user, project, flag; user's can be changed here"`
}

type workflowDoc struct {
	ID                 string                  `json:"id"`
	Name               string                  `json:"name"`
	Description        string                  `json:"description"`
	Category           string                  `json:"category"`
	ModelFamily        string                  `json:"model_family"`
	WorkflowPath       string                  `json:"workflow_path"`
	SupportsBatch      bool                    `json:"supports_batch"`
	MaxBatchSize       int                     `json:"max_batch_size,omitempty"`
	RequiresInputImage bool                    `json:"requires_input_image"`
	RequiresMask       bool                    `json:"requires_mask"`
	ConfigurableParams map[string]parameterDoc `json:"configurable_params" doc:"in the order of the file"`
	ExamplePayload     json.RawMessage         `json:"example_payload,omitempty"`
}

type parameterDoc struct {
	Type        string          `json:"type"`
	Min         json.Number     `json:"min,omitempty"`
	Max         json.Number     `json:"max,omitempty"`
	Default     json.RawMessage `json:"default,omitempty"`
	Description string          `json:"description,omitempty"`
	Label       string          `json:"label,omitempty"`
	Group       string          `json:"group,omitempty"`
	Unit        string          `json:"unit,omitempty"`
	Step        json.Number     `json:"step,omitempty"`
	Choices     []string        `json:"choices,omitempty"`
	ChoicesFrom string          `json:"choices_from,omitempty"`
	Folder      string          `json:"folder,omitempty"`
	Required    bool            `json:"required,omitempty"`
	Advanced    bool            `json:"advanced,omitempty"`
	Pattern     string          `json:"pattern,omitempty"`
	MaxLength   int             `json:"max_length,omitempty"`
	Bind        json.RawMessage `json:"bind,omitempty"`
}

type characterListDoc struct {
	Characters []characterDoc    `json:"characters"`
	Sources    map[string]string `json:"sources" doc:"where each is from, by id: built-in, user, project, flag; user's can be changed here"`
	Images     map[string]string `json:"images" doc:"address of the reference picture, by id, valid for an hour without a key"`
}

type characterDoc struct {
	ID              string          `json:"id"`
	Name            string          `json:"name,omitempty"`
	Description     string          `json:"description,omitempty"`
	Lora            string          `json:"lora,omitempty"`
	LoraStrength    json.Number     `json:"lora_strength,omitempty"`
	Loras           json.RawMessage `json:"loras,omitempty" doc:"several: file, strength"`
	Trigger         string          `json:"trigger,omitempty"`
	TriggerPosition string          `json:"trigger_position,omitempty" enum:"start,end"`
	Prompt          string          `json:"prompt,omitempty" doc:"template with {prompt} and {trigger}"`
	Negative        string          `json:"negative,omitempty"`
	Defaults        json.RawMessage `json:"defaults,omitempty" doc:"values by parameter"`
	ReferenceImage  string          `json:"reference_image,omitempty" doc:"a path beside the file; to set it: a file or a result, by id"`
}
