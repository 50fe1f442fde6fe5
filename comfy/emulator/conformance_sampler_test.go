package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

// Sampling sends the most kinds of events. The real server needs a checkpoint
// for it; any will do.
func TestConformanceOfSampling(t *testing.T) {
	t.Parallel()
	_, theirs := sides(t, Options{})
	checkpoints, err := theirs.ask(t.Context(), "GET", "/models/checkpoints", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := checkpoints.Body.([]any)
	if len(list) == 0 {
		t.Skip("the real server has no checkpoint")
	}
	model := strings.Trim(list[0].(string), "'")
	prompt := func(seed string) string {
		return fmt.Sprintf(`{
		"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": %q}},
		"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
		"6": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["4", 1], "text": "a fox"}},
		"7": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["4", 1], "text": ""}},
		"3": {"class_type": "KSampler", "inputs": {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
			"seed": %s, "steps": 3, "cfg": 7, "sampler_name": "euler", "scheduler": "normal", "denoise": 1}},
		"8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
		"9": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}}`, model, seed)
	}
	for _, metadata := range []bool{false, true} {
		t.Run(fmt.Sprintf("metadata %v", metadata), func(t *testing.T) {
			emu := New(Options{StepTime: -1, Previews: true})
			t.Cleanup(func() { _ = emu.Close() })
			ours := side{"http://emulator", emu.Client()}
			seed := fmt.Sprint(len(t.Name())) + newUUID()[:4]
			seed = strings.Map(func(r rune) rune { return '0' + r%10 }, seed)
			seed = strings.TrimLeft(seed, "0") + "1"
			want := theirs.sampled(t, prompt(seed), metadata)
			got := ours.sampled(t, prompt(seed), metadata)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("events (-real +emulator):\n%s", diff)
			}
		})
	}
}

// sampled runs a prompt and names the events after the models are loaded:
// caches of a shared server differ.
func (s side) sampled(t *testing.T, prompt string, metadata bool) []string {
	t.Helper()
	id := newUUID()
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.base, "http")+"/ws?clientId="+id, &websocket.DialOptions{HTTPClient: s.client})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(-1)
	e := &ear{T: t, conn: conn}
	e.next()
	if metadata {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"feature_flags","data":{"supports_preview_metadata":true}}`)); err != nil {
			t.Fatal(err)
		}
		for e.next().Type != "feature_flags" {
		}
	}
	a, err := s.ask(t.Context(), "POST", "/prompt", fmt.Sprintf(`{"prompt": %s, "prompt_id": %q, "client_id": %q}`, prompt, id, id), nil)
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("submit to %s: %v %v", s.base, a, err)
	}
	var list []string
	sampling := false
	for _, m := range e.until(id) {
		switch {
		case m.Type == "executing" && m.Data["node"] == "3":
			sampling = true
		case m.Type == "status" || !sampling:
			continue
		}
		name := m.Type
		if m.Type == "binary" {
			name = fmt.Sprintf("binary %x", m.raw[:4])
		}
		if m.Type == "progress" {
			name = fmt.Sprintf("progress %v/%v", m.Data["value"], m.Data["max"])
		}
		list = append(list, name)
	}
	return list
}
