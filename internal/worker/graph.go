package worker

import (
	"encoding/json"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A GraphOrder asks for a run of a graph that is bound already.
type GraphOrder struct {
	Workflow string                     `json:"workflow"` // what the run is called
	Graph    *comfy.Graph               `json:"graph"`
	Files    []run.File                 `json:"files,omitempty"` // uploads, by their hash
	PNGInfo  map[string]json.RawMessage `json:"png_info,omitempty"`
}

// wrapped is a GraphOrder where others have a plan.Order.
type wrapped struct {
	Bound *GraphOrder `json:"bound_graph"`
}

// Wrap is an order as a job keeps it.
func Wrap(o GraphOrder) any { return wrapped{&o} }

// unwrap reads the order of a job; nil when it is another kind of order.
func unwrap(order json.RawMessage) *GraphOrder {
	var w wrapped
	if json.Unmarshal(order, &w) != nil {
		return nil
	}
	return w.Bound
}

// ticket is a new run of the graph.
func (o *GraphOrder) ticket() *run.Ticket {
	now := time.Now()
	return &run.Ticket{
		Run: run.NewID(now), PromptID: comfy.NewID(), Workflow: o.Workflow, Graph: o.Graph, Files: o.Files, PNGInfo: o.PNGInfo,
		Parameters: run.Values{}, Preview: true, Prepared: now,
	}
}
