package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// unzipped is the body of an answer that says it is compressed.
func unzipped(t testing.TB, r reply) string {
	t.Helper()
	if got := r.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("%s has the encoding %q", r.Request.URL, got)
	}
	z, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1})
	const path = "/api/v1/workflows"
	plain := h.want(200, h.ask("GET", path, "", "Accept-Encoding", "identity"))
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("as it is: %v", plain.Header)
	}
	zipped := h.want(200, h.ask("GET", path, "", "Accept-Encoding", "br, gzip"))
	if unzipped(t, zipped) != string(plain.body) || zipped.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("another body, or no Vary: %v", zipped.Header)
	}
	if len(zipped.body)*4 > len(plain.body) {
		t.Errorf("%d bytes became %d", len(plain.body), len(zipped.body))
	}

	// Two bodies, two strong tags; who has either is told so by the tag it has.
	have, haveZipped := plain.Header.Get("ETag"), zipped.Header.Get("ETag")
	if have == haveZipped || have == "" || haveZipped == "" {
		t.Errorf("tags %s and %s", have, haveZipped)
	}
	for _, tag := range []string{have, haveZipped} {
		for _, accepted := range []string{"identity", "gzip"} {
			r := h.want(304, h.ask("GET", path, "", "Accept-Encoding", accepted, "If-None-Match", `"other", `+tag))
			if r.Header.Get("ETag") != tag || r.Header.Get("Vary") != "Accept-Encoding" || r.Header.Get("Content-Encoding") != "" || len(r.body) > 0 {
				t.Errorf("%s with %s: %v %q", tag, accepted, r.Header, r.body)
			}
		}
	}
	h.want(200, h.ask("GET", path, "", "Accept-Encoding", "gzip", "If-None-Match", `"other-gzip"`))
	head := h.want(200, h.ask("HEAD", path, "", "Accept-Encoding", "gzip"))
	if head.Header.Get("Content-Encoding") != "gzip" || head.Header.Get("ETag") != haveZipped || len(head.body) > 0 {
		t.Errorf("HEAD: %v", head.Header)
	}

	// Small bodies, errors without a body to speak of, files and streams stay as they are.
	var job jobView
	h.want(200, h.ask("POST", "/api/v1/generate?wait=60", `{"workflow_id":"flux_single","prompt":"x"}`)).into(t, &job)
	for _, path := range []string{"/api/v1/session", job.Outputs[0].URL, *job.Outputs[0].Thumbnail, job.Links.Events, "/api/v1/nothing", "/healthz"} {
		if r := h.ask("GET", path, "", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" || len(r.body) == 0 {
			t.Errorf("%s: %v", path, r.Header)
		}
	}
	if r := h.ask("GET", job.Outputs[0].URL, "", "Accept-Encoding", "gzip", "Range", "bytes=1-3"); r.StatusCode != http.StatusPartialContent || string(r.body) != "PNG" {
		t.Errorf("a range: %d %q", r.StatusCode, r.body)
	}
}

// A change that names the tag of a compressed answer is a change of what the
// client saw.
func TestConditionsOnCompressedAnswers(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	const path = "/api/v1/workflows/mine"
	h.want(200, h.ask("POST", "/api/v1/workflows/import?id=mine", cardGraph, "Content-Type", "application/octet-stream"))
	h.want(200, h.ask("PATCH", path, `{"description":"`+strings.Repeat("long ", 300)+`"}`))
	seen := h.want(200, h.ask("GET", path, "", "Accept-Encoding", "gzip"))
	if !strings.HasSuffix(seen.Header.Get("ETag"), zippedSuffix+`"`) {
		t.Fatalf("the tag is %s", seen.Header.Get("ETag"))
	}
	h.want(200, h.ask("PATCH", path, `{"name":"New"}`, "If-Match", seen.Header.Get("ETag")))
	h.want(412, h.ask("PATCH", path, `{"name":"Newer"}`, "If-Match", seen.Header.Get("ETag")))
}

func TestWhichAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	long, short := strings.Repeat("a b c ", 1000), "short"
	for _, c := range []struct {
		accept string
		header []string
		status int
		body   string
		zipped bool
	}{
		{"gzip", []string{"Content-Type", "application/json"}, 200, long, true},
		{"GZIP;q=0.5, br", []string{"Content-Type", "application/problem+json"}, 400, long, true},
		{"*", []string{"Content-Type", "text/plain; charset=utf-8", "Content-Length", "6000"}, 200, long, true},
		{"", []string{"Content-Type", "application/json"}, 200, long, false},
		{"gzip;q=0, *", []string{"Content-Type", "application/json"}, 200, long, false},
		{"*;q=0", []string{"Content-Type", "application/json"}, 200, long, false},
		{"gzip;q=x", []string{"Content-Type", "application/json"}, 200, long, false},
		{"gzip", []string{"Content-Type", "application/json"}, 200, short, false},
		{"gzip", []string{"Content-Type", "application/json"}, 200, "", false},
		{"gzip", []string{"Content-Type", "text/event-stream"}, 200, long, false},
		{"gzip", []string{"Content-Type", "image/png"}, 200, long, false},
		{"gzip", []string{"Content-Type", "application/zip"}, 200, long, false},
		{"gzip", []string{"Content-Type", "text/plain", "Accept-Ranges", "bytes"}, 200, long, false},
		{"gzip", []string{"Content-Type", "text/plain", "Content-Range", "bytes 0-9/99"}, 206, long, false},
		{"gzip", []string{"Content-Type", "text/plain", "Content-Encoding", "br"}, 200, long, false},
		{"gzip", nil, 200, long, false},
		{"gzip", []string{"Content-Type", "application/json"}, 0, long, true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/x", nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(c.header); i += 2 {
				w.Header().Set(c.header[i], c.header[i+1])
			}
			if c.status != 0 {
				w.WriteHeader(c.status)
			}
			for i := 0; i < len(c.body); i += 100 {
				_, _ = io.WriteString(w, c.body[i:min(i+100, len(c.body))])
			}
		})).ServeHTTP(w, r)
		got := w.Body.String()
		if (w.Header().Get("Content-Encoding") == "gzip") != c.zipped || w.Code != max(c.status, 200) {
			t.Errorf("%+v: %d %v", c.header, w.Code, w.Header())
		}
		if c.zipped {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(z)
			if got = string(all); err != nil || w.Header().Get("Content-Length") != "" {
				t.Errorf("%+v: %v, %v", c.header, err, w.Header())
			}
		}
		if got != c.body {
			t.Errorf("%+v: another body, %d bytes", c.header, len(got))
		}
	}
}

// What is flushed is out, compressed or not; a panic sends nothing of what was
// held back.
func TestCompressedAnswersFlush(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, 5000} {
		ask := make(chan string)
		web := httptest.NewServer(compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for text := range ask {
				_, _ = io.WriteString(w, text)
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
			}
		})))
		go func() { ask <- strings.Repeat("x", size) }()
		res, err := http.Get(web.URL + "/api/v1/x")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, size)
		if _, err := io.ReadFull(res.Body, got); err != nil {
			t.Error(err)
		}
		close(ask)
		res.Body.Close()
		web.Close()
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/api/v1/x", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	func() {
		defer func() { _ = recover() }()
		compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "half")
			panic("broken")
		})).ServeHTTP(w, r)
	}()
	if w.Body.Len() > 0 {
		t.Errorf("after a panic: %q", w.Body)
	}
}

// BenchmarkListWorkflows: a page opens with this answer.
func BenchmarkListWorkflows(b *testing.B) {
	h := build(b, houseOptions{})
	for _, coding := range []string{"identity", "gzip"} {
		b.Run(coding, func(b *testing.B) {
			var bytes int
			for b.Loop() {
				bytes = len(h.ask("GET", "/api/v1/workflows", "", "Accept-Encoding", coding).body)
			}
			b.ReportMetric(float64(bytes), "body-B")
		})
	}
}
