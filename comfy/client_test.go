package comfy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

func newClient(tb testing.TB, base string, opts ...comfy.Option) *comfy.Client {
	tb.Helper()
	c, err := comfy.NewClient(base, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// served serves a handler until the test ends.
func served(tb testing.TB, h http.Handler) string {
	tb.Helper()
	s := httptest.NewServer(h)
	tb.Cleanup(s.Close)
	return s.URL
}

func TestNewClientAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://127.0.0.1:8188":            "http://127.0.0.1:8188",
		"127.0.0.1:8188":                   "http://127.0.0.1:8188",
		"https://host/a/b/":                "https://host/a/b",
		"http://host/comfy/api/":           "http://host/comfy",
		"https://anna:hunter2@host:1/x":    "https://host:1/x",
		"http://[::1]:8188/":               "http://[::1]:8188",
		"ftp://host":                       "",
		"http://":                          "",
		"http://host/?token=x":             "",
		"http://anna:hunter2@ho st:1%zz/x": "",
	} {
		c, err := comfy.NewClient(in)
		if (err == nil) != (want != "") {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if err != nil {
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
			continue
		}
		if c.Address() != want {
			t.Errorf("%s became %s, want %s", in, c.Address(), want)
		}
		_ = c.Close()
	}
}

func TestOneRunIsFourRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := emulated(t, emulator.Options{})
		st, files, err := runOnce(t.Context(), c, emptyImage(t))
		if err != nil || len(files) != 1 {
			t.Fatalf("%+v %v", st, err)
		}
		_ = c.Close() // the emulator logs the socket when it ends
		_ = s.Close()
		var got []string
		for _, r := range s.Requests() {
			name, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/api/"), "/")
			got = append(got, r.Method+" "+name)
		}
		if diff := cmp.Diff([]string{"POST prompt", "GET history", "GET view", "GET ws"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCredentialsGoWithEveryRequestAndNowhereElse(t *testing.T) {
	t.Parallel()
	var foreign atomic.Int64
	elsewhere := served(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { foreign.Add(1) }))
	emu := emulator.New(emulator.Options{StepTime: -1})
	t.Cleanup(func() { _ = emu.Close() })
	var without atomic.Int64
	addr := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" || r.Header.Get("X-Team") != "art" {
			without.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Header.Get("Origin") != "" {
			t.Error("an Origin header, which ComfyUI refuses")
		}
		if strings.HasSuffix(r.URL.Path, "/view") && r.URL.Query().Get("type") == "temp" {
			http.Redirect(w, r, elsewhere+"/stolen", http.StatusFound)
			return
		}
		emu.ServeHTTP(w, r)
	}))
	token := comfy.WithBearer(func() (string, error) { return "s3cret", nil })
	c := newClient(t, addr, token, comfy.WithHeader("X-Team", "art"))
	if _, files, err := runOnce(t.Context(), c, emptyImage(t)); err != nil || len(files) != 1 {
		t.Fatal(err)
	}
	if n := without.Load(); n > 0 {
		t.Errorf("%d requests without credentials", n)
	}
	_, _, err := c.Open(t.Context(), comfy.Output{Node: "1", Filename: "x.png", Type: "temp"})
	var away *comfy.RedirectError
	if !errors.As(err, &away) || foreign.Load() != 0 {
		t.Errorf("a redirect to another origin: %v, %d requests there", err, foreign.Load())
	}
	bad := newClient(t, addr)
	var auth *comfy.AuthError
	if _, err := bad.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)}); !errors.As(err, &auth) || auth.Status != 401 {
		t.Errorf("without a token: %v", err)
	}
	broken := newClient(t, addr, comfy.WithBearer(func() (string, error) { return "", errors.New("the key ring is locked") }))
	if _, err := broken.Describe(t.Context()); !errors.As(err, &auth) || !strings.Contains(err.Error(), "key ring") {
		t.Errorf("with a broken token: %v", err)
	}
}

func TestProxyThatKnowsOnlyPlainPaths(t *testing.T) {
	t.Parallel()
	emu := emulator.New(emulator.Options{StepTime: -1})
	t.Cleanup(func() { _ = emu.Close() })
	var missed atomic.Int64
	addr := served(t, http.StripPrefix("/studio", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			missed.Add(1)
			http.NotFound(w, r)
			return
		}
		emu.ServeHTTP(w, r)
	})))
	c := newClient(t, addr+"/studio/")
	for range 2 {
		if _, files, err := runOnce(t.Context(), c, emptyImage(t)); err != nil || len(files) != 1 {
			t.Fatal(err)
		}
	}
	if n := missed.Load(); n != 1 {
		t.Errorf("%d requests below /api, want one", n)
	}
}

// An old server gives its own id to a run.
func TestServerThatIgnoresOurID(t *testing.T) {
	t.Parallel()
	const theirs = "0123456789abcdef0123456789abcdef"
	addr := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/prompt"):
			fmt.Fprintf(w, `{"prompt_id": %q, "number": 1, "node_errors": {}}`, theirs)
		case strings.HasSuffix(r.URL.Path, "/history/"+theirs):
			fmt.Fprintf(w, `{%q: {"outputs": {"1": {"images": [{"filename": "a.png"}]}}, "status": {"status_str": "success", "completed": true, "messages": []}}}`, theirs)
		default:
			http.NotFound(w, r)
		}
	}))
	c := newClient(t, addr)
	h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)})
	if err != nil || h != theirs {
		t.Fatalf("%s %v", h, err)
	}
	for e, err := range c.Follow(t.Context(), h) {
		if err != nil || e.Type == comfy.EventDone && len(e.State.Outputs) != 1 {
			t.Errorf("%+v %v", e, err)
		}
	}
}

