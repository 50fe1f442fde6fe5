package comfy

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// deliver routes one message of the socket to the runs it is about. Messages
// about foreign runs are dropped; a message that names no run is taken only
// when exactly one of ours executes.
func (c *Client) deliver(f frame) {
	switch f.kind {
	case frameStatus: // the queue changed; who has no events of its own asks now
		c.runs.each(func(r *run) {
			if !c.socket.serves(r) {
				r.pollNow()
			}
		})
		return
	case framePreview, frameText:
		r := c.runs.get(f.prompt)
		if f.prompt == "" {
			r = c.runs.onlyActive()
		}
		if r != nil {
			r.picture(f, c.limits.File)
		}
		return
	}
	if r := c.runs.get(f.prompt); r != nil && f.prompt != "" {
		r.event(f, c.limits.Outputs)
	}
}

func (r *run) pollNow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.all() {
		b.pollNow()
	}
}

// event takes a text frame about this run.
func (r *run) event(f frame, maxOutputs int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = true
	put := func(e Event) {
		for _, b := range r.all() {
			b.put(e)
		}
	}
	over := func(sure bool) {
		r.active, r.executing = false, ""
		for _, b := range r.all() {
			b.hint(sure)
		}
	}
	switch f.kind {
	case frameStart:
		r.active = true
		put(Event{Type: EventStarted})
	case frameCached:
		r.active = true
		put(Event{Type: EventCached, Nodes: f.nodes})
	case frameExecuting:
		if f.node == "" {
			over(true)
			return
		}
		r.active, r.executing = true, f.node
		put(Event{Type: EventNode, Node: f.node})
	case frameProgress:
		put(Event{Type: EventProgress, Node: f.node, Value: f.value, Max: f.max})
	case frameExecuted:
		outs, _ := walkOutputs(map[string]json.RawMessage{f.node: f.outputs}, maxOutputs)
		for i := range outs {
			put(Event{Type: EventOutput, Node: f.node, Output: &outs[i]})
		}
	case frameSuccess, frameInterrupted:
		over(false)
	case frameError:
		if f.exception != exceptionBlocked {
			over(false)
		} else if len(r.blocked) < 100 {
			r.blocked = append(r.blocked, fmt.Sprintf("node %s did not run: %s", f.node, transport.Excerpt(f.message, 200)))
		}
	default: // progress_state and others only show that it lives
		for _, b := range r.all() {
			b.touch()
		}
	}
}

// picture takes a preview, a progress text, or a picture of a node that saves
// its results only into the socket.
func (r *run) picture(f frame, limit int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = true
	if f.node == "" {
		f.node = r.executing
	}
	var e Event
	switch {
	case f.kind == frameText:
		e = Event{Type: EventText, Node: f.node, Text: f.message}
	case f.mediaType == "image/png" && r.sockets[f.node]:
		if r.inlined += int64(len(f.image)); r.inlined > limit {
			return
		}
		inMemory := inlineInMemory - r.inlined // of all of them together
		kept, err := newInline(bytes.NewReader(f.image), max(inMemory, 0))
		if err != nil {
			return // it is told that none came
		}
		out := Output{Node: f.node, Key: "images", Kind: OutputImage, Type: "output", Inline: kept}
		for _, o := range r.inline {
			if o.Node == f.node {
				out.Index++
			}
		}
		r.inline = append(r.inline, out)
		e = Event{Type: EventOutput, Node: f.node, Output: &out}
	case r.unshown: // a picture is not copied for nobody
		for _, b := range r.all() {
			b.touch()
		}
		return
	default:
		e = Event{Type: EventPreview, Node: f.node, Image: bytes.Clone(f.image), MediaType: f.mediaType}
	}
	for _, b := range r.all() {
		b.put(e)
	}
}
