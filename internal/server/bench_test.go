package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

// filledHouse has so many jobs that wait.
func filledHouse(b *testing.B, n int) (*house, string) {
	b.Helper()
	h := build(b, houseOptions{limits: Limits{Waiting: 1 << 20}})
	last := ""
	for done := 0; done < n; done += 1000 {
		many := make([]jobs.New, 1000)
		for i := range many {
			many[i] = jobs.New{Workflow: "flux_single", Prompt: "a fox", Request: []byte(`{"workflow_id":"flux_single","prompt":"a fox"}`), Order: []byte("{}")}
		}
		made, err := h.db.Enqueue(b.Context(), jobs.Enqueue{Jobs: many})
		if err != nil {
			b.Fatal(err)
		}
		last = made.Jobs[500]
	}
	return h, last
}

// rate is how many requests a second one address answers, to four clients.
func rate(b *testing.B, address string, n int) float64 {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	begun := time.Now()
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range n / 4 {
				res, err := client.Get(address)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					b.Errorf("%s: %d", address, res.StatusCode)
				}
			}
		})
	}
	work.Wait()
	return float64(n) / time.Since(begun).Seconds()
}

// BenchmarkGetJob is B14: a job of 10,000, as a share of a bare handler that
// answers with the same bytes; and a page of 100 of 100,000.
func BenchmarkGetJob(b *testing.B) {
	h, id := filledHouse(b, 10_000)
	h.t = b
	r := h.want(http.StatusOK, h.ask("GET", "/api/v1/jobs/"+id, ""))
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(r.body)
	}))
	defer bare.Close()
	for b.Loop() {
		floor := rate(b, bare.URL, 2000)
		ours := rate(b, h.url+"/api/v1/jobs/"+id, 2000)
		floor = (floor + rate(b, bare.URL, 2000)) / 2
		b.ReportMetric(ours, "gets/s")
		b.ReportMetric(floor, "bare/s")
		b.ReportMetric(ours/floor, "of-bare")
	}
}

// BenchmarkListJobs is how long a page of 100 of 100,000 jobs takes.
func BenchmarkListJobs(b *testing.B) {
	h, _ := filledHouse(b, 100_000)
	var took []time.Duration
	for b.Loop() {
		took = took[:0]
		cursor := ""
		for range 30 {
			begun := time.Now()
			r := h.want(http.StatusOK, h.ask("GET", "/api/v1/jobs?limit=100&cursor="+cursor, ""))
			took = append(took, time.Since(begun))
			_, rest, _ := strings.Cut(string(r.body), `"next_cursor":"`)
			cursor, _, _ = strings.Cut(rest, `"`)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[15].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[29].Microseconds())/1000, "max-ms")
	}
}

// BenchmarkWatchers is B14: 200 clients that watch everything hear of each of 50
// jobs; how long after it was asked for.
func BenchmarkWatchers(b *testing.B) {
	const watchers, events = 200, 50
	h := build(b, houseOptions{})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for b.Loop() {
		ctx, stop := context.WithCancel(b.Context())
		var mu sync.Mutex
		asked := map[string]time.Time{}
		heard := make(chan struct {
			job string
			at  time.Time
		}, watchers*events)
		var ready, work sync.WaitGroup
		for range watchers {
			ready.Add(1)
			work.Go(func() {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/api/v1/events", nil)
				if err != nil {
					b.Error(err)
					return
				}
				res, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				defer res.Body.Close()
				snapshot := false
				for lines := bufio.NewScanner(res.Body); lines.Scan(); {
					line := lines.Text()
					if strings.HasPrefix(line, "event: snapshot") && !snapshot {
						snapshot = true
						ready.Done()
					}
					if _, rest, ok := strings.Cut(line, `data: {"job_id":"`); ok {
						id, _, _ := strings.Cut(rest, `"`)
						heard <- struct {
							job string
							at  time.Time
						}{id, time.Now()}
					}
				}
			})
		}
		ready.Wait()
		for i := range events {
			at := time.Now()
			made, err := h.db.Enqueue(ctx, jobs.Enqueue{Jobs: []jobs.New{{Workflow: "w", Prompt: fmt.Sprint(i), Request: []byte("{}"), Order: []byte("{}")}}})
			if err != nil {
				b.Fatal(err)
			}
			mu.Lock()
			asked[made.Jobs[0]] = at
			mu.Unlock()
			time.Sleep(20 * time.Millisecond) // the pace of a lively queue
		}
		took := make([]time.Duration, 0, watchers*events)
		for range watchers * events {
			e := <-heard
			mu.Lock()
			took = append(took, e.at.Sub(asked[e.job]))
			mu.Unlock()
		}
		stop()
		work.Wait()
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	}
}
