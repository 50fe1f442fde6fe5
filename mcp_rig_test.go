package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// An agentRig is a home with a ComfyUI in this process, for agents that start the
// real easel.
type agentRig struct {
	t       *testing.T
	home    string
	comfyui string
	env     []string

	mu         sync.Mutex
	executions []emulator.Execution
}

func newAgentRig(t *testing.T, o emulator.Options) *agentRig {
	t.Helper()
	r := &agentRig{t: t, home: t.TempDir()}
	if o.StepTime == 0 {
		o.StepTime = time.Millisecond
	}
	o.OnExecution = func(e emulator.Execution) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.executions = append(r.executions, e)
	}
	emu := emulator.New(o)
	srv := httptest.NewServer(emu)
	t.Cleanup(func() { srv.Close(); emu.Close() })
	r.comfyui = srv.URL
	r.env = append(os.Environ(), "HOME="+r.home, "XDG_CONFIG_HOME="+r.home+"/config", "XDG_DATA_HOME="+r.home+"/data", "XDG_CACHE_HOME="+r.home+"/cache",
		"EASEL_BACKEND="+r.comfyui, "GORACE=atexit_sleep_ms=50")
	return r
}

func (r *agentRig) path(name ...string) string {
	return filepath.Join(append([]string{r.home}, name...)...)
}

// command is easel as a process of its own.
func (r *agentRig) command(args ...string) *exec.Cmd {
	c := exec.Command("easel", args...)
	c.Dir, c.Env = r.home, r.env
	c.Stderr = &testWriter{t: r.t}
	return c
}

// A testWriter shows what a process says when its test fails.
type testWriter struct{ t *testing.T }

func (w *testWriter) Write(p []byte) (int, error) {
	w.t.Logf("easel: %s", bytes.TrimSpace(p))
	return len(p), nil
}

// An agent is the SDK's own client of an easel.
type agent struct {
	*sdk.ClientSession
	t *testing.T

	mu       sync.Mutex
	progress []*sdk.ProgressNotificationParams
	wire     bytes.Buffer // what was said, a message each line
}

func (a *agent) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.wire.Write(p)
}

// heard is the progress so far.
func (a *agent) heard() []*sdk.ProgressNotificationParams {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.progress)
}

// received are the messages of the server, as they were written.
func (a *agent) received() []json.RawMessage {
	a.mu.Lock()
	defer a.mu.Unlock()
	var lines []json.RawMessage
	for line := range strings.Lines(a.wire.String()) {
		if body, ok := strings.CutPrefix(strings.TrimSpace(line), "read: "); ok {
			lines = append(lines, json.RawMessage(body))
		}
	}
	return lines
}

// structured is the structured result of the last answer to a call, as it was
// written: numbers have all their digits.
func (a *agent) structured() json.RawMessage {
	a.t.Helper()
	var last json.RawMessage
	for _, raw := range a.received() {
		var m struct {
			Result struct {
				Structured json.RawMessage `json:"structuredContent"`
			} `json:"result"`
		}
		if json.Unmarshal(raw, &m) == nil && m.Result.Structured != nil {
			last = m.Result.Structured
		}
	}
	return last
}

type agentOptions struct {
	roots    []string
	rootless bool
	version  string
}

// start lets an agent start easel mcp.
func (r *agentRig) start(o agentOptions, args ...string) *agent {
	r.t.Helper()
	return r.connect(&sdk.CommandTransport{Command: r.command(append([]string{"mcp", "--out", r.path("out")}, args...)...)}, o)
}

func (r *agentRig) connect(transport sdk.Transport, o agentOptions) *agent {
	r.t.Helper()
	a := &agent{t: r.t}
	options := &sdk.ClientOptions{ProgressNotificationHandler: func(_ context.Context, req *sdk.ProgressNotificationClientRequest) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.progress = append(a.progress, req.Params)
	}}
	if o.rootless {
		options.Capabilities = &sdk.ClientCapabilities{}
	}
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, options)
	for _, root := range o.roots {
		client.AddRoots(&sdk.Root{URI: fileURI(root)}) //nolint:staticcheck // deprecated with revision 2026-07-28, and what clients of today have
	}
	session, err := client.Connect(r.t.Context(), &sdk.LoggingTransport{Transport: transport, Writer: a}, &sdk.ClientSessionOptions{ProtocolVersion: o.version})
	if err != nil {
		r.t.Fatal(err)
	}
	a.ClientSession = session
	r.t.Cleanup(func() { session.Close() })
	return a
}

// fileURI is a path as a file: URI.
func fileURI(path string) string { return "file:///" + strings.TrimPrefix(filepath.ToSlash(path), "/") }

func (a *agent) call(name string, args any) *sdk.CallToolResult {
	a.t.Helper()
	p := &sdk.CallToolParams{Name: name, Arguments: args}
	p.SetProgressToken("p")
	res, err := a.CallTool(a.t.Context(), p)
	if err != nil {
		a.t.Fatalf("%s: %v", name, err)
	}
	return res
}

// made is a call that must work.
func (a *agent) made(name string, args any) *sdk.CallToolResult {
	a.t.Helper()
	res := a.call(name, args)
	if res.IsError {
		a.t.Fatalf("%s: %s", name, said(res))
	}
	return res
}

// said are the texts of an answer.
func said(res *sdk.CallToolResult) string {
	var b strings.Builder
	for _, c := range res.Content {
		if text, ok := c.(*sdk.TextContent); ok {
			b.WriteString(text.Text + "\n")
		}
	}
	return b.String()
}

// shown are the pictures of an answer.
func shown(res *sdk.CallToolResult) (pictures []*sdk.ImageContent) {
	for _, c := range res.Content {
		if picture, ok := c.(*sdk.ImageContent); ok {
			pictures = append(pictures, picture)
		}
	}
	return pictures
}

// link is the address of an answer's first file.
func link(t *testing.T, res *sdk.CallToolResult) string {
	t.Helper()
	for _, c := range res.Content {
		if l, ok := c.(*sdk.ResourceLink); ok {
			return l.URI
		}
	}
	t.Fatal("the answer links to no file")
	return ""
}

// outcomes are how the jobs of the ComfyUI ended.
func (r *agentRig) outcomes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, e := range r.executions {
		all = append(all, e.Outcome)
	}
	return all
}

// busy reports what the ComfyUI has in its queue.
func (r *agentRig) busy() int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.comfyui+"/queue", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	var queue struct {
		Running []any `json:"queue_running"`
		Pending []any `json:"queue_pending"`
	}
	if err := json.NewDecoder(res.Body).Decode(&queue); err != nil {
		r.t.Fatal(err)
	}
	return len(queue.Running) + len(queue.Pending)
}

// until waits for something that must become true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it did not happen: %s", what)
		}
	}
}
