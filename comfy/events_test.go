package comfy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// Pictures of SaveImageWebsocket exist nowhere but in the socket.
func TestPicturesThatComeOnlyThroughTheSocket(t *testing.T) {
	t.Parallel()
	const picture = "\x89PNG\r\n\x1a\nnot really"
	posted := make(chan map[string]any, 1)
	addr := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/ws"):
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer func() { _ = conn.CloseNow() }()
			ctx, cancel := context.WithCancel(r.Context())
			go func() {
				defer cancel()
				for err == nil {
					_, _, err = conn.Read(ctx)
				}
			}()
			say := func(format string, args ...any) {
				_ = conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, format, args...))
			}
			say(`{"type":"status","data":{"status":{}}}`)
			var id any
			select {
			case body := <-posted:
				id = body["prompt_id"]
			case <-ctx.Done():
				return
			}
			say(`{"type":"execution_start","data":{"prompt_id":%q}}`, id)
			say(`{"type":"executing","data":{"node":"w","prompt_id":%q}}`, id)
			_ = conn.Write(ctx, websocket.MessageBinary, append([]byte{0, 0, 0, 1, 0, 0, 0, 2}, picture...))
			say(`{"type":"executing","data":{"node":null,"prompt_id":%q}}`, id)
			<-ctx.Done()
		case strings.HasSuffix(r.URL.Path, "/prompt"):
			var body map[string]any
			_ = json.NewDecoder(r.Body).Decode(&body)
			posted <- body
			fmt.Fprintf(w, `{"prompt_id": %q, "node_errors": {}}`, body["prompt_id"])
		case strings.Contains(r.URL.Path, "/history/"):
			id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
			fmt.Fprintf(w, `{%q: {"outputs": {}, "status": {"status_str": "success", "completed": true, "messages": []}}}`, id)
		default:
			http.NotFound(w, r)
		}
	}))
	c := newClient(t, addr)
	g := emptyImage(t)
	g.Set("w", &comfy.Node{Class: "SaveImageWebsocket"})
	g.Node("w").Inputs.SetLink("images", comfy.Link{Node: "1"})
	st, files, err := runOnce(t.Context(), c, g)
	if err != nil || len(files) != 1 || string(files[0]) != picture || len(st.Warnings) != 0 {
		t.Errorf("%+v %q %v", st, files, err)
	}
}

// TestPreviewsOnlyWhenAsked: a server that sends previews whatever a run asks for,
// as before 0.5.0, gives them only to runs that did.
func TestPreviewsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			_, c := emulated(t, emulator.Options{StepTime: time.Millisecond, Previews: true, Version: "0.3.60"})
			h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(30, "a.safetensors"), Preview: asked})
			if err != nil {
				t.Fatal(err)
			}
			var previews [][]byte
			for e, err := range c.Follow(t.Context(), h) {
				if err != nil {
					t.Fatal(err)
				}
				if e.Type == comfy.EventPreview {
					previews = append(previews, e.Image)
				}
			}
			if asked != (len(previews) > 0) {
				t.Errorf("asked for: %v, and %d came", asked, len(previews))
			}
			for i, p := range previews { // later messages do not change what was given
				if !bytes.HasPrefix(p, []byte("\xff\xd8")) && !bytes.HasPrefix(p, []byte("\x89PNG")) || !bytes.HasSuffix(p, []byte("\xff\xd9")) && !bytes.HasSuffix(p, []byte("IEND\xaeB`\x82")) {
					t.Errorf("preview %d is no whole picture", i)
				}
			}
		})
	}
}

// TestForeignEventsAreIgnored: nothing of other people's runs reaches ours.
func TestForeignEventsAreIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, mine := emulated(t, emulator.Options{StepTime: time.Millisecond, Previews: true})
		other := newClient(t, "http://"+emulator.Host, comfy.WithHTTPClient(s.Client()))
		theirs, err := other.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(30, "a.safetensors"), Preview: true})
		if err != nil {
			t.Fatal(err)
		}
		h, err := mine.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)})
		if err != nil {
			t.Fatal(err)
		}
		for e, err := range mine.Follow(t.Context(), h) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Node == "3" || e.Type == comfy.EventPreview {
				t.Errorf("an event of the other run: %+v", e)
			}
		}
		previews := 0
		for e, err := range other.Follow(t.Context(), theirs) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Type == comfy.EventPreview && len(e.Image) > 0 && e.Node == "3" {
				previews++
			}
		}
		if previews == 0 {
			t.Error("the other client got no preview of its own run")
		}
	})
}
