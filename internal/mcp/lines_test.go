package mcp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"github.com/seed-7d77cb5c/easel/registry"
)

// A refused is an answer that says why there is no other.
type refused struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Error   *jsonrpc.Error  `json:"error"`
	Result  json.RawMessage `json:"result"`
}

func TestLinesThatAreNoMessages(t *testing.T) {
	t.Parallel()
	const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	for name, tc := range map[string]struct {
		line    string
		code    int64 // 0: it is passed on
		id      string
		batches bool
	}{
		"a message":              {ping, 0, "", false},
		"a notification":         {`{"jsonrpc":"2.0","method":"notifications/initialized"}`, 0, "", false},
		"an answer":              {`{"jsonrpc":"2.0","id":"a","result":{}}`, 0, "", false},
		"words":                  {`hello`, jsonrpc.CodeParseError, "null", false},
		"cut off":                {ping[:20], jsonrpc.CodeParseError, "null", false},
		"two on a line":          {ping + ping, jsonrpc.CodeParseError, "null", false},
		"a number":               {`42`, jsonrpc.CodeInvalidRequest, "null", false},
		"another object":         {`{"id": 12345678901234567890}`, jsonrpc.CodeInvalidRequest, "12345678901234567890", false},
		"an odd id":              {`{"jsonrpc":"2.0","id":{},"method":"ping"}`, jsonrpc.CodeInvalidRequest, "null", false},
		"another version":        {`{"jsonrpc":"1.0","id":"x","method":"ping"}`, jsonrpc.CodeInvalidRequest, `"x"`, false},
		"an empty batch":         {`[]`, jsonrpc.CodeInvalidRequest, "null", true},
		"a batch":                {`[` + ping + `]`, 0, "", true},
		"a batch without any":    {`[` + ping + `]`, jsonrpc.CodeInvalidRequest, "null", false},
		"a batch of one id":      {`[` + ping + `,` + ping + `]`, jsonrpc.CodeInvalidRequest, "null", true},
		"a batch with a number":  {`[` + ping + `,1]`, jsonrpc.CodeInvalidRequest, "null", true},
		"longer than it may be":  {`{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("x", 500) + `"}`, jsonrpc.CodeInvalidRequest, "null", false},
		"as long as it may be":   {ping + strings.Repeat(" ", 300-len(ping)-1), 0, "", false},
		"with a carriage return": {ping + "\r", 0, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			in := tc.line + "\n\n  \n" + ping
			m := &messages{in: bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(in)), 16), out: &out, most: 300, batches: func() bool { return tc.batches }}
			got, err := io.ReadAll(m)
			if err != nil {
				t.Fatal(err)
			}
			want := ping + "\n"
			if tc.code == 0 {
				want = strings.TrimRight(tc.line, "\r") + "\n" + want
				if out.Len() > 0 {
					t.Errorf("it is answered with %s", out.Bytes())
				}
			} else {
				var r refused
				if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Version != "2.0" || r.Error == nil || r.Error.Code != tc.code || r.Error.Message == "" || string(r.ID) != tc.id || !bytes.HasSuffix(out.Bytes(), []byte("}\n")) {
					t.Errorf("it is answered with %s, %v", out.Bytes(), err)
				}
			}
			if string(got) != want {
				t.Errorf("passed on: %q", got)
			}
		})
	}
	m := &messages{in: bufio.NewReader(iotest.ErrReader(io.ErrClosedPipe)), out: io.Discard, most: 300}
	if _, err := io.ReadAll(m); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a broken input: %v", err)
	}
}

func empty(t *testing.T) *Server {
	t.Helper()
	s, err := New(Options{Registry: func() (*registry.Registry, error) { return new(registry.Registry), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A client that sends something else in between is told, and served on.
func TestSessionGoesOnAfterABadLine(t *testing.T) {
	t.Parallel()
	in, client := io.Pipe()
	answers, out := io.Pipe()
	over := make(chan error, 1)
	go func() { over <- empty(t).Serve(t.Context(), in, out) }()
	read := json.NewDecoder(answers)
	ask := func(line string) (r refused) {
		t.Helper()
		if _, err := io.WriteString(client, line+"\n"); err != nil {
			t.Fatal(err)
		}
		if err := read.Decode(&r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := ask(`what is this?`); r.Error == nil || r.Error.Code != jsonrpc.CodeParseError {
		t.Errorf("before the session: %+v", r)
	}
	if r := ask(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`); r.Result == nil {
		t.Fatalf("initialize: %+v", r)
	}
	if r := ask(`[{"jsonrpc":"2.0","id":2,"method":"ping"}]`); r.Error == nil || r.Error.Code != jsonrpc.CodeInvalidRequest {
		t.Errorf("a batch: %+v", r)
	}
	if r := ask(`{"jsonrpc":"2.0","id":3,"method":"ping"}`); r.Result == nil || string(r.ID) != "3" {
		t.Errorf("ping: %+v", r)
	}
	client.Close()
	if err := <-over; err != nil {
		t.Errorf("the end: %v", err)
	}
}

// What is refused over HTTP is told in the form that clients of the protocol read.
func TestRefusalsOverHTTP(t *testing.T) {
	t.Parallel()
	s := empty(t)
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() { s.Close(); web.Close() })
	const both, ping = "application/json, text/event-stream", `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	for name, tc := range map[string]struct {
		method, body string
		header       []string
		status       int
		code         int64
	}{
		"no JSON":            {"POST", "hello", []string{"Content-Type", "application/json", "Accept", both}, 400, jsonrpc.CodeParseError},
		"nothing":            {"POST", "", []string{"Content-Type", "application/json", "Accept", both}, 400, jsonrpc.CodeInvalidRequest},
		"a form":             {"POST", ping, []string{"Content-Type", "text/plain", "Accept", both}, 415, jsonrpc.CodeInvalidRequest},
		"takes no stream":    {"POST", ping, []string{"Content-Type", "application/json", "Accept", "text/html"}, 400, jsonrpc.CodeInvalidRequest},
		"an unknown session": {"POST", ping, []string{"Content-Type", "application/json", "Accept", both, "Mcp-Session-Id", "x"}, 404, jsonrpc.CodeInvalidRequest},
		"no such revision":   {"POST", ping, []string{"Content-Type", "application/json", "Accept", both, "Mcp-Protocol-Version", "1999-01-01"}, 400, jsonrpc.CodeInvalidRequest},
		"another method":     {"PUT", ping, []string{"Accept", both}, 405, jsonrpc.CodeInvalidRequest},
		"a stream of none":   {"GET", "", []string{"Accept", "text/event-stream"}, 400, jsonrpc.CodeInvalidRequest},
		"an end of none":     {"DELETE", "", nil, 400, jsonrpc.CodeInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), tc.method, web.URL, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i+1 < len(tc.header); i += 2 {
				req.Header.Set(tc.header[i], tc.header[i+1])
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var r refused
			if err := json.NewDecoder(res.Body).Decode(&r); err != nil || res.StatusCode != tc.status || res.Header.Get("Content-Type") != "application/json" || r.Error == nil || r.Error.Code != tc.code || r.Error.Message == "" || string(r.ID) != "null" {
				t.Errorf("%s %v: %+v, %v", res.Status, res.Header, r, err)
			}
		})
	}
}
