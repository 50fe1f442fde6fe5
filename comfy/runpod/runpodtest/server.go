// Package runpodtest is RunPod in a test: an endpoint's jobs, done by a worker
// that behaves as worker-comfyui 5.8.5 does and drives the emulator, and the
// account beside it. What RunPod would answer otherwise can be written into a
// script, request by request.
package runpodtest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/internal/script"
)

// Options are how a Server behaves.
type Options struct {
	Key      string // the key that it wants; "" = "rpa_test"
	Endpoint string // id; "" = "abc123"
	Emulator emulator.Options
	Cold     int  // looks at a job that find it in the queue before the worker takes it
	Bucket   bool // outputs go into a bucket, which wants no key and a signature
	// Development imitates the SDK's local server: no prefix, no key, POST only,
	// and a job is done when its status is asked for, once.
	Development bool
	// MaxResult is how large a result may be, in bytes; a larger one is lost. 0 = 10 MB.
	MaxResult int
	Pods      []Pod
	Image     string // of the endpoint; "" = "runpod/worker-comfyui:5.8.5-base"
}

// An Answer is what a script says instead.
type Answer = script.Answer

// A Seen is one request that came.
type Seen struct {
	Method, Path  string
	Authorization string
	Body          string // of jobs and actions
}

// A Server is RunPod. Jobs are at URL, the account is at URL + "/rest".
type Server struct {
	script.Answers // for the kinds "run", "status", "cancel", "health", "runsync", "pods", "action"

	URL      string
	opts     Options
	emulator *emulator.Server
	comfy    *comfy.Client
	work     chan *job
	ctx      context.Context

	mu     sync.Mutex
	jobs   map[string]*job
	bucket map[string][]byte
	seen   []Seen
	pods   []*Pod
	count  int
}

// New serves until the test ends.
func New(tb testing.TB, opts Options) *Server {
	tb.Helper()
	if opts.Key == "" {
		opts.Key = "rpa_test"
	}
	if opts.Endpoint == "" {
		opts.Endpoint = "abc123"
	}
	if opts.MaxResult == 0 {
		opts.MaxResult = 10 << 20
	}
	if opts.Image == "" {
		opts.Image = "runpod/worker-comfyui:5.8.5-base"
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		opts: opts, emulator: emulator.New(opts.Emulator), work: make(chan *job, 1000), ctx: ctx,
		jobs: map[string]*job{}, bucket: map[string][]byte{},
	}
	for _, p := range opts.Pods {
		s.pods = append(s.pods, &p)
	}
	client, err := comfy.NewClient("http://emulator", comfy.WithHTTPClient(s.emulator.Client()))
	if err != nil {
		tb.Fatal(err)
	}
	s.comfy = client
	web := httptest.NewServer(s)
	s.URL = web.URL
	var working sync.WaitGroup
	working.Go(s.serveJobs)
	tb.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		stop()
		working.Wait()
		_ = client.Close()
		s.emulator.Close()
	})
	return s
}

// Seen lists the requests of a kind that came, or all.
func (s *Server) Seen(kind string) []Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Seen
	for _, r := range s.seen {
		if kind == "" || kindOf(r.Path) == kind {
			found = append(found, r)
		}
	}
	return found
}

// Forget drops every job, as RunPod does 30 minutes after its end or when its
// time to live is over.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.jobs)
}

// Jobs counts those that were accepted.
func (s *Server) Jobs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// kindOf names a request for scripts.
func kindOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for _, p := range parts {
		switch p {
		case "run", "runsync", "status", "cancel", "health", "pods", "serverless", "catalog", "bucket", "proxy":
			if p == "pods" && parts[len(parts)-1] == "action" {
				return "action"
			}
			return p
		}
	}
	return "other"
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		return
	}
	kind := kindOf(r.URL.Path)
	var shown string
	if kind != "proxy" {
		shown = string(body)
	}
	s.mu.Lock()
	s.seen = append(s.seen, Seen{Method: r.Method, Path: r.URL.Path, Authorization: r.Header.Get("Authorization"), Body: shown})
	s.mu.Unlock()
	s.Serve(w, kind, func(w http.ResponseWriter) { s.answer(w, r, kind, body) })
}

// answer is what RunPod says.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	switch kind {
	case "bucket":
		s.serveBucket(w, r)
		return
	case "proxy":
		s.serveProxy(w, r, body)
		return
	}
	if !s.opts.Development && r.Header.Get("Authorization") != "Bearer "+s.opts.Key {
		reply(w, http.StatusUnauthorized, map[string]any{"title": "Unauthorized", "status": 401, "detail": "invalid bearer token"})
		return
	}
	switch kind {
	case "pods", "action", "serverless", "catalog":
		s.serveAccount(w, r, body)
	default:
		s.serveJob(w, r, kind, body)
	}
}

// serveJob answers what is about jobs.
func (s *Server) serveJob(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	path := r.URL.Path
	if s.opts.Development {
		if path == "/openapi.json" {
			reply(w, http.StatusOK, map[string]any{"info": map[string]string{"title": "Runpod | Development Worker API"}})
			return
		}
	} else {
		rest, ok := strings.CutPrefix(path, "/"+s.opts.Endpoint+"/")
		if !ok {
			reply(w, http.StatusNotFound, map[string]string{"error": "endpoint not found"})
			return
		}
		path = "/" + rest
	}
	op, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if op != kind {
		reply(w, http.StatusNotFound, map[string]string{"detail": "Not Found"})
		return
	}
	switch {
	case op == "run" || op == "runsync":
		s.submit(w, op, body)
	case s.opts.Development && op != "status":
		reply(w, http.StatusNotFound, map[string]string{"detail": "Not Found"})
	case s.opts.Development && r.Method != http.MethodPost:
		reply(w, http.StatusMethodNotAllowed, map[string]string{"detail": "Method Not Allowed"})
	case s.opts.Development:
		s.executeNow(w, id)
	case op == "status":
		s.status(w, id)
	case op == "cancel":
		s.cancelJob(w, id)
	case op == "health":
		s.health(w)
	}
}

func (s *Server) submit(w http.ResponseWriter, op string, body []byte) {
	limit := 10_000_000
	if op == "runsync" {
		limit = 20_000_000
	}
	if len(body) > limit && !s.opts.Development {
		reply(w, http.StatusRequestEntityTooLarge, map[string]string{"error": "payload too large"})
		return
	}
	var m struct {
		Input json.RawMessage `json:"input"`
	}
	if json.Unmarshal(body, &m) != nil || len(m.Input) == 0 {
		reply(w, http.StatusBadRequest, map[string]string{"error": "input is required"})
		return
	}
	j := s.newJob(m.Input)
	status := "IN_QUEUE"
	if s.opts.Development {
		status = "IN_PROGRESS"
	} else {
		s.work <- j
	}
	reply(w, http.StatusOK, map[string]string{"id": j.id, "status": status})
}

func (s *Server) health(w http.ResponseWriter) {
	s.mu.Lock()
	queued, running := 0, 0
	for _, j := range s.jobs {
		switch j.status {
		case "IN_QUEUE":
			queued++
		case "IN_PROGRESS":
			running++
		}
	}
	s.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{
		"jobs":    map[string]int{"completed": 0, "failed": 0, "inProgress": running, "inQueue": queued, "retried": 0},
		"workers": map[string]int{"idle": 1 - min(running, 1), "running": min(running, 1), "initializing": 0, "ready": 1, "throttled": 0, "unhealthy": 0},
	})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// since is a span in milliseconds.
func since(t time.Time) int64 { return time.Since(t).Milliseconds() }
