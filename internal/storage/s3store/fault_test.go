package s3store

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// A fault is done to a request that it fits: answered in the place of the server,
// or after it.
type fault struct {
	fits  func(*http.Request) bool
	times int                                                             // how often; 0 = each time
	do    func(w http.ResponseWriter, r *http.Request, next http.Handler) // what is done
}

// faulty is a server in front of another one.
type faulty struct {
	next   http.Handler
	mu     sync.Mutex
	faults []fault
	seen   map[int]int
	cached map[string]string // Cache-Control by path, which gofakes3 does not keep
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for i, at := range f.faults {
		if !at.fits(r) {
			continue
		}
		f.mu.Lock()
		if f.seen == nil {
			f.seen = map[int]int{}
		}
		due := at.times == 0 || f.seen[i] < at.times
		f.seen[i]++
		f.mu.Unlock()
		if due {
			at.do(w, r, f.next)
			return
		}
	}
	f.mu.Lock()
	if f.cached == nil {
		f.cached = map[string]string{}
	}
	if r.Method == http.MethodPut && !r.URL.Query().Has("partNumber") || r.URL.Query().Has("uploads") {
		f.cached[r.URL.Path] = r.Header.Get("Cache-Control")
	} else if kept := f.cached[r.URL.Path]; kept != "" {
		w.Header().Set("Cache-Control", kept)
	}
	f.mu.Unlock()
	f.next.ServeHTTP(w, r)
}

// puts are the requests that store a whole object, without those of a probe.
func puts(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.RawQuery == "x-id=PutObject" && !strings.Contains(r.URL.Path, probePrefix)
}

func parts(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Query().Has("partNumber")
}

func completes(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
}

func begins(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Query().Has("uploads")
}

// answer is what S3 says in an error.
func answer(status int, code, message string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = w.Write([]byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>` + code + `</Code><Message>` + message + `</Message></Error>`))
		}
	}
}

// lose has the server do what it was asked for, and drops the answer.
func lose(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// reset breaks the connection in the middle of what is sent.
func reset(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = r.Body.Read(make([]byte, 1<<10))
	panic(http.ErrAbortHandler)
}

// spoil stores other bytes than were sent.
func spoil(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("ETag", `"00000000000000000000000000000000"`)
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}
