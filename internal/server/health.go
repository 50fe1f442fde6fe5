package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// health is for machines that look after the server. It needs no key and says
// nothing of what runs but numbers.
func (s *Server) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		_ = writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /metrics", s.metrics)
}

const readyPatience = 3 * time.Second

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, stop := context.WithTimeout(r.Context(), readyPatience)
	defer stop()
	err := s.o.DB.CheckSchema(ctx)
	if err == nil && s.o.Ready != nil {
		err = s.o.Ready(ctx)
	}
	if err != nil {
		s.o.Log.Warn("not ready", "error", err)
		s.fail(w, &statusError{Status: http.StatusServiceUnavailable, Code: "not_ready", Detail: "No job can run now", Hint: "the server's log says why", RetryAfter: 5})
		return
	}
	_ = writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// metrics are in the text form of Prometheus, version 0.0.4.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	counts, err := s.o.DB.Counts(r.Context())
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprintf(w, "# HELP easel_build_info Which easel this is.\n# TYPE easel_build_info gauge\neasel_build_info{version=%q} 1\n", s.o.Version)
	fmt.Fprint(w, "# HELP easel_jobs Jobs by state.\n# TYPE easel_jobs gauge\n")
	for _, state := range []jobs.State{jobs.Queued, jobs.Running, jobs.Succeeded, jobs.Failed, jobs.Cancelled} {
		fmt.Fprintf(w, "easel_jobs{state=%q} %d\n", state, counts[state])
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "# HELP go_goroutines Goroutines.\n# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	fmt.Fprintf(w, "# HELP go_memstats_heap_alloc_bytes Bytes of live and unswept objects.\n# TYPE go_memstats_heap_alloc_bytes gauge\ngo_memstats_heap_alloc_bytes %d\n", m.HeapAlloc)
}
