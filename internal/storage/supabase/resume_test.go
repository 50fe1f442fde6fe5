package supabase_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase/supabasetest"
)

// wires counts what goes to a service, and cuts the uploads off from some byte on.
type wires struct {
	begun, sent atomic.Int64
	cutAt       atomic.Int64 // bytes of uploads after which nothing comes through; 0 = never
	down        atomic.Pointer[mishap]
}

func (n *wires) intercept(w http.ResponseWriter, r *http.Request, serve http.Handler) {
	at := strings.TrimPrefix(r.URL.Path, "/storage/v1")
	most := n.cutAt.Load()
	down := n.down.Load()
	switch {
	case down != nil && r.Method == down.method && strings.HasPrefix(at, down.path):
		down.do(w, r, serve)
	case most > 0 && n.sent.Load() >= most:
		panic(http.ErrAbortHandler)
	case r.Method == http.MethodPost && at == "/upload/resumable":
		n.begun.Add(1)
		serve.ServeHTTP(w, r)
	case r.Method == http.MethodPatch:
		data, _ := io.ReadAll(r.Body)
		if most > 0 {
			data = data[:min(int64(len(data)), most-n.sent.Load())]
		}
		n.sent.Add(int64(len(data)))
		r.Body = io.NopCloser(bytes.NewReader(data))
		if most > 0 && n.sent.Load() >= most {
			serve.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		serve.ServeHTTP(w, r)
	default:
		serve.ServeHTTP(w, r)
	}
}

// commit is what one process does with an output: it opens the store, hands all
// bytes over and commits them.
func commit(t *testing.T, opts supabase.Options, o storage.Object, data []byte) error {
	t.Helper()
	s, err := supabase.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := io.Copy(w, io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))); err != nil {
		t.Fatal(err)
	}
	_, err = w.Commit(t.Context(), o.Name)
	return err
}

// P-F5: an upload that one process has begun is gone on with by another one, and
// what has arrived is not sent again; where the service does not know it any more, or
// it is of another content, it begins anew.
func TestAnotherProcessGoesOn(t *testing.T) {
	t.Parallel()
	const cutAt = 13 << 20
	rest := int64(large - cutAt)
	for name, tt := range map[string]struct {
		replace bool
		between func(t *testing.T, service *supabasetest.Service, net *wires, file string, data []byte)
		sent    int64 // by the second process
		begun   int64
	}{
		"it is there": {false, nil, rest, 0},
		"to replace":  {true, nil, rest, 0},
		"its lock is held": {false, func(_ *testing.T, _ *supabasetest.Service, net *wires, _ string, _ []byte) {
			net.down.Store(new(locked(2)))
		}, rest, 0},
		"it has expired": {
			false, func(_ *testing.T, service *supabasetest.Service, _ *wires, _ string, _ []byte) { service.Expire() },
			large, 1,
		},
		"of other content": {
			false, func(_ *testing.T, _ *supabasetest.Service, _ *wires, _ string, data []byte) { data[0]++ },
			large, 1,
		},
		"what was written down is damaged": {false, func(t *testing.T, _ *supabasetest.Service, _ *wires, file string, _ []byte) {
			t.Helper()
			if err := os.WriteFile(file, []byte(`{"upload":`), 0o600); err != nil {
				t.Fatal(err)
			}
		}, large, 1},
		"of another bucket": {false, func(t *testing.T, _ *supabasetest.Service, _ *wires, file string, _ []byte) {
			t.Helper()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, bytes.Replace(data, []byte(`"art"`), []byte(`"tra"`), 1), 0o600); err != nil {
				t.Fatal(err)
			}
		}, large, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, opts := project(t, true)
			net := &wires{}
			net.cutAt.Store(cutAt)
			service.Intercept = net.intercept
			data := make([]byte, large)
			_, _ = rand.Read(data)
			o := storage.Object{Name: "x.bin", Replace: tt.replace, Progress: filepath.Join(t.TempDir(), "x.progress")}
			if err := commit(t, opts, o, data); !storage.Temporary(err) {
				t.Fatalf("while the service is away: %v", err)
			}
			told, err := os.ReadFile(o.Progress)
			if err != nil || bytes.Contains(told, []byte(testKey)) {
				t.Fatalf("written down: %q, %v", told, err)
			}
			net.cutAt.Store(0)
			net.sent.Store(0)
			net.begun.Store(0)
			if tt.between != nil {
				tt.between(t, service, net, o.Progress, data)
			}
			if err := commit(t, opts, o, data); err != nil {
				t.Fatal(err)
			}
			if net.sent.Load() != tt.sent || net.begun.Load() != tt.begun {
				t.Errorf("%d bytes were sent and %d uploads begun, want %d and %d", net.sent.Load(), net.begun.Load(), tt.sent, tt.begun)
			}
			if keys := service.Keys("art"); !slices.Equal(keys, []string{"x.bin"}) || !bytes.Equal(service.Object("art", "x.bin"), data) {
				t.Errorf("there are %q", keys)
			}
		})
	}
}

// locked answers so many questions for an upload with the lock of another request.
func locked(times int64) mishap {
	var left atomic.Int64
	left.Store(times)
	return mishap{"HEAD", "/upload", times, func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		if left.Add(-1) >= 0 {
			w.WriteHeader(http.StatusLocked)
			return
		}
		serve.ServeHTTP(w, r)
	}}
}

// P-F5: where only the name was lacking, another process gives it, and sends nothing
// again.
func TestAnotherProcessNames(t *testing.T) {
	t.Parallel()
	service, opts := project(t, true)
	net := &wires{}
	net.down.Store(&mishap{"POST", "/object/move", 0, status(503, "")})
	service.Intercept = net.intercept
	data := make([]byte, large)
	o := storage.Object{Name: "x.bin", Progress: filepath.Join(t.TempDir(), "x.progress")}
	if err := commit(t, opts, o, data); !storage.Temporary(err) {
		t.Fatalf("without a name: %v", err)
	}
	net.sent.Store(0)
	net.down.Store(nil)
	if err := commit(t, opts, o, data); err != nil {
		t.Fatal(err)
	}
	if keys := service.Keys("art"); net.sent.Load() != 0 || !slices.Equal(keys, []string{"x.bin"}) {
		t.Errorf("%d bytes were sent; there are %q", net.sent.Load(), keys)
	}
}

// The same against a real service: the first process is gone when half has arrived.
func TestRealAnotherProcessGoesOn(t *testing.T) {
	t.Parallel()
	opts := real(t, false)
	data := make([]byte, large)
	_, _ = rand.Read(data)
	o := storage.Object{Name: "x.bin", Progress: filepath.Join(t.TempDir(), "x.progress")}
	var sent atomic.Int64
	first := opts
	ctx, cancel := context.WithCancel(t.Context())
	first.Client = &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPatch && r.Header.Get("Upload-Offset") != "0" {
			cancel()
			return nil, ctx.Err()
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	if err := commit(t, first, o, data); err == nil {
		t.Fatal("stored")
	}
	second := opts
	second.Client = &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPatch {
			sent.Add(r.ContentLength)
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	if err := commit(t, second, o, data); err != nil {
		t.Fatal(err)
	}
	s := open(t, opts)
	t.Cleanup(func() { empty(t, s) })
	body, _, err := s.Open(t.Context(), "x.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	if sent.Load() != large-6<<20 {
		t.Errorf("%d bytes were sent again of %d", sent.Load(), large)
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
