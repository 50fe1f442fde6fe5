package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// serve starts easel serve and returns its address.
func (r *agentRig) serve(args ...string) string {
	r.t.Helper()
	c := r.command(append([]string{"serve", "--listen", "127.0.0.1:0", "--out", r.path("out")}, args...)...)
	out, err := c.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if c.Process.Signal(os.Interrupt) != nil { // Windows has no signals
			_ = c.Process.Kill()
		}
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// addKey makes a key of the serve.
func (r *agentRig) addKey(args ...string) string {
	r.t.Helper()
	out, err := r.command(append([]string{"serve", "keys", "add"}, args...)...).Output()
	if err != nil {
		r.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// keyed sends requests with a key, and as a browser's where origin is set.
type keyed struct{ key, origin string }

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if k.key != "" {
		r.Header.Set("Authorization", "Bearer "+k.key)
	}
	if k.origin != "" {
		r.Header.Set("Origin", k.origin)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (r *agentRig) over(address, key string, o agentOptions) *agent {
	return r.connect(&sdk.StreamableClientTransport{Endpoint: address + "/mcp", HTTPClient: &http.Client{Transport: keyed{key: key}}}, o)
}

func TestAgentOverHTTP(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{StepTime: 10 * time.Millisecond})
	address := r.serve()
	anna, ben, reader := r.addKey("anna"), r.addKey("ben"), r.addKey("reader", "--scope", "graphs")
	for _, version := range sdk.SupportedProtocolVersions()[:2] {
		for who, key := range map[string]string{"owner": "", "key": anna} {
			t.Run(version+" "+who, func(t *testing.T) {
				r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
				a := r.over(address, key, agentOptions{version: version})
				if err := a.Ping(t.Context(), nil); version < "2026" && err != nil {
					t.Error(err)
				}
				wrong := a.call("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 0})
				if !wrong.IsError || !strings.Contains(said(wrong), "- steps: Parameter 'steps' below minimum 1 (allowed: 1 to ") {
					t.Errorf("0 steps: %s", said(wrong))
				}
				res := a.made("flux_single", map[string]any{"prompt": "a fox " + version + who, "width": 256, "height": 256, "steps": 20, "seed": "18446744073709551615"})
				if len(shown(res)) != 1 || !strings.Contains(said(res), "seed 18446744073709551615") {
					t.Errorf("it says %s", said(res))
				}
				if heard := a.heard(); len(heard) == 0 || !strings.Contains(heard[len(heard)-1].Message, "<data>") {
					t.Errorf("progress: %d messages", len(heard))
				}
				var made struct {
					ID      string
					Outputs []struct{ URL string }
				}
				if err := json.Unmarshal(a.structured(), &made); err != nil {
					t.Fatal(err)
				}
				if got := get(t, made.Outputs[0].URL); !strings.HasPrefix(string(got), "\x89PNG") {
					t.Errorf("the link gives %d bytes", len(got))
				}
				a.made("qwen_upscale", map[string]any{"image": link(t, res)})
				a.made("qwen_upscale", map[string]any{"image": "data:image/png;base64," + base64.StdEncoding.EncodeToString(aPicture(t))})
				if bad := a.call("qwen_upscale", map[string]any{"image": "/etc/passwd"}); !bad.IsError || !strings.Contains(said(bad), "there is no file") {
					t.Errorf("a file of the server: %s", said(bad))
				}
				list, err := a.ListResources(t.Context(), nil)
				if err != nil || len(list.Resources) < 4 {
					t.Errorf("resources: %v, %v", list, err)
				}
				if other := r.over(address, ben, agentOptions{version: version}); strings.Contains(said(other.made("list_jobs", nil)), made.ID) {
					t.Error("another key sees the job")
				} else if _, err := other.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: link(t, res)}); err == nil {
					t.Error("another key reads the result")
				}
			})
		}
	}
	t.Run("scope", func(t *testing.T) {
		r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
		res := r.over(address, reader, agentOptions{}).call("flux_single", map[string]any{"prompt": "a fox"})
		if !res.IsError || !strings.HasPrefix(said(res), "scope: ") {
			t.Errorf("without the scope: %s", said(res))
		}
	})
	for name, as := range map[string]keyed{"a wrong key": {key: "easel_wrong"}, "a page": {origin: "http://evil.example"}} {
		t.Run(name, func(t *testing.T) {
			client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
			session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: address + "/mcp", HTTPClient: &http.Client{Transport: as}, MaxRetries: -1}, nil)
			if err == nil {
				session.Close()
				t.Fatal("it was let in")
			}
		})
	}
	t.Run("another's session", func(t *testing.T) {
		r := &agentRig{t: t, home: r.home, comfyui: r.comfyui, env: r.env}
		mine := r.over(address, anna, agentOptions{version: "2025-11-25"})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":9,"method":"tools/list"}`))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Session-Id": mine.ID(), "Mcp-Protocol-Version": "2025-11-25", "Authorization": "Bearer " + ben,
		} {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("it answers %s", res.Status)
		}
	})
}

func TestAgentOverHTTPCancels(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{StepTime: time.Hour})
	address := r.serve()
	for _, version := range sdk.SupportedProtocolVersions()[:2] {
		a := r.over(address, "", agentOptions{version: version})
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() {
			_, err := a.CallTool(ctx, &sdk.CallToolParams{Name: "flux_single", Arguments: map[string]any{"prompt": "a fox " + version}})
			over <- err
		}()
		until(t, "it runs", func() bool { return r.busy() == 1 })
		cancel()
		if err := <-over; err == nil {
			t.Error("the call ended well")
		}
		until(t, "it is gone from the server", func() bool { return r.busy() == 0 })
	}
}

// A server that is stopped in the middle of a call keeps its job, and the next one
// ends it.
func TestAgentOverHTTPOutlivesTheServer(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be asked to stop there")
	}
	r := newAgentRig(t, emulator.Options{StepTime: 300 * time.Millisecond})
	c := r.command("serve", "--listen", "127.0.0.1:0", "--out", r.path("out"), "--grace", "1ms")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	a := r.over(strings.TrimSpace(line), "", agentOptions{})
	over := make(chan error, 1)
	go func() {
		res, err := a.CallTool(t.Context(), &sdk.CallToolParams{Name: "flux_single", Arguments: map[string]any{"prompt": "a fox", "steps": 10}})
		if err == nil && !res.IsError {
			t.Error("the call ended well")
		}
		over <- err
	}()
	until(t, "it runs", func() bool { return r.busy() == 1 })
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // by the signal
	<-over
	next := r.over(r.serve(), "", agentOptions{})
	until(t, "the job ends", func() bool { return strings.Contains(said(next.made("list_jobs", nil)), `"state":"succeeded"`) })
	if n := len(r.outcomes()); n != 1 {
		t.Errorf("it was computed %d times", n)
	}
}

func get(t *testing.T, address string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", address, res.Status, err)
	}
	return body
}
