package supabase_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase/supabasetest"
)

// A mishap happens to requests of a kind: the first so many of them.
type mishap struct {
	method, path string // the path begins so, below the service
	times        int64
	do           func(w http.ResponseWriter, r *http.Request, serve http.Handler)
}

func cut(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// lose serves the request and cuts the connection instead of answering.
func lose(_ http.ResponseWriter, r *http.Request, serve http.Handler) {
	serve.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// half serves the first bytes of the body only, and cuts the connection.
func half(_ http.ResponseWriter, r *http.Request, serve http.Handler) {
	data, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	r.Body = io.NopCloser(bytes.NewReader(data))
	serve.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func status(code int, body string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/plain;charset=UTF-8")
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

func page(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "text/html")
	io.WriteString(w, "<html>please sign in</html>")
}

func befall(service *supabasetest.Service, mishaps ...mishap) {
	left := make([]atomic.Int64, len(mishaps))
	for i, m := range mishaps {
		left[i].Store(m.times)
	}
	service.Intercept = func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		for i, m := range mishaps {
			if r.Method == m.method && strings.HasPrefix(strings.TrimPrefix(r.URL.Path, "/storage/v1"), m.path) && left[i].Add(-1) >= 0 {
				m.do(w, r, serve)
				return
			}
		}
		serve.ServeHTTP(w, r)
	}
}

const (
	small = 1 << 20
	large = 20 << 20
)

// P-F5: whatever happens on the way, an object is there once, whole, and nothing else is.
func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	tooMany := func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		w.Header().Set("Retry-After", "1")
		status(429, "")(w, r, serve)
	}
	for name, tt := range map[string]struct {
		size    int
		replace bool
		mishaps []mishap
	}{
		"a lost answer to an upload":         {small, false, []mishap{{"POST", "/object/art", 2, lose}}},
		"a lost answer to a replacement":     {small, true, []mishap{{"POST", "/object/art", 2, lose}}},
		"a reset in an upload":               {small, false, []mishap{{"POST", "/object/art", 2, half}}},
		"a lost answer to a move":            {small, false, []mishap{{"POST", "/object/move", 1, lose}}},
		"a service that restarts":            {small, false, []mishap{{"POST", "/object", 2, status(503, "")}, {"GET", "/", 1, status(502, "")}}},
		"too many requests":                  {small, false, []mishap{{"POST", "/object", 1, tooMany}}},
		"a cut connection, large":            {large, false, []mishap{{"PATCH", "/upload", 3, cut}}},
		"a reset in a chunk":                 {large, false, []mishap{{"PATCH", "/upload", 3, half}}},
		"a lost answer to a chunk":           {large, false, []mishap{{"PATCH", "/upload", 2, lose}}},
		"lost answers to all chunks":         {large, true, []mishap{{"PATCH", "/upload", 5, lose}}},
		"a lost answer to the beginning":     {large, false, []mishap{{"POST", "/upload", 1, lose}}},
		"a locked upload":                    {large, false, []mishap{{"PATCH", "/upload", 2, status(423, "Failed to acquire lock")}}},
		"an offset that differs":             {large, false, []mishap{{"PATCH", "/upload", 1, status(409, "Upload-Offset conflict")}}},
		"an expired upload":                  {large, false, []mishap{{"PATCH", "/upload", 1, status(410, "The file for this url no longer exists")}}},
		"an expired upload that is asked":    {large, false, []mishap{{"PATCH", "/upload", 1, cut}, {"HEAD", "/upload", 1, status(404, "")}}},
		"a service that restarts in between": {large, false, []mishap{{"PATCH", "/upload", 2, status(500, "")}, {"HEAD", "/upload", 1, status(503, "")}}},
		"a move while the service restarts":  {large, false, []mishap{{"POST", "/object/move", 2, status(502, "")}}},
		"an answer to a stat that is lost":   {large, false, []mishap{{"GET", "/object/info", 2, lose}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, opts := project(t, true)
			befall(service, tt.mishaps...)
			s := open(t, opts)
			data := bytes.Repeat([]byte("easel..."), tt.size/8)
			for i := range len(data) / 4096 {
				copy(data[i*4096:], fmt.Sprint(i)) // no two pages are equal
			}
			w, err := s.Create(t.Context(), storage.Object{Name: "x.bin", Replace: tt.replace})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Commit(t.Context(), "x.bin"); err != nil {
				t.Fatal(err)
			}
			if keys := service.Keys("art"); !slices.Equal(keys, []string{"x.bin"}) {
				t.Errorf("there are %q", keys)
			}
			if !bytes.Equal(service.Object("art", "x.bin"), data) {
				t.Error("the content differs")
			}
		})
	}
}

