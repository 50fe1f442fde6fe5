package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// requestSchema is the name of the description of an operation's body.
func requestSchema(operation string) string {
	switch operation {
	case "generate-batch":
		return "BatchRequest"
	case "inpaint":
		return "InpaintRequest"
	}
	return "GenerateRequest"
}

// bodySchema refers to a body by its name.
func bodySchema(name string) *huma.Schema { return &huma.Schema{Ref: "#/components/schemas/" + name} }

// bodyIs says again what the body of an operation is, which huma forgets of one
// that is read as bytes.
func (s *Server) bodyIs(o huma.Operation, schema string) {
	item := s.api.OpenAPI().Paths[o.Path]
	op := item.Post
	if o.Method == http.MethodPut {
		op = item.Put
	}
	op.RequestBody.Content["application/json"].Schema = bodySchema(schema)
}

// describeRequests describes the bodies that the registry checks: what each
// workflow takes beside, its schema says.
func (s *Server) describeRequests() {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: "string", Description: doc} }
	shapes := func(doc string) *huma.Schema {
		return &huma.Schema{Description: doc, OneOf: []*huma.Schema{{Type: "string"}, {Type: "array", Items: &huma.Schema{Type: "string"}}}}
	}
	one := 1.0
	swept := &huma.Schema{Description: "a list, or as easel batch --sweep takes it: 10,20..30,2:8:2", AnyOf: (parameterValue{}).Schema(nil).AnyOf}
	generate := map[string]*huma.Schema{
		"workflow_id":  text("as GET /workflows lists it"),
		"character_id": text("as GET /characters lists it"),
		"prompt":       text("what is to be seen"),
		"negative":     text("what is not"),
		"input_image":  text("id of a file or a result, the name of the latest upload, an https address, or a name below the server's folder of inputs"),
		"input_images": {Type: "array", Items: text(""), Description: "one run each, where the workflow supports_batch"},
		"inputs":       {Type: "object", AdditionalProperties: text(""), Description: "further files by parameter"},
		"params":       {Type: "object", AdditionalProperties: &huma.Schema{}, Description: "values by parameter, as GET /workflows/{id}/schema describes them; integers above 2^53 may be text; null is as if it were left out"},
		"count":        {Type: "integer", Minimum: &one, Description: "runs of the same request, each with its seed"},
		"mask":         text("a file: white is painted anew"),
		"mask_rect":    shapes("X,Y,W,H in pixels or percent"),
		"mask_ellipse": shapes("X,Y,W,H in pixels or percent"),
		"mask_color":   text("#ff00ff"),
		"mask_alpha":   {Type: "boolean", Description: "what is transparent is painted anew"},
		"mask_invert":  {Type: "boolean"},
		"mask_grow":    {Type: "integer", Description: "pixels"},
		"mask_feather": {Type: "integer", Description: "pixels"},
		"expand":       text("left=256,bottom=10%: paints beyond the edges"),
		"sweep": {
			Type: "object", AdditionalProperties: swept,
			Description: "tries several values of parameters, or of character: a run for each with each",
		},
		"zip":      {Type: "boolean", Description: "pairs the values of sweeps, instead of each with each"},
		"priority": {Type: "integer", Description: "-100 to 100; higher goes first"},
		"webhook":  text("an address that is told when the job ended"),
	}
	schemas := s.api.OpenAPI().Components.Schemas.Map()
	schemas["GenerateRequest"] = &huma.Schema{Type: "object", Properties: generate, Required: []string{"workflow_id"}, AdditionalProperties: false}
	inpaint := &huma.Schema{Type: "object", Properties: generate, Required: []string{"input_image"}, AdditionalProperties: false}
	schemas["InpaintRequest"] = inpaint
	schemas["BatchItem"] = &huma.Schema{Type: "object", Properties: generate, AdditionalProperties: false}
	batch := map[string]*huma.Schema{"items": {Type: "array", Items: bodySchema("BatchItem"), Description: "requests; what they leave out is taken from beside items"}}
	for name, schema := range generate {
		batch[name] = schema
	}
	schemas["BatchRequest"] = &huma.Schema{Type: "object", Properties: batch, AdditionalProperties: false}
}
