package emulator

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

func (e *ear) say(text string) {
	e.Helper()
	if err := e.conn.Write(e.Context(), websocket.MessageText, []byte(text)); err != nil {
		e.Fatal(err)
	}
}

const handshake = `{"type": "feature_flags", "data": {"supports_preview_metadata": true}}`

func TestHandshake(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	e := f.listen("a")
	e.say("no JSON") // does not count as the first message
	e.say(handshake)
	m := e.next()
	if m.Type != "feature_flags" || m.Data["supports_preview_metadata"] != true || m.Data["max_upload_size"] != 104857600.0 {
		t.Errorf("got %v", m)
	}
	late := f.listen("b")
	late.say(`{"type": "hello"}`)
	late.say(handshake)
	f.submit("job", "b", graph(1, 1))
	if m := late.next(); m.Type != "status" {
		t.Errorf("a late handshake was answered: %v", m)
	}
}

func TestPreviewFrames(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{Previews: true})
	e := f.listen("plain")
	f.submit("one", "plain", graph(1, 1))
	if got := kinds(e.until("one")); !strings.Contains(got, "ps progress binary ps") {
		t.Errorf("plain preview: got %s", got)
	}
	e = f.listen("new")
	e.say(handshake)
	e.await("feature_flags", "")
	f.submit("two", "new", graph(2, 1))
	list := e.until("two")
	if got := kinds(list); !strings.Contains(got, "ps binary progress ps") {
		t.Errorf("preview with metadata: got %s", got)
	}
	for _, m := range list {
		if m.Type != "binary" {
			continue
		}
		n := binary.BigEndian.Uint32(m.raw[4:])
		var meta map[string]any
		if err := json.Unmarshal(m.raw[8:8+n], &meta); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"node_id": "2", "prompt_id": "two", "display_node_id": "2", "parent_node_id": nil, "real_node_id": "2", "image_type": "image/jpeg"}
		if diff := cmp.Diff(want, meta); diff != "" || binary.BigEndian.Uint32(m.raw) != 4 {
			t.Errorf("frame %x (-want +got):\n%s", m.raw[:4], diff)
		}
		if jpeg := m.raw[8+n:]; len(jpeg) < 3 || jpeg[0] != 0xff || jpeg[1] != 0xd8 {
			t.Errorf("no JPEG: %x", jpeg[:min(8, len(jpeg))])
		}
	}
}

func TestJobWithoutClientIsHeardByEverybody(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	e := f.listen("bystander")
	f.do("POST", "/prompt", `{"prompt": `+graph(1, 1)+`, "prompt_id": "anonymous"}`)
	f.submit("mine", "bystander", graph(2, 1))
	got := map[string]int{}
	for _, m := range e.until("mine") {
		if m.Data["prompt_id"] == "anonymous" {
			got[m.Type]++
		}
	}
	if diff := cmp.Diff(map[string]int{"progress_state": 7, "progress": 1}, got); diff != "" {
		t.Errorf("events of the anonymous job (-want +got):\n%s", diff)
	}
}

func TestReconnectHearsTheCurrentNode(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{StepTime: time.Hour})
	e := f.listen("c")
	f.submit("job", "c", graph(1, 1))
	e.await("executing", "2")
	again := f.listen("c")
	m := again.next()
	if diff := cmp.Diff(map[string]any{"node": "2"}, m.Data); m.Type != "executing" || diff != "" {
		t.Errorf("after the greeting: got %s %v", m.Type, m.Data)
	}
	f.do("POST", "/interrupt", "")
	again.until("job")
}

// When the older of two sockets of one session closes, the newer goes mute.
func TestReplacedSocketTakesTheSessionAway(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		faults []Fault
		mute   bool
	}{
		"as the server does": {nil, true},
		"repaired":           {[]Fault{{Name: FaultWSReplaceBug, Kind: "off"}}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, Options{Faults: test.faults})
			old := f.listen("c")
			f.listen("c")
			_ = old.conn.Close(websocket.StatusNormalClosure, "")
			f.eventually(func() bool { return f.server.live().hub.openSockets() == 1 })
			if got := !f.server.live().hub.wanted("c", false); got != test.mute {
				t.Errorf("mute: got %v", got)
			}
		})
	}
}

