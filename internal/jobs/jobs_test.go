package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAJobRunsOnceAndLeavesItsOutputs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		width := int64(64)
		db := open(t, address, Options{Workers: 4, Work: func(ctx context.Context, l *Lease) Outcome {
			if err := l.Submitted(ctx, json.RawMessage(`{"run":"r"}`), "prompt-"+l.Job.ID, "studio", "18446744073709551615"); err != nil {
				return Outcome{State: Failed, Error: json.RawMessage(`{"code":"x"}`)}
			}
			return Outcome{State: Succeeded, Result: json.RawMessage(`{"ok":  true}`), Outputs: []Output{{N: 1, Name: l.Job.ID + ".png", Kind: "image", MediaType: "image/png", Node: "9", Width: &width, Bytes: 3, SHA256: "ab"}}}
		}})
		ids := enqueue(t, db, "", 20)
		for i, s := range ended(t, db, ids...) {
			if s != Succeeded {
				t.Errorf("job %d is %s", i, s)
			}
		}
		j, err := db.Job(t.Context(), ids[3])
		if err != nil {
			t.Fatal(err)
		}
		if j.Seed != "18446744073709551615" || j.PromptID != "prompt-"+j.ID || string(j.Result) != `{"ok":  true}` || j.Attempt != 1 || j.Finished.IsZero() {
			t.Errorf("the job is %+v", j)
		}
		outputs, err := db.Outputs(t.Context(), Filter{Limit: 100})
		if err != nil || len(outputs) != 20 {
			t.Fatalf("%d outputs, %v", len(outputs), err)
		}
		if outputs[0].Name != outputs[0].Job+".png" || *outputs[0].Width != 64 {
			t.Errorf("an output is %+v", outputs[0])
		}
		counts, err := db.Counts(t.Context())
		if diff := cmp.Diff(map[State]int64{Queued: 0, Running: 0, Succeeded: 20, Failed: 0, Cancelled: 0}, counts); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestFiftyEqualCallsMakeOneJob(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		e := Enqueue{Idempotency: Idempotency{Name: "order-7", Body: "aa"}, Jobs: []New{{Workflow: "w", Request: json.RawMessage("{}"), Order: json.RawMessage("{}")}}}
		var ids sync.Map
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				got, err := db.Enqueue(t.Context(), e)
				if err != nil {
					t.Error(err)
					return
				}
				ids.Store(got.Jobs[0], true)
			})
		}
		calls.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if jobs, err := db.Jobs(t.Context(), Filter{Limit: 10}); err != nil || len(jobs) != 1 || n != 1 {
			t.Errorf("%d jobs, %d ids, %v", len(jobs), n, err)
		}
		e.Idempotency.Body = "bb"
		if _, err := db.Enqueue(t.Context(), e); !errors.Is(err, ErrKeyReused) {
			t.Errorf("the same name with another body: %v", err)
		}
		e.Idempotency, e.Key = Idempotency{Name: "order-7", Body: "bb"}, "other"
		if got, err := db.Enqueue(t.Context(), e); err != nil || got.Replay {
			t.Errorf("another key's name: %+v, %v", got, err)
		}
	})
}

func TestOutputsAndJobsAreFound(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		ids := enqueue(t, db, "a", 30)
		enqueue(t, db, "b", 3)
		a := "a"
		page, err := db.Jobs(t.Context(), Filter{Key: &a, Limit: 10})
		if err != nil || len(page) != 10 || page[0].ID != ids[29] {
			t.Fatalf("the first page: %d, %v", len(page), err)
		}
		page, err = db.Jobs(t.Context(), Filter{Key: &a, Limit: 10, Before: page[9].Seq})
		if err != nil || page[0].ID != ids[19] {
			t.Fatalf("the second page: %v", err)
		}
		for search, want := range map[string]int{"FOX 7": 1, "fox": 30, "ox": 30, "OX 29": 1, "100%": 0, "_": 0, `"fox" OR 1`: 0, "fox*": 0} {
			found, err := db.Jobs(t.Context(), Filter{Key: &a, Search: search, Limit: 100})
			if err != nil || len(found) != want {
				t.Errorf("searching %q: %d jobs, %v", search, len(found), err)
			}
		}
		found, err := db.Jobs(t.Context(), Filter{States: []State{Running, Failed}, Limit: 100})
		if err != nil || len(found) != 0 {
			t.Errorf("%d jobs run, %v", len(found), err)
		}
	})
}

func TestWebhooksAreWrittenWithTheEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		clock := &testClock{now: time.Now()}
		db := open(t, address, Options{Now: clock.Now})
		got, err := db.Enqueue(t.Context(), Enqueue{Jobs: []New{{Workflow: "w", Webhook: "https://example.org/hook", Request: json.RawMessage("{}"), Order: json.RawMessage("{}")}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.TakeDelivery(t.Context(), time.Minute); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a message before the end: %v", err)
		}
		if err := db.Cancel(t.Context(), got.Jobs[0]); err != nil {
			t.Fatal(err)
		}
		first, err := db.TakeDelivery(t.Context(), time.Minute)
		if err != nil || first.Event != "job.cancelled" || first.Attempt != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		if _, err := db.TakeDelivery(t.Context(), time.Minute); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a message was taken twice: %v", err)
		}
		clock.add(2 * time.Minute) // its sender was killed
		again, err := db.TakeDelivery(t.Context(), time.Minute)
		if err != nil || again.ID != first.ID || again.Attempt != 2 {
			t.Fatalf("%+v, %v", again, err)
		}
		first.State = Delivered
		if err := db.EndDelivery(t.Context(), first); !errors.Is(err, ErrTaken) {
			t.Errorf("the killed sender's word counts: %v", err)
		}
		again.State = Delivered
		if err := db.EndDelivery(t.Context(), again); err != nil {
			t.Error(err)
		}
		log, err := db.Deliveries(t.Context(), got.Jobs[0])
		if err != nil || len(log) != 1 || log[0].State != Delivered || log[0].Delivered.IsZero() {
			t.Errorf("the log is %+v, %v", log, err)
		}
	})
}
