package runpodtest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A job is what was sent to /run.
type job struct {
	id     string
	input  []byte
	status string
	looks  int // that find it in the queue still
	result result
	queued time.Time
	began  time.Time
	ctx    context.Context // of its execution
	stop   context.CancelFunc
}

// A result is what a worker posts: output and error.
type result struct {
	output any
	failed any // error
}

func (s *Server) newJob(input []byte) *job {
	id := comfy.NewID() + "-u1"
	if s.opts.Development {
		id = "test-" + comfy.NewID()
	}
	j := &job{id: id, input: input, status: "IN_QUEUE", looks: s.opts.Cold, queued: time.Now()}
	j.ctx, j.stop = context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs[id] = j
	s.count++
	return j
}

// serveJobs is the one worker.
func (s *Server) serveJobs() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case j := <-s.work:
			s.mu.Lock()
			mine := j.status == "IN_QUEUE"
			if mine {
				j.status, j.began = "IN_PROGRESS", time.Now()
			}
			s.mu.Unlock()
			if mine {
				s.finish(j, s.handle(j))
			}
		}
	}
}

func (s *Server) finish(j *job, r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.stop()
	if j.status != "IN_PROGRESS" { // cancelled meanwhile: the result is dropped
		return
	}
	j.result = r
	j.status = "COMPLETED"
	if r.failed != nil {
		j.status = "FAILED"
	}
}

func (s *Server) status(w http.ResponseWriter, id string) {
	s.mu.Lock()
	j := s.jobs[id]
	if j == nil {
		s.mu.Unlock()
		reply(w, http.StatusNotFound, map[string]string{"error": "job not found"})
		return
	}
	if j.looks > 0 {
		j.looks--
		s.mu.Unlock()
		reply(w, http.StatusOK, map[string]string{"id": id, "status": "IN_QUEUE"})
		return
	}
	doc := s.document(j)
	s.mu.Unlock()
	reply(w, http.StatusOK, doc)
}

// document is what the status of a job says; s.mu is held.
func (s *Server) document(j *job) map[string]any {
	doc := map[string]any{"id": j.id, "status": j.status}
	switch j.status {
	case "IN_QUEUE":
		return doc
	case "IN_PROGRESS":
		doc["delayTime"], doc["workerId"] = j.began.Sub(j.queued).Milliseconds(), "w1"
		return doc
	}
	doc["delayTime"], doc["executionTime"], doc["workerId"] = j.began.Sub(j.queued).Milliseconds(), since(j.began), "w1"
	if j.result.output != nil {
		doc["output"] = j.result.output
	}
	if j.result.failed != nil {
		doc["error"] = j.result.failed
	}
	return doc
}

func (s *Server) cancelJob(w http.ResponseWriter, id string) {
	s.mu.Lock()
	j := s.jobs[id]
	if j == nil {
		s.mu.Unlock()
		reply(w, http.StatusNotFound, map[string]string{"error": "job not found"})
		return
	}
	if j.status == "IN_QUEUE" || j.status == "IN_PROGRESS" {
		j.status, j.looks = "CANCELLED", 0
		j.stop() // the container is killed: what it computes ends with it
	}
	status := j.status
	s.mu.Unlock()
	reply(w, http.StatusOK, map[string]string{"id": id, "status": status})
}

// executeNow is the status of the SDK's local server.
func (s *Server) executeNow(w http.ResponseWriter, id string) {
	s.mu.Lock()
	j := s.jobs[id]
	delete(s.jobs, id)
	if j == nil {
		s.mu.Unlock()
		reply(w, http.StatusOK, map[string]string{"id": id, "status": "FAILED", "error": "Job ID not found"})
		return
	}
	j.status, j.began = "IN_PROGRESS", time.Now()
	s.mu.Unlock()
	s.finish(j, s.handle(j))
	doc := map[string]any{"id": id, "status": j.status}
	if j.result.failed != nil {
		doc["error"] = j.result.failed // and no output beside it
	} else {
		doc["output"] = j.result.output
	}
	reply(w, http.StatusOK, doc)
}

// serveBucket gives out an object to who has its signature, and refuses who
// shows a key of RunPod's.
func (s *Server) serveBucket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	data, ok := s.bucket[strings.TrimPrefix(r.URL.Path, "/bucket/")]
	s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "":
		w.WriteHeader(http.StatusBadRequest) // as a bucket does that sees two ways to sign
	case r.URL.Query().Get("X-Amz-Signature") != "a+b/c=":
		w.WriteHeader(http.StatusForbidden)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(data)
	}
}
