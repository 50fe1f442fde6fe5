package comfy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// A Spot is where a waiting run goes in the queue: before all others, unless it
// says something else.
type Spot struct {
	Before string // the id of a waiting run
	Last   bool   // behind all others
}

// A MoveError means that a run keeps its place in the queue, or with Removed, that
// it was taken out and the server did not take it again.
type MoveError struct {
	ID      string
	Reason  string
	Removed bool
	Err     error
}

func (e *MoveError) Error() string {
	if e.Removed {
		return "run " + e.ID + " was taken out of the queue to be moved, and the server did not take it again: " + e.Reason
	}
	return "run " + e.ID + " cannot be moved: " + e.Reason
}
func (e *MoveError) Unwrap() error { return e.Err }

// moveTime bounds what is still done about a run that is out of the queue, also
// when the caller gives up.
const moveTime = time.Minute

// Move changes the place of a waiting run. ComfyUI cannot do that, so the run is
// taken out, proven to be neither queued nor executing nor done, and submitted
// again as the server had it, under the same id and for the same listener. Whoever
// follows it does not notice. A *MoveError says why it was not moved.
//
// A process that is killed in the instant between leaves a run that the server
// does not know.
func (c *Client) Move(ctx context.Context, id string, to Spot) error {
	if v, err := c.Version(ctx); err != nil {
		return err
	} else if !AtLeast(v, clientIDs) {
		return &MoveError{ID: id, Reason: "ComfyUI " + v + " gives a submitted run another id; " + clientIDs + " and later do not"}
	}
	entries, err := c.Queue(ctx)
	if err != nil {
		return err
	}
	entry, number, err := plannedMove(entries, id, to)
	if err != nil {
		return err
	}
	graph, err := ParseGraph(entry.Graph)
	if err != nil {
		return &MoveError{ID: id, Reason: "its graph in the queue cannot be read: " + err.Error(), Err: err}
	}
	body, err := movedBody(entry, number)
	if err != nil {
		return err
	}
	if err := c.DeleteQueued(ctx, id); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), moveTime)
	defer stop()
	var st State
	err = transport.Again(ctx, func() (err error) {
		if st, err = c.inQueue(ctx, id); err == nil && st.Phase == PhaseUnknown {
			st, err = c.finished(ctx, id) // what left the queue by itself is here
		}
		return err
	})
	switch {
	case err != nil:
		return &MoveError{ID: id, Reason: err.Error(), Removed: true, Err: err}
	case st.Phase != PhaseUnknown:
		return &MoveError{ID: id, Reason: "it does not wait any more: " + string(st.Phase)}
	}
	if _, err := c.post(ctx, c.runs.add(id), body, graph, new(transport.Throttle)); err != nil {
		return &MoveError{ID: id, Reason: err.Error(), Removed: true, Err: err}
	}
	return nil
}

// plannedMove finds a waiting run and the number that its new place has; nil = the
// server's next.
func plannedMove(entries []QueueEntry, id string, to Spot) (*QueueEntry, *float64, error) {
	var entry *QueueEntry
	var waiting []QueueEntry // without it
	for _, e := range entries {
		switch {
		case e.ID != id && !e.Running:
			waiting = append(waiting, e)
		case e.ID == id && e.Running:
			return nil, nil, &MoveError{ID: id, Reason: "it executes already"}
		case e.ID == id && entry != nil:
			return nil, nil, &MoveError{ID: id, Reason: "the queue has it twice"}
		case e.ID == id:
			entry = &e
		}
	}
	null := func(raw json.RawMessage) bool { return len(raw) == 0 || bytes.Equal(raw, []byte("null")) }
	switch {
	case entry == nil:
		return nil, nil, &MoveError{ID: id, Reason: "it does not wait in the queue"}
	case null(entry.Graph) || null(entry.Extra):
		return nil, nil, &MoveError{ID: id, Reason: "its graph is larger than 1 MiB"}
	case to.Last:
		return entry, nil, nil
	case len(waiting) == 0:
		return entry, &entry.Number, nil
	}
	at := 0
	if to.Before != "" {
		if at = slices.IndexFunc(waiting, func(e QueueEntry) bool { return e.ID == to.Before }); at < 0 {
			return nil, nil, &MoveError{ID: id, Reason: "run " + to.Before + " does not wait in the queue"}
		}
	}
	// Of runs with one number the ids decide, so it goes before all of them.
	next := waiting[at].Number
	for at > 0 && waiting[at-1].Number == next {
		at--
	}
	number := next - 1
	if at > 0 {
		before := waiting[at-1].Number
		number = before + (next-before)/2
		if number <= before || number >= next {
			return nil, nil, &MoveError{ID: id, Reason: "there is no number left between its new neighbours"}
		}
	}
	if math.IsInf(number, 0) || math.IsNaN(number) {
		return nil, nil, &MoveError{ID: id, Reason: "the queue's numbers cannot be read"}
	}
	return entry, &number, nil
}

// movedBody is the body of POST /prompt for a run as the queue has it.
func movedBody(e *QueueEntry, number *float64) ([]byte, error) {
	var extra map[string]json.RawMessage
	if err := json.Unmarshal(ReplaceNonFinite(e.Extra), &extra); err != nil {
		return nil, &MoveError{ID: e.ID, Reason: "what came with its graph cannot be read", Err: err}
	}
	body, err := json.Marshal(struct {
		Prompt   json.RawMessage            `json:"prompt"`
		PromptID string                     `json:"prompt_id"`
		ClientID json.RawMessage            `json:"client_id,omitempty"`
		Extra    map[string]json.RawMessage `json:"extra_data"`
		Number   *float64                   `json:"number,omitempty"`
	}{e.Graph, e.ID, extra["client_id"], extra, number})
	if err != nil {
		return nil, fmt.Errorf("write the graph of run %s: %w", e.ID, err)
	}
	return body, nil
}
