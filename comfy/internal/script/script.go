// Package script lets the doubles of services give answers that a test wrote down.
package script

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// An Answer is what a script says instead of the service.
type Answer struct {
	Status int // 0 = 200
	Header http.Header
	Body   string
	After  bool // the request is done first, and its own answer thrown away
	Drop   bool // the connection breaks instead
}

// Answers are those that wait, for kinds of requests. The zero value has none.
type Answers struct {
	mu   sync.Mutex
	next map[string][]Answer
}

// Script appends answers to requests of a kind. Each is given once.
func (s *Answers) Script(kind string, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = map[string][]Answer{}
	}
	s.next[kind] = append(s.next[kind], answers...)
}

// Serve gives the next answer of a kind, or has the service give its own.
func (s *Answers) Serve(w http.ResponseWriter, kind string, own func(http.ResponseWriter)) {
	s.mu.Lock()
	var a *Answer
	if next := s.next[kind]; len(next) > 0 {
		a = &next[0]
		s.next[kind] = next[1:]
	}
	s.mu.Unlock()
	if a == nil {
		own(w)
		return
	}
	if a.After {
		own(httptest.NewRecorder())
	}
	if a.Drop {
		panic(http.ErrAbortHandler) //nolint:forbidigo // the way of net/http to break a connection
	}
	for k, vs := range a.Header {
		w.Header()[k] = vs
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(max(a.Status, http.StatusOK)) // 0 is no status
	_, _ = io.WriteString(w, a.Body)
}
