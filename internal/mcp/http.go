package mcp

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	mostBody     = 32 << 20         // bytes of a request, which may hold a picture
	sessionIdle  = 30 * time.Minute // of a client that says nothing
	statelessNow = "2026-07-28"     // revision of the protocol without sessions
)

// Handler speaks with many clients by the streamable HTTP transport: without
// sessions where the client's revision of the protocol has none, with them for
// older ones. A session belongs to whoever may use the handler; each key needs one
// of its own. What is refused is told as a JSON-RPC error.
func (s *Server) Handler() http.Handler {
	server := func(*http.Request) *sdk.Server { return s.sdk }
	// Hosts and origins are checked before this is reached.
	stateless := sdk.NewStreamableHTTPHandler(server, &sdk.StreamableHTTPOptions{
		Stateless: true, Logger: s.o.Log, MaxRequestBodyBytes: mostBody, PropagateRequestCancellation: true, DisableLocalhostProtection: true,
	})
	stateful := sdk.NewStreamableHTTPHandler(server, &sdk.StreamableHTTPOptions{
		Logger: s.o.Log, MaxRequestBodyBytes: mostBody, SessionTimeout: sessionIdle, DisableLocalhostProtection: true,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rw := &refusalWriter{ResponseWriter: w}
		defer rw.end()
		if r.Header.Get("Mcp-Protocol-Version") >= statelessNow {
			stateless.ServeHTTP(rw, r)
			return
		}
		stateful.ServeHTTP(rw, r)
	})
}

// A refusalWriter makes JSON-RPC errors of the plain texts that the SDK refuses
// requests with.
type refusalWriter struct {
	http.ResponseWriter
	status int // of a refusal; 0: it is none
	text   strings.Builder
}

func (w *refusalWriter) WriteHeader(status int) {
	if status >= http.StatusBadRequest && strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		w.status = status
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *refusalWriter) Write(p []byte) (int, error) {
	if w.status != 0 {
		return w.text.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// end sends the refusal, when it is one.
func (w *refusalWriter) end() {
	if w.status == 0 {
		return
	}
	message := cmp.Or(strings.TrimSpace(w.text.String()), http.StatusText(w.status))
	e := &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: message}
	switch {
	case strings.HasPrefix(message, "malformed payload"):
		e.Code = jsonrpc.CodeParseError
	case w.status >= http.StatusInternalServerError:
		e.Code = jsonrpc.CodeInternalError
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Del("Content-Length")
	w.ResponseWriter.WriteHeader(w.status)
	_, _ = w.ResponseWriter.Write(append(refusal(json.RawMessage("null"), e), '\n')) // a client that left
}

// Unwrap lets http.ResponseController reach the connection.
func (w *refusalWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
