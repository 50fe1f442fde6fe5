package cmd

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// serve runs a server that is expected not to start.
func (a *account) serve(t *testing.T, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	streams, _, out, errs := term.Test()
	args := append([]string{"serve", "--backend", "emulator"}, flags...)
	code = Execute(ctx, Process{Args: args, Dir: a.home, Streams: streams, Build: Build{Version: "0.0.0-test"}, Environ: a.env})
	return code, out.String(), errs.String()
}

func TestServeRefusesFlagsThatSayNothing(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	for flags, want := range map[string]string{
		"--host http://team.example":                "without scheme and port",
		"--host team.example:7860":                  "without scheme and port",
		"--allow-origin localhost:5173":             "as browsers send it",
		"--allow-origin http://localhost:5173/":     "as browsers send it",
		"--allow-origin https://Team.example":       "as browsers send it",
		"--worker-only --listen 127.0.0.1:0":        "--listen is of no use",
		"--worker-only --jobs-per-minute 5":         "--jobs-per-minute is of no use",
		"--tls-cert cert.pem":                       "belong together",
		"--database sqlite:":                        "sqlite:PATH",
		"--listen 127.0.0.1:0 --keep-uploads -1h":   "must not be negative",
		"--listen 127.0.0.1:0 --jobs-per-minute 0":  "at least 1",
		"--workers 0 --worker-only":                 "at least 1 with --worker-only",
		"--listen 127.0.0.1:0 --database mysql://h": "sqlite:PATH",
	} {
		code, _, errs := a.serve(t, strings.Fields(flags)...)
		if code != problem.ExitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: %d\n%s", flags, code, errs)
		}
	}
}

// A secret that was cut off is none: anybody could sign with an empty one.
func TestServeSignsWithNoSecretThatWasCutOff(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	file := filepath.Join(a.home, "data", "easel", "serve", "secret")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "\n", "0123456789abcdef\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := a.serve(t, "--listen", "127.0.0.1:0")
		if code != problem.ExitInvalid || out != "" || !strings.Contains(errs, "too short") {
			t.Errorf("with the secret %q: %d\n%s%s", text, code, out, errs)
		}
	}
}

// A server that is started anew is waited for, and one that never was there is not.
func TestJobsWatchOutlivesTheServersEnd(t *testing.T) {
	t.Parallel()
	const id = "00000000000000000000000000"
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		state := "running"
		switch {
		case strings.HasSuffix(r.URL.Path, "/events"):
			w.Header().Set("Content-Type", "text/event-stream")
			return
		case asked.Add(1) > 1 && asked.Load() < 7: // the client tries a few times at once
			panic(http.ErrAbortHandler)
		case asked.Load() > 6:
			state = "succeeded"
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"` + id + `","state":"` + state + `","workflow_id":"flux_single","created_at":"2026-01-02T03:04:05Z","outputs":[]}`))
	}))
	defer server.Close()
	a := newAccount(t, runpodtest.Options{})
	code, out, errs := a.easel(t, "jobs", "watch", id, "--server", server.URL)
	if code != 0 || !strings.Contains(out, "succeeded") || !strings.Contains(errs, "lost the connection") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	if code, _, errs := a.easel(t, "jobs", "watch", id, "--server", "http://127.0.0.1:1"); code != problem.ExitUnreachable {
		t.Errorf("%d\n%s", code, errs)
	}
}

func TestAServersKeyIsAskedForByItsVariable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusUnauthorized) }))
	defer server.Close()
	a := newAccount(t, runpodtest.Options{})
	code, _, errs := a.easel(t, "jobs", "list", "--server", server.URL)
	if code != problem.ExitAuth || !strings.Contains(errs, "hint: set EASEL_SERVER_KEY to a key that may use it\n") {
		t.Errorf("%d\n%s", code, errs)
	}
}
