package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/web"
)

func get(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	web.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		from = z
	}
	b, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPages(t *testing.T) {
	t.Parallel()
	index := body(t, get(t, "/"))
	for _, c := range []struct {
		path   string
		status int
		index  bool
	}{
		{"/generate", 200, true},
		{"/results/abc?x=1", 200, true},
		{"/../../etc/passwd", 200, true},
		{"/api/v1/nothing", 404, false},
		{"/api", 404, false},
		{"/assets/gone-0000.js", 404, false},
	} {
		r := get(t, c.path)
		if r.StatusCode != c.status || (body(t, r) == index) != c.index {
			t.Errorf("GET %s: %d, index.html %v", c.path, r.StatusCode, !c.index)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	r := get(t, "/")
	index := body(t, r)
	if got := r.Header.Get("Content-Security-Policy"); got != web.Policy || strings.Contains(regexp.MustCompile(`script-src[^;]*`).FindString(got), "unsafe") {
		t.Errorf("policy %q", got)
	}
	if got := r.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("index.html: Cache-Control %q", got)
	}
	if regexp.MustCompile(`<script(?:\s[^>]*)?>[^<]`).MatchString(index) || regexp.MustCompile(`\son\w+=`).MatchString(index) {
		t.Error("index.html has a script in it")
	}
	if strings.Contains(index, "://") {
		t.Error("index.html asks another server")
	}
	script := regexp.MustCompile(`/assets/[^"]+\.js`).FindString(index)
	if script == "" {
		t.Fatal("index.html names no script")
	}
	r = get(t, script, "Accept-Encoding", "gzip")
	if got := r.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("%s: Cache-Control %q", script, got)
	}
	if r.Header.Get("Content-Encoding") != "gzip" || body(t, r) != body(t, get(t, script)) {
		t.Error("what is sent compressed is something else")
	}
	if again := get(t, script, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("with its tag: %d", again.StatusCode)
	}
}

func TestOnlyReads(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	web.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/generate", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}
