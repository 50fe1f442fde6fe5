package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

func TestAgentHearsProgress(t *testing.T) {
	t.Parallel()
	a := newAgentRig(t, emulator.Options{StepTime: 30 * time.Millisecond}).start(agentOptions{})
	a.made("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 20})
	last, steps := 0.0, false
	for _, p := range a.heard() {
		if p.ProgressToken != "p" || p.Progress <= last || p.Total != 1 {
			t.Errorf("%+v after %g", p, last)
		}
		last = p.Progress
		steps = steps || strings.HasPrefix(p.Message, "node <data>") && strings.Contains(p.Message, " of 20, ") && strings.HasSuffix(p.Message, " left")
	}
	if !steps {
		t.Errorf("node, step and time left were not told: %d messages", len(a.heard()))
	}
}

func TestAgentCancels(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{StepTime: time.Hour})
	a := r.start(agentOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() {
		_, err := a.CallTool(ctx, &sdk.CallToolParams{Name: "flux_single", Arguments: map[string]any{"prompt": "a fox"}})
		over <- err
	}()
	until(t, "it runs", func() bool { return r.busy() == 1 })
	cancel()
	if err := <-over; err == nil {
		t.Error("the call ended well")
	}
	until(t, "it is gone from the server", func() bool { return r.busy() == 0 })
	res := a.made("list_jobs", nil) // the connection lives
	until(t, "the history says so", func() bool {
		res = a.made("list_jobs", nil)
		return strings.Contains(said(res), `"state":"cancelled"`)
	})
}

func TestAgentThatDisappearsLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"closes", "dies"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			r := newAgentRig(t, emulator.Options{StepTime: time.Hour})
			c := r.command("mcp", "--out", r.path("out"))
			in, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			for _, m := range []string{
				`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`,
				`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
				`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"flux_single","arguments":{"prompt":"a fox"}}}`,
			} {
				fmt.Fprintln(in, m)
			}
			until(t, "it runs", func() bool { return r.busy() == 1 })
			if way == "dies" {
				out.Close()
			}
			in.Close()
			if err := c.Wait(); err != nil {
				t.Errorf("easel ended with %v", err)
			}
			until(t, "the server has no run left", func() bool { return r.busy() == 0 })
		})
	}
}

func TestAgentCallsTwiceAtOnce(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{StepTime: 20 * time.Millisecond})
	a := r.start(agentOptions{})
	done := make(chan *sdk.CallToolResult, 2)
	most := 0
	for i := range 2 {
		go func() {
			p := &sdk.CallToolParams{Name: "flux_single", Arguments: map[string]any{"prompt": fmt.Sprintf("fox %d", i), "width": 256, "height": 256, "steps": 5}}
			p.SetProgressToken(fmt.Sprint("call", i))
			res, err := a.CallTool(t.Context(), p)
			if err != nil {
				t.Error(err)
			}
			done <- res
		}()
	}
	ended := 0
	until(t, "both end", func() bool {
		most = max(most, r.busy())
		select {
		case res := <-done:
			if ended++; res == nil || res.IsError {
				t.Error("a call failed")
			}
		default:
		}
		return ended == 2
	})
	if most != 1 {
		t.Errorf("%d runs at once, want 1", most)
	}
	if !slices.ContainsFunc(a.heard(), func(p *sdk.ProgressNotificationParams) bool { return p.Message == "waiting for another run" }) {
		t.Error("the second did not say that it waits")
	}
}

func TestAgentReachesItsLimits(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{})
	a := r.start(agentOptions{}, "--max-runs", "1")
	a.call("flux_single", map[string]any{"steps": 0}) // refused calls do not count
	a.made("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 1})
	res := a.call("flux_single", map[string]any{"prompt": "a fox", "width": 256, "height": 256, "steps": 1})
	if !res.IsError || !strings.HasPrefix(said(res), "max_runs: all of the 1 runs") {
		t.Errorf("the second: %s", said(res))
	}
	res = r.start(agentOptions{}, "--max-cost", "1").call("flux_single", map[string]any{"prompt": "a fox", "steps": 1})
	if !res.IsError || !strings.Contains(said(res), "--usd-per-hour") {
		t.Errorf("without a price: %s", said(res))
	}
	if err := r.command("backends", "add", "dear", r.comfyui, "--usd-per-hour", "3600000").Run(); err != nil {
		t.Fatal(err)
	}
	priced := r.start(agentOptions{}, "--max-cost", "0.01", "--backend", "dear")
	priced.made("flux_single", map[string]any{"prompt": "a hare", "width": 256, "height": 256, "steps": 20})
	res = priced.call("flux_single", map[string]any{"prompt": "a fox", "steps": 1})
	if !res.IsError || !strings.HasPrefix(said(res), "max_cost: ") {
		t.Errorf("the second, dear one: %s", said(res))
	}
}
