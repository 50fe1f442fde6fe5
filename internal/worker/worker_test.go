package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	emulation "github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// A shop is a worker with a database.
type shop struct {
	t  *testing.T
	db *jobs.DB
}

func emulator(t *testing.T, name string) Place {
	t.Helper()
	be, err := (&backends.Opener{Config: &config.Config{}}).Dial("emulator?step-time=5ms", true, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return Place{Name: name, Backend: be}
}

func openShop(t *testing.T, workers int, places ...Place) *shop {
	t.Helper()
	dir, ctx := t.TempDir(), context.Background()
	reg, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	store, err := new(stores.Opener).Open(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	w := New(Options{
		Catalog: &plan.Catalog{Registry: func() (*registry.Registry, error) { return reg, nil }, Dir: dir}, Places: places, Store: store, Version: "test", Slots: workers,
	})
	db, err := jobs.Open(ctx, jobstest.Address(t, dir), jobs.Options{Workers: workers, Work: w.Work, Discard: w.Discard})
	if err == nil {
		err = errors.Join(db.Migrate(ctx), db.Start(ctx))
	}
	if err != nil {
		t.Fatal(err)
	}
	reporting, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); w.Report(reporting, db) }()
	t.Cleanup(func() {
		stop()
		<-done
		if left, err := db.Backends(ctx); err != nil || len(left) > 0 {
			t.Errorf("the reports stay: %v, %v", left, err)
		}
		if err := db.Close(reporting); err != nil {
			t.Error(err)
		}
	})
	return &shop{t, db}
}