func (h *hub) openSockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)
}

func TestSocketFaults(t *testing.T) {
	t.Parallel()
	dial := func(f *fixture) (*ear, error) {
		conn, res, err := websocket.Dial(t.Context(), "ws://emulator/api/ws?clientId=c", &websocket.DialOptions{HTTPClient: f.client})
		if err != nil {
			return nil, fmt.Errorf("%v: %w", res.StatusCode, err)
		}
		conn.SetReadLimit(-1)
		t.Cleanup(func() { _ = conn.CloseNow() })
		return &ear{T: f.T, conn: conn}, nil
	}
	open := func(t *testing.T, fault string) (*fixture, *ear) {
		t.Helper()
		parsed, err := ParseFault(fault)
		if err != nil {
			t.Fatal(err)
		}
		f := newFixture(t, Options{Faults: []Fault{parsed}})
		e, err := dial(f)
		if err != nil {
			t.Fatal(err)
		}
		e.next()
		return f, e
	}
	t.Run("refuse", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, Options{Faults: []Fault{{Name: FaultWSRefuse, Count: 1}}})
		if _, err := dial(f); err == nil || !strings.HasPrefix(err.Error(), "403") {
			t.Errorf("first dial: got %v", err)
		}
		if _, err := dial(f); err != nil {
			t.Errorf("second dial: %v", err)
		}
	})
	t.Run("reset", func(t *testing.T) {
		t.Parallel()
		_, e := open(t, "ws-reset=1ms")
		if _, _, err := e.conn.Read(t.Context()); err == nil || websocket.CloseStatus(err) != -1 {
			t.Errorf("read: got %v, want an end without goodbye", err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		f, e := open(t, "ws-silent")
		f.submit("job", "c", graph(1, 1))
		f.wait("job")
		e.say(handshake)
		if m := e.next(); m.Type != "feature_flags" { // direct answers still come
			t.Errorf("heard %v", m)
		}
	})
	t.Run("junk", func(t *testing.T) {
		t.Parallel()
		f, e := open(t, "ws-junk=1")
		f.submit("job", "c", graph(1, 1))
		var text, binary int
		for range 15 {
			kind, _, err := e.conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if kind == websocket.MessageText {
				text++
			} else {
				binary++
			}
		}
		if text != 10 || binary != 5 {
			t.Errorf("got %d texts and %d binaries", text, binary)
		}
		e.until("job")
	})
	t.Run("huge", func(t *testing.T) {
		t.Parallel()
		_, e := open(t, "ws-huge=3000000")
		if _, data, err := e.conn.Read(t.Context()); err != nil || len(data) < 3000000 {
			t.Errorf("got %d bytes, %v", len(data), err)
		}
	})
	t.Run("drop", func(t *testing.T) {
		t.Parallel()
		f, e := open(t, "ws-drop=execution_success")
		f.submit("job", "c", graph(1, 1))
		if got := kinds(e.until("job")); strings.Contains(got, "execution_success") {
			t.Errorf("got %s", got)
		}
	})
}

// wait polls until a job is in the history.
func (f *fixture) wait(id string) {
	f.Helper()
	for f.history(id) == nil {
		if f.Context().Err() != nil {
			f.Fatalf("%s: no history", id)
		}
	}
}

func TestUpgradeIsNeeded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	status, got := f.do("GET", "/ws", "")
	if want := "No WebSocket UPGRADE hdr: None\n Can \"Upgrade\" only to \"WebSocket\"."; status != http.StatusBadRequest || got != want {
		t.Errorf("got %d %q", status, got)
	}
}