// A store that stays away fails with an error that says that trying again helps,
// and one that refuses does not.
func TestFailures(t *testing.T) {
	t.Parallel()
	const always = 1 << 30
	for name, tt := range map[string]struct {
		size      int
		mishap    mishap
		kind      error
		temporary bool
		words     string
	}{
		"away":               {small, mishap{"POST", "/object", always, cut}, nil, true, ""},
		"always busy":        {small, mishap{"POST", "/object", always, status(503, "")}, nil, true, "503"},
		"away, large":        {large, mishap{"PATCH", "/upload", always, cut}, nil, true, ""},
		"locked for ever":    {large, mishap{"PATCH", "/upload", always, status(423, "locked")}, nil, true, "locked"},
		"expires each time":  {large, mishap{"PATCH", "/upload", always, status(410, "gone")}, nil, true, "gave the upload up"},
		"a page of a proxy":  {small, mishap{"POST", "/object", always, page}, nil, false, "SUPABASE_URL"},
		"a page at the end":  {small, mishap{"POST", "/object/move", always, page}, nil, false, "SUPABASE_URL"},
		"no Supabase":        {large, mishap{"POST", "/upload", always, page}, nil, false, "SUPABASE_URL"},
		"a key that expired": {small, mishap{"POST", "/object", always, status(401, "")}, storage.ErrAuth, false, ""},
		"no quota left":      {small, mishap{"POST", "/object", always, status(402, "")}, storage.ErrFull, false, ""},
		"too large":          {small, mishap{"POST", "/object", always, status(413, "")}, nil, false, "larger than the bucket or the project allows"},
		"too large, TUS":     {large, mishap{"POST", "/upload", always, status(413, "Maximum size exceeded")}, nil, false, "larger than"},
		"never takes a byte": {large, mishap{"PATCH", "/upload", always, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Upload-Offset", "0")
			w.WriteHeader(http.StatusNoContent)
		}}, nil, true, "does not take more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, opts := project(t, true)
			befall(service, tt.mishap)
			s := open(t, opts)
			w, err := s.Create(t.Context(), storage.Object{Name: "x.bin"})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
			if _, err := w.Write(make([]byte, tt.size)); err != nil {
				t.Fatal(err)
			}
			_, err = w.Commit(t.Context(), "x.bin")
			if failed, ok := errors.AsType[*storage.Error](err); !ok || failed.Temporary != tt.temporary || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("%v: temporary %v", err, storage.Temporary(err))
			}
			if err != nil && !strings.Contains(err.Error(), tt.words) {
				t.Errorf("%v does not say %q", err, tt.words)
			}
			if strings.Contains(fmt.Sprint(err), testKey) {
				t.Errorf("%v has the key in it", err)
			}
		})
	}
}

// A bucket that takes pictures only refuses a record, and says so.
func TestMediaTypesOfABucket(t *testing.T) {
	t.Parallel()
	service, opts := project(t, true)
	service.AddBucket("pictures", true, "image/png")
	opts.Bucket = "pictures"
	s := open(t, opts)
	w, err := s.Create(t.Context(), storage.Object{MediaType: "application/json"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context(), "x.json"); err == nil || !strings.Contains(err.Error(), "does not take this kind of file") {
		t.Errorf("%v", err)
	}
}

// The key goes to the project and nowhere else, whatever the service answers.
func TestKeyStays(t *testing.T) {
	t.Parallel()
	var leaked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { leaked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	service, opts := project(t, false)
	service.Intercept = func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		switch {
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/object/authenticated/"):
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/upload/resumable"):
			rec := httptest.NewRecorder()
			serve.ServeHTTP(rec, r)
			_, at, _ := strings.Cut(rec.Header().Get("Location"), "/storage/")
			w.Header().Set("Location", elsewhere.URL+"/storage/"+at)
			w.WriteHeader(rec.Code)
		default:
			serve.ServeHTTP(w, r)
		}
	}
	s := open(t, opts)
	w, err := s.Create(t.Context(), storage.Object{Name: "x.bin"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, large)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context(), "x.bin"); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Open(t.Context(), "x.bin"); err == nil {
		t.Error("a redirect was followed")
	}
	if n := leaked.Load(); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
	for _, at := range []string{"", "http://example.com", "https://key@example.com", "ftp://example.com", "https://", "https://x.test?y", "example.com"} {
		opts.URL = at
		if _, err := supabase.Open(opts); err == nil {
			t.Errorf("%q was taken", at)
		} else if _, ok := errors.AsType[*supabase.SettingError](err); !ok {
			t.Errorf("%q: %T", at, err)
		}
	}
}

// What uploads that died left in the bucket a day ago is swept, and nothing else.
func TestSweep(t *testing.T) {
	t.Parallel()
	service, opts := project(t, false)
	s := open(t, opts)
	storagetest.Put(t, s, "sub/.easel-other.part", "of somebody else")
	service.Age("art", ".easel-old.part", 25)
	service.Age("art", ".easel-young.part", 1)
	service.Age("art", "sub/.easel-other.part", 25)
	if err := open(t, opts).Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, opts)
	storagetest.Put(t, again, "x", "x")
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if keys := service.Keys("art"); !slices.Equal(keys, []string{".easel-young.part", "sub/.easel-other.part", "x"}) {
		t.Errorf("there are %q", keys)
	}
	if names := storagetest.Names(t, again, ""); !slices.Equal(names, []string{"sub/.easel-other.part", "x"}) {
		t.Errorf("listed %q", names)
	}
}

