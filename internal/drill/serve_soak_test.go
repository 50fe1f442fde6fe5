package drill

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A sample is what a process holds at a moment.
type sample struct {
	jobs       int
	memory     int64 // bytes, resident
	files      int   // open descriptors
	goroutines int
}

func (s *serving) sample(jobs int) sample {
	s.m.t.Helper()
	at := sample{jobs: jobs, memory: s.memory()}
	if open, err := os.ReadDir("/proc/" + strconv.Itoa(s.proc.cmd.Process.Pid) + "/fd"); err == nil {
		at.files = len(open)
	}
	_, metrics := s.try(http.MethodGet, "/metrics", nil, nil)
	for line := range strings.Lines(string(metrics)) {
		if n, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			at.goroutines, _ = strconv.Atoi(strings.TrimSpace(n))
		}
	}
	return at
}

// tiny is a registry with one workflow that needs no model and no step, so that what
// easel does for a job is most of it.
const (
	tiny = `{"workflows": {"drill": {"id": "drill", "name": "Drill", "description": "d", "workflow_path": "tiny.json",
	"configurable_params": {"seed": {"type": "int", "default": 0, "min": 0, "max": 16777215, "bind": ["1.color"]}}}}}`
	tinyGraph = `{"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}},
	"2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "drill"}}}`
)

// A day's load of tiny jobs leaves memory, descriptors and goroutines as they were
// after its first part. The long form has 100,000 jobs, or EASEL_SOAK_JOBS.
func TestServeSoak(t *testing.T) {
	t.Parallel()
	jobs, parts := 200, 5
	if long {
		jobs, parts = 100_000, 20
		if n, err := strconv.Atoi(os.Getenv("EASEL_SOAK_JOBS")); err == nil {
			jobs = n
		}
	}
	srv, m := newRemote(t, "--step-time", "0s"), newMachine(t)
	s := newServing(m, srv.url(), "--workers", "8")
	m.write("registry.json", tiny)
	m.write("tiny.json", tinyGraph)
	ready := s.start()
	idle := s.sample(0)
	t.Logf("ready after %s; idle %d MB, %d descriptors, %d goroutines", ready.Round(time.Millisecond), idle.memory>>20, idle.files, idle.goroutines)
	begun := time.Now()
	var samples []sample
	for part := range parts {
		for range jobs / parts / 20 {
			body := map[string]any{"workflow_id": "drill", "count": 20}
			if status, answer := s.try(http.MethodPost, "/api/v1/generate", body, nil); status != http.StatusAccepted {
				t.Fatalf("%d %s", status, answer)
			}
		}
		for open := true; open; {
			var page struct{ Jobs []servedJob }
			if s.get("/api/v1/jobs?status=queued,running&limit=1", &page); len(page.Jobs) == 0 {
				open = false
				continue
			}
			s.try(http.MethodGet, "/api/v1/jobs/"+page.Jobs[0].ID+"?wait=10", nil, nil)
		}
		at := s.sample((part + 1) * jobs / parts)
		samples = append(samples, at)
		t.Logf("%6d jobs: %d MB, %d descriptors, %d goroutines", at.jobs, at.memory>>20, at.files, at.goroutines)
	}
	t.Logf("%.0f jobs a second", float64(jobs)/time.Since(begun).Seconds())
	first, last := samples[parts/4], samples[parts-1]
	if last.memory > first.memory*5/4+16<<20 {
		t.Errorf("memory grew from %d to %d MB", first.memory>>20, last.memory>>20)
	}
	if last.files > first.files+16 {
		t.Errorf("descriptors grew from %d to %d", first.files, last.files)
	}
	if last.goroutines > first.goroutines+16 {
		t.Errorf("goroutines grew from %d to %d", first.goroutines, last.goroutines)
	}
}
