package worker

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A Report is what a worker says of one of its places.
type Report struct {
	Address   string   `json:"address,omitempty" doc:"as it may be shown; absent for one that dies with its process"`
	Version   string   `json:"version,omitempty" doc:"of the server"`
	State     string   `json:"state" enum:"idle,busy,unreachable,unknown" doc:"unknown: it cannot be asked and has not run anything yet"`
	Jobs      []string `json:"jobs" doc:"ids of those that run there"`
	Slots     int      `json:"slots" doc:"jobs that its process runs at once, on all of its backends"`
	Models    []string `json:"models" doc:"of the last run: what is in its memory, as far as easel knows"`
	Runs      int      `json:"runs" doc:"that ended since the process began"`
	MedianMS  *int64   `json:"median_ms" doc:"of the last 20 runs that succeeded, from preparing to their end; null before any"`
	LatencyMS *int64   `json:"latency_ms" doc:"of the last question; null when it did not answer"`
	LastError *Failure `json:"last_error" doc:"of the last run that failed; null when none did since one succeeded"`
	// USDPerHour is that of settings, the pod or the endpoint's workers.
	USDPerHour *float64 `json:"usd_per_hour" doc:"what it costs while it runs something; null when that is not known"`
}

// A Failure is why a run failed.
type Failure struct {
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Hint    string    `json:"hint,omitempty"`
	At      time.Time `json:"at"`
}

const (
	lookEvery   = 5 * time.Second
	lookLeast   = time.Second // between two looks
	lookTime    = 3 * time.Second
	repeatEvery = 30 * time.Second // of a report that stays the same: it counts for two minutes
	lastRuns    = 20
)

// activity is what happens on a place. It is guarded by the place's lock.
type activity struct {
	jobs   []string
	models []string
	times  []time.Duration // of the last runs, newest last
	alone  []time.Duration // what each of them took of the place's time, see spent
	ended  time.Time       // the last of them
	runs   int
	failed *Failure
}

func (p *place) begin(job string) {
	p.mu.Lock()
	p.act.jobs = append(p.act.jobs, job)
	p.mu.Unlock()
	p.due()
}

// due makes a report of what changed.
func (p *place) due() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// loads says what the place loads for a run.
func (p *place) loads(req run.Request) {
	call, err := req.Resolve()
	if err != nil {
		return // the run says so
	}
	models := call.Models()
	for _, m := range req.Workflow.Models {
		if !slices.Contains(models, m.File) {
			models = append(models, m.File)
		}
	}
	p.mu.Lock()
	p.act.models = models
	p.mu.Unlock()
}

func (p *place) end(job string, began, ended time.Time, out jobs.Outcome) {
	defer p.due()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.act.jobs = slices.DeleteFunc(p.act.jobs, func(id string) bool { return id == job })
	switch {
	case out.State == jobs.Succeeded:
		p.act.runs++
		p.act.failed = nil
		p.act.spent(began, ended)
	case out.Error != nil:
		var what problem.Problem
		if json.Unmarshal(out.Error, &what) == nil {
			p.act.failed = &Failure{what.Code, what.Message, what.Hint, time.Now().UTC().Truncate(time.Second)}
		}
		if out.State == jobs.Failed {
			p.act.runs++
		}
	}
}

// spent notes a run that succeeded. A place makes one after the other, so that what it
// took for this one begins where the one before ended.
func (a *activity) spent(began, ended time.Time) {
	alone := ended.Sub(began)
	if a.ended.After(began) {
		alone = ended.Sub(a.ended)
	}
	a.ended = ended
	a.times, a.alone = newest(a.times, ended.Sub(began)), newest(a.alone, alone)
}

func newest(times []time.Duration, took time.Duration) []time.Duration {
	times = append(times, took)
	return times[max(len(times)-lastRuns, 0):]
}

// each is what the place takes for a run; 0 = not known.
func (a *activity) each() time.Duration { return Median(a.alone) }

// Median is that of times, the longer of the middle two; 0 of none.
func Median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(times))[len(times)/2]
}

// pulser is a backend that answers a short question.
type pulser interface {
	Pulse(ctx context.Context) (comfy.Pulse, error)
}

// look asks a place how it is.
func (w *Worker) look(ctx context.Context, p *place) Report {
	r := Report{Address: p.Address, State: "unknown", Slots: w.o.Slots, Jobs: []string{}, Models: []string{}}
	if ask, ok := p.Backend.(pulser); ok {
		asking, stop := context.WithTimeout(ctx, lookTime)
		pulse, err := ask.Pulse(asking)
		switch {
		case err == nil:
			ms := pulse.Latency.Milliseconds()
			r.State, r.LatencyMS = "idle", &ms
			r.Version, _ = p.Backend.Version(asking) // it may not say
		case !errors.Is(err, errors.ErrUnsupported):
			r.State = "unreachable"
		}
		stop()
	}
	if p.Price != nil {
		if price := p.Price(); price > 0 {
			r.USDPerHour = &price
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Jobs, r.Models = append(r.Jobs, p.act.jobs...), append(r.Models, p.act.models...)
	r.Runs, r.LastError = p.act.runs, p.act.failed
	if len(p.act.times) > 0 {
		ms := Median(p.act.times).Milliseconds()
		r.MedianMS = &ms
		if r.State == "unknown" {
			r.State = "idle"
		}
	}
	if len(r.Jobs) > 0 && r.State != "unreachable" {
		r.State = "busy"
	}
	return r
}

// Report tells a database how the places are, until ctx ends: every few seconds
// where something changed, else twice a minute. It takes the reports back then.
func (w *Worker) Report(ctx context.Context, db *jobs.DB) {
	var wait sync.WaitGroup
	for _, p := range w.places {
		wait.Go(func() { w.report(ctx, db, p) })
	}
	wait.Wait()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleFor)
	defer cancel()
	if err := db.LeaveBackends(stop); err != nil {
		w.o.Log.Debug("taking the reports of backends back", "error", err)
	}
}

func (w *Worker) report(ctx context.Context, db *jobs.DB, p *place) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var said string
	var at time.Time
	for {
		looked := time.Now()
		r := w.look(ctx, p)
		latency := r.LatencyMS
		r.LatencyMS = nil // it is never twice the same
		shape, _ := json.Marshal(r)
		r.LatencyMS = latency
		if ctx.Err() != nil {
			return
		}
		if string(shape) != said || time.Since(at) >= repeatEvery {
			data, _ := json.Marshal(r) // texts and numbers
			if err := db.ReportBackend(ctx, p.Name, data); err != nil {
				w.o.Log.Debug("reporting a backend", "backend", p.Name, "error", err)
			} else {
				said, at = string(shape), time.Now()
			}
		}
		select {
		case <-tick.C:
		case <-p.changed: // short jobs are reported together
			pause := time.NewTimer(lookLeast - time.Since(looked))
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
