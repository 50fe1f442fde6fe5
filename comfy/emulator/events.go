package emulator

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/coder/websocket"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// Binary event types on the wire.
const (
	binaryPreview         = 1 // kind (1 JPEG, 2 PNG), image
	binaryPreviewMetadata = 4 // length, JSON, image
)

// previewJPEG is the kind of the previews this server draws.
const previewJPEG = 1

// A frame is one outgoing WebSocket message. An empty name means binary.
type frame struct {
	name string
	data []byte
	// to is the session that gets it; everybody when all is set.
	to  string
	all bool
}

// A hub delivers events. All frames pass one queue that one goroutine empties
// socket by socket, so a client that stops reading stops everybody, as in the
// server. Frames for sessions without a socket are dropped when posted.
type hub struct {
	faults *faultSet

	mu      sync.Mutex
	sockets map[string]*socket
	// features by session, kept apart from the sockets: the server loses them
	// when an older socket of the same session closes.
	features map[string]map[string]any
	open     map[*socket]bool // all connections, the replaced ones, too
	pending  []frame
	wake     chan struct{} // capacity 1
}

func newHub(faults *faultSet) *hub {
	return &hub{
		faults:   faults,
		sockets:  map[string]*socket{},
		features: map[string]map[string]any{},
		open:     map[*socket]bool{},
		wake:     make(chan struct{}, 1),
	}
}

// event encodes a text message.
func event(name string, data any) []byte {
	return pyval.Encode(pyval.Fields{{Key: "type", Value: name}, {Key: "data", Value: data}})
}

// wanted reports whether a frame for that session would reach a socket.
func (h *hub) wanted(to string, all bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if all {
		return len(h.sockets) > 0
	}
	return h.sockets[to] != nil
}

// post queues an event for one session, or for everybody.
func (h *hub) post(name string, data any, to string, all bool) {
	if h.wanted(to, all) {
		h.enqueue(frame{name: name, data: event(name, data), to: to, all: all})
	}
}

// postBinary queues a binary message.
func (h *hub) postBinary(kind uint32, payload []byte, to string, all bool) {
	data := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(payload)), kind)
	h.enqueue(frame{data: append(data, payload...), to: to, all: all})
}

func (h *hub) enqueue(f frame) {
	h.mu.Lock()
	h.pending = append(h.pending, f)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// supports reports whether a session negotiated a feature.
func (h *hub) supports(sid, feature string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.features[sid][feature] == true
}

// publish delivers until ctx ends.
func (h *hub) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		}
		for {
			h.mu.Lock()
			batch := h.pending
			h.pending = nil
			h.mu.Unlock()
			if len(batch) == 0 {
				break
			}
			for _, f := range batch {
				if ctx.Err() != nil {
					return
				}
				h.deliver(ctx, f)
			}
		}
	}
}

func (h *hub) deliver(ctx context.Context, f frame) {
	if f.name != "" {
		if _, ok := h.faults.take(FaultWSDrop, f.name); ok {
			return
		}
	}
	if fault, ok := h.faults.take(FaultWSDelay, ""); ok {
		_ = wait(ctx, fault.Duration) // the context ends the sends below too
	}
	for _, s := range h.targets(f) {
		s.send(ctx, f)
	}
}

func (h *hub) targets(f frame) []*socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !f.all {
		if s := h.sockets[f.to]; s != nil {
			return []*socket{s}
		}
		return nil
	}
	list := make([]*socket, 0, len(h.sockets))
	for _, s := range h.sockets {
		list = append(list, s)
	}
	return list
}

// add registers a socket under its session; an older one of the same session
// stays open and hears nothing more.
func (h *hub) add(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[s] = true
	h.sockets[s.sid] = s
	h.features[s.sid] = nil
}

// drop forgets a session when one of its sockets closed. The server does so
// even if a newer socket has taken the session over, which then stays mute;
// the fault ws-replace-bug=off repairs that.
func (h *hub) drop(s *socket) {
	repaired := h.faults.off(FaultWSReplaceBug)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, s)
	if repaired && h.sockets[s.sid] != s {
		return
	}
	delete(h.sockets, s.sid)
	delete(h.features, s.sid)
}

// setFeatures stores what a client said it supports and reports whether the
// session is still known.
func (h *hub) setFeatures(sid string, features map[string]any) (*socket, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sockets[sid]
	if s == nil {
		return nil, false
	}
	h.features[sid] = features
	return s, true
}

// A socket is one WebSocket connection.
type socket struct {
	sid  string
	conn *websocket.Conn
	cut  func() // closes the connection without a goodbye
	hub  *hub
}

func (s *socket) send(ctx context.Context, f frame) {
	if _, ok := s.hub.faults.take(FaultWSSilent, ""); ok {
		return
	}
	if _, ok := s.hub.faults.take(FaultWSJunk, ""); ok {
		s.junk(ctx)
	}
	s.write(ctx, f)
}

// write sends a frame past all faults. Errors are the reader's to see.
func (s *socket) write(ctx context.Context, f frame) {
	kind := websocket.MessageText
	if f.name == "" {
		kind = websocket.MessageBinary
	}
	_ = s.conn.Write(ctx, kind, f.data)
}

// junk sends what a client must survive.
func (s *socket) junk(ctx context.Context) {
	for _, text := range []string{
		"", "not json", `[]`, `null`, `{"type":"execution_success"}`, `{"type":7,"data":null}`,
		`{"type":"progress","data":{"value":NaN,"max":1e999}}`, `{"type":"easel_unknown","data":{"prompt_id":7}}`,
		`{"type":"executing","data":{"node":{},"prompt_id":[]}}`, `{"type":"status","data":{"status":null}}`,
	} {
		s.write(ctx, frame{name: "junk", data: []byte(text)})
	}
	for _, b := range [][]byte{{}, {0, 0}, {0, 0, 0, 9, 1, 2, 3}, {0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 1, 0, 0, 0, 7}} {
		s.write(ctx, frame{data: b})
	}
}

// cutAll breaks every connection.
func (h *hub) cutAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.open {
		s.cut()
	}
}