// order queues a run and returns the job's id.
func (s *shop) order(o plan.Order) string {
	s.t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := s.db.Enqueue(s.t.Context(), jobs.Enqueue{Jobs: []jobs.New{{Workflow: o.Workflow, Request: json.RawMessage("{}"), Order: data}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return made.Jobs[0]
}

func fox(steps string) plan.Order {
	return plan.Order{Workflow: "flux_single", Values: []plan.Value{
		{Name: "prompt", Text: "a fox", Origin: registry.FromParams}, {Name: "steps", Text: steps, Origin: registry.FromParams},
	}}
}

// await waits until a job is as it is wanted.
func (s *shop) await(id string, want func(jobs.Job) bool) jobs.Job {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), time.Minute)
	defer stop()
	for {
		w := s.db.Watch(func(e jobs.Event) bool { return e.Job == id })
		j, err := s.db.Job(ctx, id)
		if err != nil {
			s.t.Fatal(err)
		}
		if want(j) {
			w.Close()
			return j
		}
		select {
		case <-w.C:
		case <-ctx.Done():
			s.t.Fatalf("the job stays %+v", j)
		}
		w.Close()
	}
}

func ended(j jobs.Job) bool { return j.State.Ended() }

// TestAllPlacesAreUsed: no place is idle while jobs wait, and reports say what each
// does.
func TestAllPlacesAreUsed(t *testing.T) {
	t.Parallel()
	s := openShop(t, 2, emulator(t, "left"), emulator(t, "right"))
	var ids []string
	for range 6 {
		ids = append(ids, s.order(fox("8")))
	}
	used := map[string]int{}
	for _, id := range ids {
		j := s.await(id, ended)
		if j.State != jobs.Succeeded || j.Seed == "" || j.PromptID == "" {
			t.Fatalf("the job is %+v", j)
		}
		used[j.Backend]++
	}
	if used["left"] == 0 || used["right"] == 0 {
		t.Errorf("the places are used %v", used)
	}
	for begun := time.Now(); ; {
		found, err := s.db.Backends(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		runs, models := 0, 0
		for _, b := range found {
			var r Report
			if err := json.Unmarshal(b.Report, &r); err != nil {
				t.Fatal(err)
			}
			runs, models = runs+r.Runs, models+len(r.Models)
		}
		if len(found) == 2 && runs == 6 && models > 0 {
			return
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("the reports are %+v", found)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func TestAReportSaysWhatAPlaceCosts(t *testing.T) {
	t.Parallel()
	store, err := new(stores.Opener).Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dear, own := emulator(t, "dear"), emulator(t, "own")
	dear.Price, own.Price = func() float64 { return 0.5 }, func() float64 { return 0 }
	w := New(Options{Places: []Place{dear, own}, Store: store})
	if r := w.look(t.Context(), w.places[0]); r.USDPerHour == nil || *r.USDPerHour != 0.5 {
		t.Errorf("of a place with a price it says %+v", r)
	}
	if r := w.look(t.Context(), w.places[1]); r.USDPerHour != nil {
		t.Errorf("of a place without a price it says %+v", r)
	}
}

// gone is a place that nobody answers at.
type gone struct{ comfy.Backend }

func (gone) Submit(context.Context, comfy.Submission) (comfy.Handle, error) {
	return "", &comfy.UnreachableError{Address: "gone", Reason: "connection refused"}
}

func (gone) State(context.Context, comfy.Handle) (comfy.State, error) {
	return comfy.State{}, &comfy.UnreachableError{Address: "gone", Reason: "connection refused"}
}

func (gone) Definitions(context.Context, ...string) (map[string]*comfy.ClassInfo, error) {
	return nil, &comfy.UnreachableError{Address: "gone", Reason: "connection refused"}
}

// TestAPlaceThatIsAwayIsLeft: its job ends at another place, and what failed counts as no
// failure.
func TestAPlaceThatIsAwayIsLeft(t *testing.T) {
	t.Parallel()
	there := emulator(t, "there")
	s := openShop(t, 1, Place{Name: "gone", Backend: gone{there.Backend}}, there)
	id := s.order(fox("1"))
	if j := s.await(id, ended); j.State != jobs.Succeeded || j.Backend != "there" || j.Failures != 0 {
		t.Errorf("the job is %+v", j)
	}
}

// uncertain is a place whose first answer to a submission is lost, after it was passed on
// or before.
type uncertain struct {
	comfy.Backend
	pass  bool
	tries *atomic.Int32
}

func (u uncertain) Submit(ctx context.Context, s comfy.Submission) (comfy.Handle, error) {
	if u.tries.Add(1) > 1 {
		return u.Backend.Submit(ctx, s)
	}
	if u.pass {
		if _, err := u.Backend.Submit(ctx, s); err != nil {
			return "", err
		}
	}
	return "", &comfy.AmbiguousError{ID: s.ID, Handle: comfy.Handle(s.ID), Err: io.ErrUnexpectedEOF}
}

// TestAJobWithoutAnAnswerIsLookedFor: its run is collected where it is there, and made
// again where it is not.
func TestAJobWithoutAnAnswerIsLookedFor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pass        bool
		submissions int32
	}{"passed on": {true, 1}, "not passed on": {false, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there, tries := emulator(t, "there"), new(atomic.Int32)
			there.Backend = uncertain{there.Backend, tc.pass, tries}
			s := openShop(t, 1, there)
			j := s.await(s.order(fox("1")), ended)
			if j.State != jobs.Succeeded || tries.Load() != tc.submissions {
				t.Errorf("after %d submissions the job is %+v", tries.Load(), j)
			}
		})
	}
}

// TestCancellingTakesTheRunOff: a job that runs ends as cancelled, and one that
// waits as well.
func TestCancellingTakesTheRunOff(t *testing.T) {
	t.Parallel()
	s := openShop(t, 1, emulator(t, "one"))
	running, waiting := s.order(fox("100")), s.order(fox("1"))
	s.await(running, func(j jobs.Job) bool { return j.PromptID != "" })
	for _, id := range []string{waiting, running} {
		if err := s.db.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if j := s.await(id, ended); j.State != jobs.Cancelled {
			t.Errorf("the job is %+v", j)
		}
	}
}

// TestWhatCannotRunFailsWithItsReason: an order that no registry knows, and a
// ticket of a place that is not here, are told in words and not tried again.
func TestWhatCannotRunFailsWithItsReason(t *testing.T) {
	t.Parallel()
	s := openShop(t, 1, emulator(t, "one"))
	j := s.await(s.order(plan.Order{Workflow: "gone_since"}), ended)
	if j.State != jobs.Failed || !strings.Contains(string(j.Error), "gone_since") || j.Attempt != 1 {
		t.Errorf("the job is %+v", j)
	}
	j = s.await(s.order(fox("0")), ended)
	if j.State != jobs.Failed || !strings.Contains(string(j.Error), "below minimum") {
		t.Errorf("the job is %+v", j)
	}
}

// throttled is an emulator behind a proxy that refuses the first submissions: it takes
// no more runs now.
func throttled(t *testing.T, after string, times int) Place {
	t.Helper()
	emu := emulation.New(emulation.Options{StepTime: time.Millisecond})
	web := httptest.NewServer(emu)
	t.Cleanup(func() { web.Close(); emu.Close() })
	var rules []chaos.Rule
	for n := range times {
		rules = append(rules, chaos.Rule{Method: "POST", Path: "/prompt", Nth: n + 1, Status: 429, Header: http.Header{"Retry-After": {after}}})
	}
	proxy, err := chaos.NewGateway(web.URL, rules...)
	if err != nil {
		t.Fatal(err)
	}
	before := httptest.NewServer(proxy)
	t.Cleanup(func() { before.CloseClientConnections(); proxy.Close(); before.Close() })
	be, err := (&backends.Opener{Config: &config.Config{}}).Dial(before.URL, true, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return Place{Name: "throttled", Address: before.URL, Backend: be}
}

// TestAJobWaitsForAPlaceThatTakesNoMoreNow: it says so, as often as the place does, and
// ends well in the same attempt.
func TestAJobWaitsForAPlaceThatTakesNoMoreNow(t *testing.T) {
	t.Parallel()
	s := openShop(t, 1, throttled(t, "1", 4))
	said := s.db.Watch(func(e jobs.Event) bool {
		var p Progress
		return json.Unmarshal(e.Data, &p) == nil && p.Message == "ComfyUI takes no more runs now (429), the run is sent again in 1s"
	})
	defer said.Close()
	id := s.order(fox("1"))
	select {
	case <-said.C:
	case <-time.After(time.Minute):
		t.Fatal("it does not say that it waits")
	}
	if j := s.await(id, ended); j.State != jobs.Succeeded || j.Attempt != 1 || j.Failures != 0 || j.Error != nil {
		t.Errorf("the job is %+v", j)
	}
}

// TestAJobComesBackToAPlaceThatSaysMuchLater: its slot is free meanwhile, the job says
// what it waits for, and nothing counts as its failure.
func TestAJobComesBackToAPlaceThatSaysMuchLater(t *testing.T) {
	t.Parallel()
	s := openShop(t, 1, throttled(t, "300", 1))
	first, second := s.order(fox("1")), s.order(fox("2"))
	before := time.Now()
	j := s.await(first, func(j jobs.Job) bool { return j.State == jobs.Queued && j.Error != nil })
	if !strings.Contains(string(j.Error), "asked to wait for 5m0s") || j.Failures != 0 || j.PromptID != "" {
		t.Errorf("the job is %+v", j)
	}
	if j.NotBefore.Before(before.Add(295*time.Second)) || j.NotBefore.After(time.Now().Add(305*time.Second)) {
		t.Errorf("it waits until %s from %s on", j.NotBefore, before)
	}
	if j := s.await(second, ended); j.State != jobs.Succeeded {
		t.Errorf("the other one is %+v", j)
	}
}

// TestJobsGoWhereTheyEndFirst: a place that is four times as fast gets four times the
// jobs, as long as no place is idle for that.
func TestJobsGoWhereTheyEndFirst(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		slots, jobs int
		fast, slow  time.Duration
		want        map[string]int
	}{
		"nothing is known":         {10, 10, 0, 0, map[string]int{"slow": 5, "fast": 5}},
		"one alone":                {10, 1, time.Second, 4 * time.Second, map[string]int{"fast": 1}},
		"four times as fast":       {11, 10, time.Second, 4 * time.Second, map[string]int{"slow": 2, "fast": 8}},
		"one is not known":         {3, 2, time.Second, 0, map[string]int{"slow": 1, "fast": 1}},
		"one idle, the slots full": {2, 2, time.Second, 4 * time.Second, map[string]int{"slow": 1, "fast": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := new(stores.Opener).Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			w := New(Options{Places: []Place{{Name: "slow"}, {Name: "fast"}}, Store: store, Slots: tc.slots})
			now := time.Now()
			for i, took := range []time.Duration{tc.slow, tc.fast} {
				if took > 0 { // three at once, of which it makes one after the other
					for n := range 3 {
						w.places[i].act.spent(now, now.Add(time.Duration(n+1)*took))
					}
				}
			}
			got := map[string]int{}
			for range tc.jobs {
				got[w.choose(nil).Name]++
			}
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
