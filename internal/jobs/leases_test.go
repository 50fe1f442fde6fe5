package jobs

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// TestASuspectLetsOthersGoFirst: a job whose process ended twice is left alone for a
// while, longer each time, and is not run any more after the fifth.
func TestASuspectLetsOthersGoFirst(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		clock := &testClock{now: time.Now()}
		db := open(t, address, Options{Now: clock.Now})
		suspect := enqueue(t, db, "", 1)[0]
		for i, pause := range []time.Duration{0, 5 * time.Second, 20 * time.Second, 80 * time.Second, 320 * time.Second} {
			if l := take(t, db); l.Job.ID != suspect {
				t.Fatalf("taken is %s", l.Job.ID)
			}
			clock.add(leaseFor + time.Second) // its process is gone
			if n, err := db.takeBack(t.Context()); n != 1 || err != nil {
				t.Fatalf("taken back: %d, %v", n, err)
			}
			if pause == 0 {
				continue
			}
			clock.add(pause - time.Second)
			if _, err := db.take(t.Context()); !errors.Is(err, ErrNotFound) {
				t.Fatalf("after %d ends it is taken at once: %v", i+1, err)
			}
			other := enqueue(t, db, "", 1)[0]
			l := take(t, db)
			if l.Job.ID != other {
				t.Fatalf("after %d ends the other is not taken first", i+1)
			}
			if err := db.end(t.Context(), l, Outcome{State: Succeeded}); err != nil {
				t.Fatal(err)
			}
			clock.add(time.Second)
		}
		out := db.attempt(t.Context(), take(t, db))
		var e struct {
			Code     string            `json:"code"`
			Exit     int               `json:"exit"`
			Problems []json.RawMessage `json:"problems"`
		}
		if err := json.Unmarshal(out.Error, &e); err != nil || out.State != Failed || e.Code != "retired" || e.Exit != 1 || e.Problems == nil {
			t.Errorf("after five ends the outcome is %s %s, %v", out.State, out.Error, err)
		}
	})
}

func TestOnlyTheNewestAttemptCounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		clock := &testClock{now: time.Now()}
		a := open(t, address, Options{Now: clock.Now})
		id := enqueue(t, a, "", 1)[0]
		frozen := take(t, a)
		if _, err := a.take(t.Context()); !errors.Is(err, ErrNotFound) {
			t.Fatalf("the job was taken twice: %v", err)
		}
		b := open(t, address, Options{Now: clock.Now})
		if n, err := b.takeBack(t.Context()); n != 0 || err != nil {
			t.Fatalf("a live lease was taken: %d, %v", n, err)
		}
		clock.add(leaseFor + time.Second)
		if n, err := b.takeBack(t.Context()); n != 1 || err != nil {
			t.Fatalf("taken back: %d, %v", n, err)
		}
		woken := take(t, b)
		if err := frozen.Submitted(t.Context(), json.RawMessage("{}"), "p", "b", ""); !errors.Is(err, ErrTaken) {
			t.Errorf("the frozen process may submit: %v", err)
		}
		if err := a.end(t.Context(), frozen, Outcome{State: Failed, Error: json.RawMessage("{}")}); !errors.Is(err, ErrTaken) {
			t.Errorf("the frozen process may write: %v", err)
		}
		if err := b.end(t.Context(), woken, Outcome{State: Succeeded}); err != nil {
			t.Fatal(err)
		}
		j, err := b.Job(t.Context(), id)
		if err != nil || j.State != Succeeded || j.Attempt != 2 || j.Crashes != 1 {
			t.Errorf("the job is %+v, %v", j, err)
		}
	})
}
