package server

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// TestPA11NoInputMakesA500 sends requests that are made of the description, right,
// wrong and nonsense, to every operation. The seed is in the message.
func TestPA11NoInputMakesA500(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	job := h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"}`)
	var made jobView
	h.want(202, job).into(t, &made)
	file := h.upload("x.png")
	seed := uint64(time.Now().UnixNano())
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 1)), ids: []string{made.ID, file, "flux_single", "milan", "qwen_inpaint", "noir"}}
	each := 60
	if testing.Short() {
		each = 10
	}
	all := h.operations()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names) // a seed means the same requests again
	before := runtime.NumGoroutine()
	h.t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for range each {
		for _, name := range names {
			method, path, _ := strings.Cut(name, " ")
			if strings.HasSuffix(path, "/events") {
				continue // a stream
			}
			op := all[name]
			target, body, headers := m.request(op, path)
			if strings.Contains(target, "wait=") {
				continue // patience is no input
			}
			r := h.ask(method, target, body, headers...)
			if r.StatusCode >= 500 {
				t.Fatalf("seed %d: %s %s %.300q %q answers %d: %s", seed, method, target, body, headers, r.StatusCode, r.body)
			}
			if r.StatusCode >= 400 {
				var e statusError
				if json.Unmarshal(r.body, &e) != nil || e.Code == "" || e.Status != r.StatusCode {
					t.Fatalf("seed %d: %s %s answers %d without a problem: %s", seed, method, target, r.StatusCode, r.body)
				}
			}
		}
	}
	if log := h.log.String(); strings.Contains(log, "panicked") {
		t.Errorf("seed %d: a request panicked: %s", seed, log)
	}
	if more := runtime.NumGoroutine() - before; more > 200 { // of other tests beside it
		t.Errorf("%d goroutines stay", more)
	}
}

// A mutator makes values that fit a description, and others.
type mutator struct {
	*rand.Rand
	ids []string
}

func (m *mutator) pick(list ...string) string { return list[m.IntN(len(list))] }

// word is a text that somebody may send.
func (m *mutator) word() string {
	switch m.IntN(4) {
	case 0:
		return m.pick(m.ids...)
	case 1:
		return fmt.Sprint(m.Int64() - m.Int64())
	}
	return m.pick("", "x", "null", "true", "0", "-1", "1e999", "9223372036854775808", "\u0000", "a\u0000b", "\xff\xfe", "\U0001F3A8", "..", "../../etc/passwd",
		"%2e%2e", "' OR 1=1 --", "%", "_", "<script>", strings.Repeat("x", 300), "2026-01-01T00:00:00Z", "10..20", "2:8:2", "https://127.0.0.1/", "http://[::1", "{{", "\ud7ff")
}

// value is a JSON value; deep bounds its depth.
func (m *mutator) value(deep int) string {
	switch n := m.IntN(9); {
	case n < 3:
		text, _ := json.Marshal(m.word()) // a text does not fail
		return string(text)
	case n == 3:
		return m.pick("0", "1", "-1", "2.5", "1e400", "18446744073709551616", "64", "-0")
	case n == 4:
		return m.pick("true", "false", "null")
	case deep <= 0:
		return "[]"
	case n < 7:
		var parts []string
		for range m.IntN(4) {
			parts = append(parts, m.value(deep-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	var parts []string
	for range m.IntN(4) {
		name, _ := json.Marshal(m.pick("steps", "prompt", "seed", "width", "items", "x", m.word()))
		parts = append(parts, string(name)+":"+m.value(deep-1))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// object is a body of the names that a request may have.
func (m *mutator) object() string {
	names := []string{
		"workflow_id", "character_id", "prompt", "negative", "input_image", "input_images", "inputs", "params", "count", "mask", "mask_rect", "expand", "priority", "webhook",
		"sweep", "zip", "items", "favourite", "ids", "states", "before", "first", "last", "name", "trigger", "defaults", "reference_image", "lora", "loras", "description", "category",
	}
	parts := []string{`"workflow_id":"` + m.pick("flux_single", "qwen_single", "qwen_inpaint", "nothing") + `"`, `"prompt":"x"`}
	if m.IntN(3) == 0 {
		parts = nil
	}
	for range m.IntN(5) {
		parts = append(parts, `"`+m.pick(names...)+`":`+m.value(3))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// request is one for an operation.
func (m *mutator) request(op *huma.Operation, path string) (target, body string, headers []string) {
	for strings.Contains(path, "{") {
		from, to := strings.Index(path, "{"), strings.Index(path, "}")
		word := m.word()
		if word == "" || word == "." || word == ".." {
			word = "x"
		}
		path = path[:from] + url.PathEscape(word) + path[to+1:]
	}
	query := url.Values{}
	for _, p := range op.Parameters {
		if p.In == "query" && p.Name != "wait" && m.IntN(3) == 0 {
			query.Add(p.Name, m.word())
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if op.RequestBody != nil || m.IntN(10) == 0 {
		switch m.IntN(6) {
		case 0:
			body = m.value(4)
		case 1:
			body = m.word()
		default:
			body = m.object()
		}
		headers = append(headers, "Content-Type", m.pick("application/json", "application/json", "application/json", "application/octet-stream", "text/plain", "multipart/form-data; boundary=x"))
	}
	if m.IntN(5) == 0 {
		headers = append(headers, "Idempotency-Key", m.pick("a", "b", "\u00fc"), "If-None-Match", m.pick("*", `"x"`), "Prefer", m.pick("wait=x", "respond-async"))
	}
	return path, body, headers
}
