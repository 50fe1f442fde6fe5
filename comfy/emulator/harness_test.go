package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// testClasses is the smallest set that shows every rule: a source, a sampler
// with steps, savers, a loader of files, and odd ones.
func testClasses() []*nodes.Class {
	save := func(folder string) func(context.Context, *nodes.Call) ([]any, error) {
		return func(_ context.Context, c *nodes.Call) ([]any, error) {
			text := fmt.Sprint(c.Inputs["images"])
			name, sub, err := c.Files.Save(folder, c.Inputs["filename_prefix"].(string), "png", func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				return err
			})
			c.UI["images"] = []any{map[string]any{"filename": name, "subfolder": sub, "type": folder}}
			return nil, err
		}
	}
	image1 := nodes.Input{Name: "images", Type: "IMAGE"}
	prefix := nodes.Input{Name: "filename_prefix", Type: "STRING", Options: map[string]any{"default": "ComfyUI"}}
	return []*nodes.Class{
		{
			Name: "Source", Category: "test", Outputs: []string{"LATENT", "INT"},
			Required: []nodes.Input{
				{Name: "width", Type: "INT", Options: map[string]any{"default": 512, "min": 16, "max": 16384}},
				{Name: "seed", Type: "INT", Options: map[string]any{"min": 0, "max": uint64(1<<64 - 1)}},
			},
			Optional: []nodes.Input{
				{Name: "scale", Type: "FLOAT", Options: map[string]any{"min": 0.0, "max": 2.0}},
				{Name: "flag", Type: "BOOLEAN"},
				{Name: "note", Type: "STRING"},
				{Name: "mode", Type: "COMBO", Choices: []string{"one", "two"}},
				{Name: "model", Type: "COMBO", Folder: "checkpoints", Choices: []string{"a.safetensors"}},
			},
			Run: func(_ context.Context, c *nodes.Call) ([]any, error) { return []any{c.Inputs["seed"], int64(1)}, nil },
		},
		{
			Name: "Sampler", Category: "test", Outputs: []string{"IMAGE"}, Loads: true,
			Required: []nodes.Input{{Name: "latent", Type: "LATENT"}, {Name: "steps", Type: "INT", Options: map[string]any{"min": 1, "max": 100}}},
			Run: func(ctx context.Context, c *nodes.Call) ([]any, error) {
				steps := int(c.Inputs["steps"].(int64))
				for i := range steps {
					if err := wait(ctx, c.Step); err != nil {
						return nil, err
					}
					c.Report(i+1, steps, func() image.Image { return image.NewRGBA(image.Rect(0, 0, 8, 4)) })
				}
				return []any{fmt.Sprint("picture of ", c.Inputs["latent"])}, nil
			},
		},
		{Name: "Save", Category: "test", OutputNode: true, Required: []nodes.Input{image1, prefix}, Hidden: []string{"PROMPT", "EXTRA_PNGINFO"}, Run: save("output")},
		{Name: "Preview", Category: "test", OutputNode: true, Required: []nodes.Input{image1, prefix}, Run: save("temp")},
		{
			Name: "Load", Category: "test", Outputs: []string{"IMAGE"}, OwnsInputs: []string{"image"},
			Required: []nodes.Input{{Name: "image", Type: "COMBO", Choices: []string{}, Options: map[string]any{"image_upload": true}}},
			Validate: func(c *nodes.Call) (string, string) {
				if name, _ := c.Inputs["image"].(string); !c.Files.Exists("input", name) {
					return "image", "Invalid image file: " + name
				}
				return "", ""
			},
			Run: func(_ context.Context, c *nodes.Call) ([]any, error) {
				f, err := c.Files.Open("input", c.Inputs["image"].(string))
				if err != nil {
					return nil, err
				}
				defer func() { _ = f.Close() }()
				b, err := io.ReadAll(f)
				return []any{string(b)}, err
			},
		},
		{
			Name: "Volatile", Category: "test", Outputs: []string{"LATENT"}, Volatile: true,
			Run: func(context.Context, *nodes.Call) ([]any, error) { return []any{"volatile"}, nil },
		},
		{
			Name: "Broken", Category: "test", Outputs: []string{"IMAGE"}, Required: []nodes.Input{{Name: "how", Type: "STRING"}},
			Run: func(_ context.Context, c *nodes.Call) ([]any, error) {
				switch c.Inputs["how"] {
				case "panic":
					panic("a panic in a node")
				case "named":
					return nil, &pyval.Exception{Type: "ValueError", Message: "no such thing"}
				}
				return nil, errors.New("broken")
			},
		},
	}
}

// A fixture is a server under test with its client.
type fixture struct {
	*testing.T
	server *Server
	client *http.Client
}

