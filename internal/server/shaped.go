package server

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// Answers are written of JSON that is at hand, which is not decoded for that. These
// types say in the description what it is.

// shaped is JSON of the form of T.
type shaped[T any] struct{ json.RawMessage }

// Schema implements huma.SchemaProvider.
func (shaped[T]) Schema(r huma.Registry) *huma.Schema { return r.Schema(typeOf[T](), true, "") }

// shapedOrNull is JSON of the form of T, or null.
type shapedOrNull[T any] struct{ json.RawMessage }

// Schema implements huma.SchemaProvider.
func (shapedOrNull[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(typeOf[T](), true, ""), {Type: "null"}}}
}

// anyObject is an object whose members are described elsewhere.
type anyObject = map[string]any

// jobError is why a job failed.
type jobError problem.Problem

// A parameterValue is what a parameter takes: text, a number, a switch, a list of them.
type parameterValue struct{ json.RawMessage }

// Schema implements huma.SchemaProvider.
func (parameterValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: append(scalars(), &huma.Schema{Type: "array", Items: &huma.Schema{AnyOf: scalars()}})}
}

// A number is exact, also above 2^53.
type number struct{ json.RawMessage }

// Schema implements huma.SchemaProvider.
func (number) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: "number"} }

// exactly is a number as an entry has it; the zero number for none.
func exactly(n json.Number) number {
	if n == "" {
		return number{}
	}
	return number{json.RawMessage(n)}
}

func scalars() []*huma.Schema {
	return []*huma.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}
}

// bindings are where a parameter lands: one place or several, each as text or as
// an object.
type bindings struct{ json.RawMessage }

// Schema implements huma.SchemaProvider.
func (bindings) Schema(huma.Registry) *huma.Schema {
	one := func() []*huma.Schema {
		return []*huma.Schema{{Type: "string"}, {Type: "object", AdditionalProperties: true}}
	}
	return &huma.Schema{AnyOf: append(one(), &huma.Schema{Type: "array", Items: &huma.Schema{AnyOf: one()}})}
}

// A graphNode is a node of ComfyUI's API format.
type graphNode struct {
	Class  string `json:"class_type"`
	Inputs map[string]any
	Meta   anyObject
}

// Schema implements huma.SchemaProvider: custom nodes may add what they like.
func (graphNode) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: "object", AdditionalProperties: true, Required: []string{"class_type", "inputs"},
		Properties: map[string]*huma.Schema{
			"class_type": {Type: "string"},
			"inputs":     {Type: "object", AdditionalProperties: &huma.Schema{}, Description: "a value, or [NODE, OUTPUT] of another node"},
			"_meta":      {Type: "object", AdditionalProperties: true, Properties: map[string]*huma.Schema{"title": {Type: "string"}}},
		},
	}
}

// answers describes what is answered to who queues jobs: the job, a batch, or either.
func (s *Server) answers(op *huma.Operation, job, batch bool) {
	content := func(forms ...*huma.Schema) map[string]*huma.MediaType {
		if len(forms) == 1 {
			return map[string]*huma.MediaType{"application/json": {Schema: forms[0]}}
		}
		return map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{AnyOf: forms}}}
	}
	op.Responses = map[string]*huma.Response{}
	var forms []*huma.Schema
	if job {
		forms = append(forms, form[jobView](s))
		op.Responses["200"] = &huma.Response{Description: "With wait: the job, which has ended", Content: content(forms...)}
	}
	if batch {
		forms = append(forms, form[batchView](s))
	}
	op.Responses["202"] = &huma.Response{Description: "Accepted, and on disk", Content: content(forms...)}
}

// form is how the description refers to T.
func form[T any](s *Server) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(typeOf[T](), true, "")
}
