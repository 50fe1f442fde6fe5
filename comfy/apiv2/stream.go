package apiv2

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/sse"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// stream passes on what the service tells about a job until that is over, the
// stream breaks, or ctx ends. It says nothing of errors: whoever is not told asks.
func (c *Client) stream(ctx context.Context, id string, hints chan<- comfy.Event) {
	k := transport.Get("/jobs/" + id + "/events")
	k.Header = http.Header{"Accept": {"text/event-stream"}}
	resp, err := c.wire.Send(ctx, k)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return // 429 and 501: poll instead
	}
	r := sse.NewReader(resp.Body)
	t := teller{}
	for {
		name, data, err := r.Next()
		if err != nil {
			return
		}
		events, over := t.read(name, data)
		for _, e := range events {
			select {
			case hints <- e:
			case <-ctx.Done():
				return
			}
		}
		if over {
			return
		}
	}
}

// A teller turns frames into events.
type teller struct {
	node    string
	started bool
}

// read gives what a frame tells that is new, and whether the job is over.
func (t *teller) read(name string, data []byte) (events []comfy.Event, over bool) {
	switch name {
	case "status":
		var s struct {
			Status   string `json:"status"`
			Position *int   `json:"queue_position"`
		}
		if json.Unmarshal(data, &s) != nil {
			return nil, false
		}
		switch s.Status {
		case "queued":
			position := 0
			if s.Position != nil {
				position = max(*s.Position-1, 0)
			}
			return []comfy.Event{{Type: comfy.EventQueued, Position: position}}, false
		case "running", "canceling":
			return t.start(), false
		}
		return nil, true
	case "progress":
		var p progress
		if json.Unmarshal(data, &p) != nil || p.Node == "" {
			return nil, false
		}
		events = append(t.start(), p.events(t.node)...)
		t.node = p.Node
		return events, false
	case "preview":
		var p struct {
			Node string `json:"node_id"`
			Type string `json:"content_type"`
			Data string `json:"data_base64"`
		}
		if json.Unmarshal(data, &p) != nil {
			return nil, false
		}
		image, err := base64.StdEncoding.DecodeString(p.Data)
		if err != nil || len(image) == 0 {
			return nil, false
		}
		return []comfy.Event{{Type: comfy.EventPreview, Node: p.Node, Image: image, MediaType: p.Type}}, false
	}
	return nil, false
}

func (t *teller) start() []comfy.Event {
	if t.started {
		return nil
	}
	t.started = true
	return []comfy.Event{{Type: comfy.EventStarted}}
}
