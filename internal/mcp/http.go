package mcp

import (
	"net/http"
	"time"

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
// of its own.
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
		if r.Header.Get("Mcp-Protocol-Version") >= statelessNow {
			stateless.ServeHTTP(w, r)
			return
		}
		stateful.ServeHTTP(w, r)
	})
}
