package comfy

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// A QueueEntry is one run in the server's queue, anybody's.
type QueueEntry struct {
	ID      string
	Number  float64 // priority: lower runs first, then by id
	Running bool
	Graph   json.RawMessage // API format; null when it is larger than 1 MiB
	Extra   json.RawMessage // what came with the graph, client_id included; null when it is larger than 1 MiB
	Created int64           // Unix milliseconds, 0 when the server does not say (before 0.3.69)
}

// Queue lists the server's queue in the order of execution, the running entry
// first. The answer carries whole graphs: 1,000 entries are about 11 MB.
func (c *Client) Queue(ctx context.Context) ([]QueueEntry, error) {
	var entries []QueueEntry
	err := transport.Again(ctx, func() error {
		var err error
		entries, err = c.queue(ctx)
		return err
	})
	return entries, err
}

func (c *Client) queue(ctx context.Context) ([]QueueEntry, error) {
	var m struct {
		Running []json.RawMessage `json:"queue_running"`
		Pending []json.RawMessage `json:"queue_pending"`
	}
	if err := c.wire.AskJSON(ctx, transport.Call{Path: "/queue", Repeat: true, Skip: graphOfQueue}, &m); err != nil {
		return nil, err
	}
	if m.Running == nil && m.Pending == nil {
		return nil, &UnreachableError{Address: c.Address(), Reason: "the answer to GET /queue is not what ComfyUI sends"}
	}
	var entries []QueueEntry
	for i, raw := range append(m.Running, m.Pending...) {
		if e, ok := readQueueEntry(raw); ok {
			e.Running = i < len(m.Running)
			entries = append(entries, e)
		}
	}
	// The wire has the raw heap, of which only the first element is in order.
	slices.SortStableFunc(entries, func(a, b QueueEntry) int {
		switch {
		case a.Running != b.Running && a.Running:
			return -1
		case a.Running != b.Running:
			return 1
		case a.Number < b.Number:
			return -1
		case a.Number > b.Number:
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	return entries, nil
}

// readQueueEntry reads [number, id, graph, extra_data, outputs].
func readQueueEntry(raw json.RawMessage) (QueueEntry, bool) {
	var tuple []json.RawMessage
	if json.Unmarshal(raw, &tuple) != nil || len(tuple) < 2 {
		return QueueEntry{}, false
	}
	var e QueueEntry
	var id looseString
	if json.Unmarshal(tuple[1], &id) != nil || id == "" {
		return QueueEntry{}, false
	}
	e.ID = string(id)
	if json.Unmarshal(tuple[0], &e.Number) != nil {
		e.Number = math.Inf(1)
	}
	if len(tuple) > 2 {
		e.Graph = tuple[2]
	}
	if len(tuple) > 3 {
		e.Extra = tuple[3]
		var extra struct {
			CreateTime looseInt `json:"create_time"`
		}
		if json.Unmarshal(tuple[3], &extra) == nil {
			e.Created = int64(extra.CreateTime)
		}
	}
	return e, true
}

// DeleteQueued removes waiting runs by id; running and unknown ones stay as they are.
func (c *Client) DeleteQueued(ctx context.Context, ids ...string) error {
	body, err := json.Marshal(map[string][]string{"delete": ids})
	if err != nil {
		return err
	}
	return transport.Again(ctx, func() error { return c.tell(ctx, transport.Post("/queue", body)) })
}

// tell performs a call whose answer is empty.
func (c *Client) tell(ctx context.Context, k transport.Call) error {
	a, err := c.wire.Ask(ctx, k)
	if err != nil {
		return err
	}
	if !a.OK() {
		return c.wire.StatusError(k, a)
	}
	if len(a.Body) > 0 && a.HTML() {
		return c.wire.Decode(k, a, nil)
	}
	return nil
}
