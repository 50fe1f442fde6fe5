package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/worker"
)

// graphRequest asks for one run of a graph that is bound already, as `generate
// --server` does.
type graphRequest struct {
	Workflow string                     `json:"workflow_id" maxLength:"200" doc:"what the job is called; the id of the workflow that the graph was made of"`
	Graph    shaped[anyObject]          `json:"graph" doc:"in ComfyUI's API format"`
	Files    []graphFile                `json:"files,omitempty" maxItems:"100" doc:"uploads that go into the graph"`
	PNGInfo  map[string]json.RawMessage `json:"png_info,omitempty" doc:"written into saved pictures"`
	Priority int64                      `json:"priority,omitempty" minimum:"-100" maximum:"100"`
	Webhook  string                     `json:"webhook,omitempty" maxLength:"2000"`
}

// graphHint helps against a graph that does not run.
const graphHint = "export it with ComfyUI's Export (API)"

type graphFile struct {
	ID      string         `json:"id" maxLength:"64" doc:"of an upload"`
	Name    string         `json:"name" maxLength:"100" pattern:"^[A-Za-z0-9_][A-Za-z0-9_.-]*$" doc:"what the graph says until it is submitted"`
	Targets []comfy.Target `json:"targets" doc:"graph inputs that take the file"`
}

func (s *Server) graphRoutes() {
	o := operation(http.MethodPost, "/generate/graph", "generate-graph", "Run a graph: with the scope graphs any, else that of a workflow with other values of its parameters", "generate")
	o.DefaultStatus = http.StatusAccepted
	o.MaxBodyBytes = s.o.Limits.Body
	o.Errors = append(o.Errors, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
	s.answers(&o, true, false)
	huma.Register(s.api, o, s.generateGraph)
	delete(s.api.OpenAPI().Paths[o.Path].Post.RequestBody.Content, "application/octet-stream") // said of RawBody
}

func (s *Server) generateGraph(ctx context.Context, in *struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"the same again returns the first answer"`
	Prefer         string `header:"Prefer" doc:"wait=SECONDS"`
	Wait           int    `query:"wait" minimum:"0" maximum:"600" doc:"seconds to wait for the end"`
	RawBody        []byte
	Body           graphRequest
},
) (*queued, error) {
	if err := may(ctx, jobs.ScopeGenerate); err != nil {
		return nil, s.refused(err)
	}
	g, err := comfy.ParseGraph(in.Body.Graph.RawMessage)
	if err == nil {
		err = g.Check()
	}
	if err != nil {
		return nil, s.refused(invalid("graph", "The graph cannot run: "+err.Error(), graphHint))
	}
	if may(ctx, jobs.ScopeGraphs) != nil {
		if err := s.within(ctx, g, in.Body.Workflow, in.Body.Files); err != nil {
			return nil, s.refused(err)
		}
	}
	if err := s.checkWebhook(in.Body.Webhook); err != nil {
		return nil, s.refused(err)
	}
	order := worker.GraphOrder{Workflow: strings.ToValidUTF8(in.Body.Workflow, ""), Graph: g, PNGInfo: in.Body.PNGInfo}
	for _, f := range in.Body.Files {
		kept, err := s.o.DB.File(ctx, f.ID)
		if err == nil {
			err = owns(ctx, kept.Key)
		}
		if err != nil {
			return nil, s.refused(err)
		}
		for _, t := range f.Targets {
			if g.Node(t.Node) == nil {
				return nil, s.refused(invalid("files", "The graph has no node "+t.Node, "targets are NODE.INPUT of the graph"))
			}
		}
		order.Files = append(order.Files, run.File{Name: f.Name, SHA256: kept.SHA256, Size: kept.Bytes, Targets: f.Targets})
	}
	data, err := json.Marshal(worker.Wrap(order))
	if err != nil {
		return nil, s.refused(err)
	}
	e := jobs.Enqueue{Key: asking(ctx).key.ID, Priority: in.Body.Priority, Jobs: []jobs.New{{
		Workflow: order.Workflow, Webhook: in.Body.Webhook, Request: in.RawBody, Order: data,
	}}}
	return s.enqueue(ctx, &generateInput{IdempotencyKey: in.IdempotencyKey, Prefer: in.Prefer, Wait: in.Wait, RawBody: in.RawBody}, "generate/graph", e)
}

// sameShape reports whether two graphs have the same nodes with the same links, so
// that one does what the other is for.
func sameShape(own, g *comfy.Graph) bool {
	if len(own.IDs()) != len(g.IDs()) {
		return false
	}
	for _, id := range own.IDs() {
		a, b := own.Node(id), g.Node(id)
		if b == nil || a.Class != b.Class || !bytes.Equal(links(a), links(b)) {
			return false
		}
	}
	return true
}

// links are the inputs of a node that come from others.
func links(n *comfy.Node) []byte {
	found := map[string]comfy.Link{}
	for _, name := range n.Inputs.Names() {
		if l, ok := n.Inputs.Link(name); ok {
			found[name] = l
		}
	}
	data, _ := json.Marshal(found) // texts and numbers
	return data
}
