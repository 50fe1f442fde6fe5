package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// The conversation in docs/agents.md is one that took place: this test holds it
// again, and with -update writes it down with its pictures.
func TestAgentConversation(t *testing.T) {
	t.Parallel()
	r := newAgentRig(t, emulator.Options{StepTime: 40 * time.Millisecond})
	a := r.start(agentOptions{version: "2025-11-25"}, "--max-image", "320", "--workflows", "flux_single,qwen_inpaint,qwen_upscale")
	if _, err := a.ListTools(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	image := ""
	for i, c := range []struct {
		says, tool string
		arguments  map[string]any
	}{
		{"A lighthouse at dusk, please.", "flux_single", map[string]any{"prompt": "a lighthouse at dusk", "steps": 8, "seed": "7"}},
		{"Paint a red boat where the water is.", "qwen_inpaint", map[string]any{"prompt": "a red boat", "mask_rect": []string{"15%,60%,47%,30%"}, "mask_feather": 24, "seed": "7"}},
		{"And larger.", "qwen_upscale", map[string]any{}},
	} {
		if image != "" {
			c.arguments["image"] = image
		}
		before := len(a.said())
		res := a.made(c.tool, c.arguments)
		image = link(t, res)
		picture := fmt.Sprintf("agent-%d%s", i+1, map[string]string{"image/jpeg": ".jpg", "image/png": ".png"}[shown(res)[0].MIMEType])
		if *update {
			if err := os.WriteFile(filepath.Join("docs", "pictures", picture), shown(res)[0].Data, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if _, err := os.Stat(filepath.Join("docs", "pictures", picture)); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&doc, "**%s**\n\n", c.says)
		a.write(&doc, a.said()[before:], r.home)
		fmt.Fprintf(&doc, "![%s](pictures/%s)\n\n", c.tool, picture)
	}
	file := filepath.Join("docs", "agents.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- written by go test -run TestAgentConversation -update . -->\n\n", "<!-- end -->"
	head, rest, ok := strings.Cut(string(text), begin)
	kept, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the conversation", file)
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+doc.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(likeAnyOther(kept), likeAnyOther(doc.String())); diff != "" {
		t.Errorf("the conversation in %s (-there +now; -update writes it):\n%s", file, diff)
	}
}

// said are all messages of both sides, in their order.
func (a *agent) said() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.Split(strings.TrimSpace(a.wire.String()), "\n")
}

// write writes down a call: the request, one of the notifications, the answer.
// Pictures are cut, and the home of the test is anna's.
func (a *agent) write(doc *strings.Builder, messages []string, home string) {
	a.t.Helper()
	var request, answer string
	var progress []string
	for _, m := range messages {
		way, body, _ := strings.Cut(m, ": ")
		switch {
		case way == "write" && strings.Contains(body, `"tools/call"`):
			request = body
		case way == "read" && strings.Contains(body, `"notifications/progress"`) && strings.Contains(body, "step "):
			progress = append(progress, body)
		case way == "read" && strings.Contains(body, `"result"`):
			answer = body
		}
	}
	if request == "" || answer == "" {
		a.t.Fatalf("no call among %d messages", len(messages))
	}
	doc.WriteString("```json\n" + request + "\n```\n\n")
	if len(progress) > 0 {
		doc.WriteString("```json\n" + progress[len(progress)/2] + "\n```\n\n")
	}
	doc.WriteString("```json\n" + readable(a.t, strings.ReplaceAll(answer, home, "/home/anna")) + "\n```\n\n")
}

var base64Data = regexp.MustCompile(`"data":"([A-Za-z0-9+/]{16})[A-Za-z0-9+/=]+"`)

// readable breaks an answer into lines: one for each content, one for each member
// of the structured result.
func readable(t *testing.T, answer string) string {
	t.Helper()
	answer = base64Data.ReplaceAllString(answer, `"data":"$1…"`)
	var m struct {
		ID     json.RawMessage `json:"id"`
		Result struct {
			Meta       json.RawMessage            `json:"_meta"`
			Content    []json.RawMessage          `json:"content"`
			Structured map[string]json.RawMessage `json:"structuredContent"`
		} `json:"result"`
	}
	if err := json.Unmarshal([]byte(answer), &m); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\n", m.ID)
	if m.Result.Meta != nil {
		fmt.Fprintf(&b, " \"_meta\":%s,\n", m.Result.Meta)
	}
	b.WriteString(" \"content\":[\n")
	for i, c := range m.Result.Content {
		comma := ","
		if i == len(m.Result.Content)-1 {
			comma = "],"
		}
		fmt.Fprintf(&b, "  %s%s\n", c, comma)
	}
	b.WriteString(" \"structuredContent\":{\n")
	order := []string{"id", "workflow", "backend", "status", "seed", "character", "parameters", "prompt_id", "cached", "outputs", "timing", "cost", "warnings"}
	for i, name := range order {
		comma := ","
		if i == len(order)-1 {
			comma = "}}}"
		}
		fmt.Fprintf(&b, "  %q:%s%s\n", name, m.Result.Structured[name], comma)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// likeAnyOther takes out of a conversation what is of one day only.
func likeAnyOther(s string) string {
	for _, r := range []struct{ what, by string }{
		{`[0-9a-f]{64}`, "HASH"},
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "UUID"},
		{`"easel/eta_ms":[0-9]+,?`, ""},
		{`("[a-z]+_ms"|"easel/step"|"bytes"|"size"|"gpu_seconds"|"progress"|"id"):[0-9.e+-]+`, "$1:N"},
		{`\b[0-9a-z]{14,26}\b`, "RUN"},
		{`step [0-9]+ of`, "step N of"},
		{`, [0-9.]+m?s left`, ", T left"},
		{`"data":"[^"]+"`, `"data":"…"`},
		{`"backend":"[^"]+"`, `"backend":"SERVER"`},
		{`http://[0-9.:]+|127\.0\.0\.1:[0-9]+`, "SERVER"},
	} {
		s = regexp.MustCompile(r.what).ReplaceAllString(s, r.by)
	}
	return s
}
