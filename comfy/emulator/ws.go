package emulator

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// clientFrameLimit is the largest message that the server takes from a client.
const clientFrameLimit = 4 << 20

// serveWS is GET /ws: registers the socket, greets, and then only listens for
// the feature handshake and for the end.
func (in *instance) serveWS(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		upgrade := "None"
		if v := r.Header.Get("Upgrade"); v != "" {
			upgrade = v
		}
		writeText(w, http.StatusBadRequest, "No WebSocket UPGRADE hdr: "+upgrade+"\n Can \"Upgrade\" only to \"WebSocket\".")
		return
	}
	if _, ok := in.faults.take(FaultWSRefuse, ""); ok {
		writeText(w, http.StatusForbidden, "403: Forbidden")
		return
	}
	recorder := &hijackRecorder{ResponseWriter: w}
	conn, err := websocket.Accept(recorder, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the origin rule of the server was applied before
		CompressionMode:    websocket.CompressionContextTakeover,
	})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(clientFrameLimit)

	ctx, cancel := context.WithCancel(in.ctx)
	defer cancel()
	s := &socket{sid: r.URL.Query().Get("clientId"), conn: conn, cut: recorder.cut, hub: in.hub}
	if s.sid == "" {
		s.sid = randomHex(16)
	}
	in.hub.add(s)
	defer in.hub.drop(s)
	if fault, ok := in.faults.take(FaultWSReset, ""); ok {
		t := time.AfterFunc(fault.Duration, s.cut)
		defer t.Stop()
	}
	in.sendInitial(ctx, s)
	in.listen(ctx, s)
}

// sendInitial sends what a new socket hears at once. It does not pass the hub's
// queue: hearing it proves nothing about event delivery.
func (in *instance) sendInitial(ctx context.Context, s *socket) {
	status := append(in.statusData(in.queue.remaining()), pyval.Member{Key: "sid", Value: s.sid})
	s.write(ctx, frame{name: "status", data: event("status", status)})
	if node, ok := in.current(s.sid); ok {
		s.write(ctx, frame{name: "executing", data: event("executing", pyval.Fields{{Key: "node", Value: node}})})
	}
	if fault, ok := in.faults.take(FaultWSHuge, ""); ok {
		filler := bytes.Repeat([]byte{'x'}, int(fault.Bytes))
		s.write(ctx, frame{name: "easel_huge", data: event("easel_huge", string(filler))})
	}
	if fault, ok := in.faults.take(FaultWSHugeImage, ""); ok {
		s.write(ctx, frame{data: append([]byte{0, 0, 0, 1, 0, 0, 0, 1}, make([]byte, fault.Bytes)...)})
	}
}

func (in *instance) listen(ctx context.Context, s *socket) {
	first := true
	for {
		kind, data, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			continue
		}
		var message struct {
			Type string         `json:"type"`
			Data map[string]any `json:"data"`
		}
		if !json.Valid(data) {
			continue // does not count as the first message
		}
		err = json.Unmarshal(data, &message)
		if first && err == nil && message.Type == "feature_flags" {
			if to, ok := in.hub.setFeatures(s.sid, message.Data); ok {
				to.write(ctx, frame{name: "feature_flags", data: event("feature_flags", in.server.features())})
			}
		}
		first = false
	}
}

// statusData is the payload of a status event.
func (in *instance) statusData(remaining int) pyval.Fields {
	return pyval.Fields{{Key: "status", Value: execInfo(remaining)}}
}

func execInfo(remaining int) pyval.Fields {
	return pyval.Fields{{Key: "exec_info", Value: pyval.Fields{{Key: "queue_remaining", Value: remaining}}}}
}

// A hijackRecorder remembers the connection under a WebSocket, to cut it.
type hijackRecorder struct {
	http.ResponseWriter
	conn net.Conn
}

// Unwrap lets http.ResponseController find the original writer.
func (h *hijackRecorder) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// cut ends the connection as a crash does: a reset on TCP, end of file elsewhere.
func (h *hijackRecorder) cut() {
	if h.conn == nil {
		return
	}
	cutConn(h.conn)
}

func cutConn(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Hijack implements http.Hijacker for the WebSocket package.
func (h *hijackRecorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}