func TestUploadTravelsOncePerContent(t *testing.T) {
	t.Parallel()
	s, c := emulated(t, emulator.Options{})
	var opened atomic.Int64
	content := []byte("\x89PNG not a picture, and the server does not look")
	file := comfy.File{
		Name: "0a1b2c.png", SHA256: "0a1b2c", Size: int64(len(content)), Targets: []comfy.Target{{Node: "1", Input: "x"}},
		Open: func() (io.ReadCloser, error) {
			opened.Add(1)
			return io.NopCloser(bytes.NewReader(content)), nil
		},
	}
	for range 3 {
		if _, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t), Files: []comfy.File{file}}); err != nil {
			t.Fatal(err)
		}
	}
	uploads := 0
	for _, r := range s.Requests() {
		if r.Path == "/api/upload/image" {
			uploads++
		}
	}
	if uploads != 1 || opened.Load() != 1 {
		t.Errorf("%d uploads, opened %d times", uploads, opened.Load())
	}
	file.Open = func() (io.ReadCloser, error) { return nil, errors.New("disk on fire") }
	file.SHA256 = "other"
	if _, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t), Files: []comfy.File{file}}); err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("a file that cannot be read gave %v", err)
	}
}

func TestQueueIsInOrderOfExecution(t *testing.T) {
	t.Parallel()
	addr := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"queue_running": [[12, "J1", {}, {"create_time": 5}, ["9"]]],
			"queue_pending": [[-15, "J4", {}, {}, []], [14, "J3", {}, {}, []], [13, "J2"], "junk", [], [14, "J0", {}]]}`)
	}))
	c := newClient(t, addr)
	q, err := c.Queue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range q {
		ids = append(ids, e.ID)
	}
	if diff := cmp.Diff([]string{"J1", "J4", "J2", "J0", "J3"}, ids); diff != "" {
		t.Error(diff)
	}
	if !q[0].Running || q[1].Running || q[0].Created != 5 {
		t.Errorf("%+v", q)
	}
}

func TestWhatIsNotAComfyUI(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"login page": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!DOCTYPE html><title>Log in") },
		"empty":      func(http.ResponseWriter, *http.Request) {},
		"null":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "null") },
		"list":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "[1]") },
		"deep":       func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("[", 1e5)) },
		"not found":  http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, served(t, h))
			var u *comfy.UnreachableError
			if _, err := c.Describe(t.Context()); !errors.As(err, &u) {
				t.Errorf("describe gave %T %v", err, err)
			}
			if _, err := c.Queue(t.Context()); !errors.As(err, &u) {
				t.Errorf("queue gave %T %v", err, err)
			}
			if _, err := c.State(t.Context(), "x"); !errors.As(err, &u) {
				t.Errorf("state gave %T %v", err, err)
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	addr := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"queue_pending": ["`)
		for range 1000 {
			if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
				return
			}
		}
	}))
	c := newClient(t, addr, comfy.WithLimits(comfy.Limits{JSON: 10_000, File: 10_000}))
	var big *comfy.TooLargeError
	if _, err := c.Queue(t.Context()); !errors.As(err, &big) || big.Limit != 10_000 {
		t.Errorf("queue gave %v", err)
	}
	r, _, err := c.Open(t.Context(), comfy.Output{Filename: "endless.png"})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); !errors.As(err, &big) || n > 10_000 {
		t.Errorf("%d bytes, %v", n, err)
	}
	_ = r.Close()
}

// A download continues only when it is the same file.
func TestDownloadContinuesWithTheSameFile(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 1000)
	for name, tc := range map[string]struct {
		tags []string
		ok   bool
	}{
		"same":    {[]string{`"a"`, `"a"`, `"a"`}, true},
		"changed": {[]string{`"a"`, `"b"`}, false},
		"no tag":  {[]string{"", ""}, false},
		"weak":    {[]string{`W/"a"`, `W/"a"`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			addr := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				i := int(n.Add(1)) - 1
				if tag := tc.tags[min(i, len(tc.tags)-1)]; tag != "" {
					w.Header().Set("ETag", tag)
				}
				if i < 2 { // cut after 3000 bytes
					w = &cutWriter{ResponseWriter: w, left: 3000}
				}
				http.ServeContent(w, r, "x.png", time.Time{}, bytes.NewReader(content))
			}))
			c := newClient(t, addr)
			r, size, err := c.Open(t.Context(), comfy.Output{Filename: "x.png", Type: "output"})
			if err != nil || size != int64(len(content)) {
				t.Fatal(size, err)
			}
			data, err := io.ReadAll(r)
			_ = r.Close()
			if tc.ok != (err == nil && bytes.Equal(data, content)) || !tc.ok && err == nil {
				t.Errorf("%d bytes, %v", len(data), err)
			}
		})
	}
}

// cutWriter breaks the connection after some bytes.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		_, _ = w.ResponseWriter.Write(p[:w.left])
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

func TestClosedClientEndsFollowers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := emulated(t, emulator.Options{StepTime: time.Second})
		h, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: sampler(20, "m.safetensors")})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var last error
		for _, last = range c.Follow(ctx, h) {
			go func() { _ = c.Close() }()
		}
		if last == nil || errors.Is(last, context.DeadlineExceeded) {
			t.Errorf("follow ended with %v", last)
		}
	})
}
