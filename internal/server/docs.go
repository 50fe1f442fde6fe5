package server

import (
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
		"application/json": {Schema: form[T](s)},
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
	ExamplePayload     anyObject               `json:"example_payload,omitempty" doc:"a request that it takes"`
}

type parameterDoc struct {
	Type        string         `json:"type"`
	Min         number         `json:"min,omitzero"`
	Max         number         `json:"max,omitzero"`
	Default     parameterValue `json:"default,omitzero"`
	Description string         `json:"description,omitempty"`
	Label       string         `json:"label,omitempty"`
	Group       string         `json:"group,omitempty"`
	Unit        string         `json:"unit,omitempty"`
	Step        number         `json:"step,omitzero"`
	Choices     []string       `json:"choices,omitempty"`
	ChoicesFrom string         `json:"choices_from,omitempty"`
	Folder      string         `json:"folder,omitempty"`
	Required    bool           `json:"required,omitempty"`
	Advanced    bool           `json:"advanced,omitempty"`
	Pattern     string         `json:"pattern,omitempty"`
	MaxLength   int            `json:"max_length,omitempty"`
	Bind        bindings       `json:"bind,omitzero" doc:"where it lands in the graph"`
}

type characterListDoc struct {
	Characters []characterDoc    `json:"characters"`
	Sources    map[string]string `json:"sources" doc:"where each is from, by id: built-in, user, project, flag; user's can be changed here"`
	Images     map[string]string `json:"images" doc:"address of the reference picture, by id, valid for an hour without a key"`
}

type characterDoc struct {
	ID              string                    `json:"id"`
	Name            string                    `json:"name,omitempty"`
	Description     string                    `json:"description,omitempty"`
	Lora            string                    `json:"lora,omitempty"`
	LoraStrength    number                    `json:"lora_strength,omitzero"`
	Loras           []loraDoc                 `json:"loras,omitempty" doc:"several, instead of lora"`
	Trigger         string                    `json:"trigger,omitempty"`
	TriggerPosition string                    `json:"trigger_position,omitempty" enum:"start,end"`
	Prompt          string                    `json:"prompt,omitempty" doc:"template with {prompt} and {trigger}"`
	Negative        string                    `json:"negative,omitempty"`
	Defaults        map[string]parameterValue `json:"defaults,omitempty" doc:"values by parameter"`
	ReferenceImage  string                    `json:"reference_image,omitempty" doc:"a path beside the file; to set it: a file or a result, by id"`
}

type loraDoc struct {
	File     string `json:"file" doc:"relative to the server's folder loras"`
	Strength number `json:"strength,omitzero"`
	Clip     number `json:"strength_clip,omitzero" doc:"on the text encoder; as strength when it is left out"`
}