func newFixture(t *testing.T, opts Options) *fixture {
	t.Helper()
	if opts.StepTime == 0 {
		opts.StepTime = -1
	}
	classes := testClasses()
	s := newServer(opts, func() []*nodes.Class { return classes }, func(name string) *nodes.Class {
		for _, c := range classes {
			if c.Name == name {
				return c
			}
		}
		return nil
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &fixture{T: t, server: s, client: s.Client()}
}

// do sends a request and gives status and body.
func (f *fixture) do(method, path, body string) (int, string) {
	f.Helper()
	res, text, err := f.try(method, path, body)
	if err != nil {
		f.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, text
}

func (f *fixture) try(method, path, body string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(f.Context(), method, "http://emulator"+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	res, err := f.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	return res, string(data), err
}

// graph is the usual prompt: source, sampler, save.
func graph(seed int, steps int) string {
	return fmt.Sprintf(`{"1": {"class_type": "Source", "inputs": {"width": 512, "seed": %d}}, `+
		`"2": {"class_type": "Sampler", "inputs": {"latent": ["1", 0], "steps": %d}}, `+
		`"3": {"class_type": "Save", "inputs": {"images": ["2", 0], "filename_prefix": "fox"}}}`, seed, steps)
}

// submit posts a graph under an id and expects it to be accepted.
func (f *fixture) submit(id, client, graph string) {
	f.Helper()
	body := fmt.Sprintf(`{"prompt": %s, "prompt_id": %q, "client_id": %q}`, graph, id, client)
	if status, text := f.do("POST", "/prompt", body); status != 200 {
		f.Fatalf("submit %s: %d %s", id, status, text)
	}
}

// An ear is an open WebSocket.
type ear struct {
	*testing.T
	conn     *websocket.Conn
	patience time.Duration // for the next event; 0 = 20 s
}

func (f *fixture) listen(client string) *ear {
	f.Helper()
	conn, _, err := websocket.Dial(f.Context(), "ws://emulator/ws?clientId="+client, &websocket.DialOptions{HTTPClient: f.client})
	if err != nil {
		f.Fatalf("dial: %v", err)
	}
	conn.SetReadLimit(-1)
	f.Cleanup(func() { _ = conn.CloseNow() })
	e := &ear{T: f.T, conn: conn}
	if m := e.next(); m.Type != "status" || m.Data["sid"] != client {
		f.Fatalf("greeting: got %v", m)
	}
	return e
}

// A message is one event; a binary one has the type "binary".
type message struct {
	Type string
	Data map[string]any
	raw  []byte
}

func (e *ear) next() message {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), max(e.patience, 20*time.Second))
	defer cancel()
	kind, data, err := e.conn.Read(ctx)
	if err != nil {
		e.Fatalf("read event: %v", err)
	}
	if kind == websocket.MessageBinary {
		return message{Type: "binary", raw: data}
	}
	m := message{raw: data}
	if err := json.Unmarshal(data, &m); err != nil {
		e.Fatalf("decode event %.200s: %v", data, err)
	}
	return m
}

// until reads to the end of a job.
func (e *ear) until(id string) []message {
	e.Helper()
	var list []message
	for {
		m := e.next()
		list = append(list, m)
		if m.Type == "executing" && m.Data["node"] == nil && m.Data["prompt_id"] == id {
			return list
		}
	}
}

// kinds names the events in order, a node's with the node.
func kinds(list []message) string {
	var b bytes.Buffer
	for _, m := range list {
		switch m.Type {
		case "progress_state":
			b.WriteString("ps ")
		case "status":
			remaining := m.Data["status"].(map[string]any)["exec_info"].(map[string]any)["queue_remaining"]
			fmt.Fprintf(&b, "status(%v) ", remaining)
		case "executing", "executed":
			fmt.Fprintf(&b, "%s(%v) ", m.Type, m.Data["node"])
		default:
			b.WriteString(m.Type + " ")
		}
	}
	return strings.TrimSpace(b.String())
}

// history gives the entry of a finished job.
func (f *fixture) history(id string) map[string]any {
	f.Helper()
	_, text := f.do("GET", "/history/"+id, "")
	var all map[string]map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		f.Fatalf("history of %s: %v in %s", id, err, text)
	}
	return all[id]
}

// run submits and waits for the end.
func (f *fixture) run(id, graph string) []message {
	f.Helper()
	e := f.listen("client-" + id)
	f.submit(id, "client-"+id, graph)
	return e.until(id)
}

// await reads to an event of that type at that node.
func (e *ear) await(kind, node string) message {
	e.Helper()
	for {
		if m := e.next(); m.Type == kind && (node == "" || m.Data["node"] == node) {
			return m
		}
	}
}

// query names a file of an output for /view.
func query(item map[string]any) string {
	q := url.Values{}
	for k, v := range item {
		q.Set(k, v.(string))
	}
	return q.Encode()
}

// eventually lets the others work until the condition holds.
func (f *fixture) eventually(holds func() bool) {
	f.Helper()
	for !holds() {
		if f.Context().Err() != nil {
			f.Fatal("it never came true")
		}
		runtime.Gosched()
	}
}