// Names of others read as they are, also those that look like escapes.
func TestForeignKeys(t *testing.T) {
	t.Parallel()
	service, opts := project(t, false)
	for _, key := range []string{"a=b.png", "x=41.png", "=", "==41", "=E4=B8=AD.png", "=ZZ"} {
		service.Age("art", key, 0)
	}
	s := open(t, opts)
	names := storagetest.Names(t, s, "")
	if !slices.Equal(names, []string{"=", "==41", "=ZZ", "a=b.png", "x=41.png", "中.png"}) {
		t.Errorf("listed %q", names)
	}
	for _, name := range names {
		if _, err := s.Stat(t.Context(), name); err != nil {
			t.Error(err)
		}
		if got := storagetest.Names(t, s, name); !slices.Contains(got, name) {
			t.Errorf("a list of %q has %q", name, got)
		}
	}
	for _, name := range names {
		if err := s.Remove(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	if keys := service.Keys("art"); len(keys) > 0 {
		t.Errorf("left %q", keys)
	}
}

// P-H6: lines in what is sent along do not become headers.
func TestHeaders(t *testing.T) {
	t.Parallel()
	_, opts := project(t, false)
	s := open(t, opts)
	o := storage.Object{Name: "a\r\nX-Evil: 1.png", Metadata: map[string]string{"prompt": "a\r\nX-Evil: 1"}}
	w, err := s.Create(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context(), o.Name); err != nil {
		t.Error(err)
	}
	if info, err := s.Stat(t.Context(), o.Name); err != nil || info.Metadata["prompt"] != o.Metadata["prompt"] {
		t.Errorf("%+v, %v", info, err)
	}
	w, err = s.Create(t.Context(), storage.Object{MediaType: "image/png\r\nX-Evil: 1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(t.Context(), "x.png"); err == nil {
		t.Error("a header was split")
	}
}

// A cancelled upload ends at once, also between its tries.
func TestCancelBetweenTries(t *testing.T) {
	t.Parallel()
	service, opts := project(t, false)
	ctx, cancel := context.WithCancel(t.Context())
	befall(service, mishap{"POST", "/object", 1 << 30, func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		cancel()
		status(503, "")(w, r, serve)
	}})
	s := open(t, opts)
	w, err := s.Create(ctx, storage.Object{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(ctx, "x"); err == nil {
		t.Error("stored")
	}
}

func FuzzKeys(f *testing.F) {
	for _, name := range []string{"plain.png", "grüße #1 + 50%.txt", "a=b", "x=41", "==3D", "=E4", "東京/🙂", "\x00\xff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		key := supabase.KeyOf(name)
		for _, c := range []byte(key) {
			if strings.IndexByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/!.*'() &$=@;:+,?-", c) < 0 {
				t.Fatalf("%q has the key %q", name, key)
			}
		}
		if storage.CheckName(name) == nil && supabase.NameOf(key) != name {
			t.Errorf("%q has the key %q, which is the name %q", name, key, supabase.NameOf(key))
		}
		if got := supabase.NameOf(name); supabase.KeyOf(got) != name && got != name {
			t.Errorf("the key %q has the name %q", name, got)
		}
	})
}
