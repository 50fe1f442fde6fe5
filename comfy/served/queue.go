package served

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// A Queue is what waits on the server and what became of jobs, of all keys.
type Queue struct {
	Paused bool             `json:"paused"` // what waits is held back
	Counts map[string]int64 `json:"counts"` // jobs by state
}

// Queue shows it.
func (c *Client) Queue(ctx context.Context) (*Queue, error) {
	var q Queue
	return &q, c.call(ctx, transport.Get("/queue"), &q)
}

// Pause holds back what waits, or lets it go on. It needs a key that may manage.
func (c *Client) Pause(ctx context.Context, paused bool) (*Queue, error) {
	what := "resume"
	if paused {
		what = "pause"
	}
	var q Queue
	return &q, c.call(ctx, transport.Post("/queue/"+what, nil), &q)
}

// MoveJob gives a waiting job another place among those of its priority.
func (c *Client) MoveJob(ctx context.Context, id string, to comfy.Spot) (*Job, error) {
	if !validID(id) {
		return nil, &RefusedError{Status: http.StatusNotFound, Code: "not_found", Detail: "no job has such an id"}
	}
	body, err := json.Marshal(struct {
		First  bool   `json:"first,omitempty"`
		Last   bool   `json:"last,omitempty"`
		Before string `json:"before,omitempty"`
	}{to == comfy.Spot{}, to.Last, to.Before})
	if err != nil {
		return nil, err
	}
	var j Job
	return &j, c.call(ctx, transport.Post("/jobs/"+id+"/priority", body), &j)
}
