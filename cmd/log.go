package cmd

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// logger writes to stderr what --log-level asks for. Secrets never reach it:
// it is given paths and states, no headers, no bodies, no queries.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn
	_ = level.UnmarshalText([]byte(strings.ToUpper(a.global.logLevel))) // checked by checkLogLevel
	return slog.New(slog.NewTextHandler(a.streams.Err, &slog.HandlerOptions{Level: level}))
}

// checkLogLevel refuses a level that does not exist.
func (a *app) checkLogLevel() error {
	switch a.global.logLevel {
	case "debug", "info", "warn", "error":
		return nil
	}
	return usagef("it is debug, info, warn or error", "unknown --log-level %q", a.global.logLevel)
}

// debugging reports whether each request is to be logged.
func (a *app) debugging() bool { return a.global.logLevel == "debug" }

// A loggedTransport logs each exchange with a backend: method, path, status,
// duration. It is only in the way with --log-level debug.
type loggedTransport struct {
	next http.RoundTripper
	log  *slog.Logger
}

func (t *loggedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := t.next.RoundTrip(req)
	attrs := []any{"method", req.Method, "host", req.URL.Host, "path", req.URL.Path, "took", time.Since(began).Round(time.Microsecond)}
	if err != nil {
		t.log.Debug("request failed", append(attrs, "error", err)...)
		return nil, err
	}
	t.log.Debug("request", append(attrs, "status", resp.StatusCode)...)
	return resp, nil
}
