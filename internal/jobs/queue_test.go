package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeysTakeTurns(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		enqueue(t, db, "many", 50)
		few := enqueue(t, db, "few", 5)
		var order []string
		for range 12 {
			order = append(order, take(t, db).Job.Key)
		}
		if n := len(slices.DeleteFunc(slices.Clone(order), func(k string) bool { return k != "few" })); n != len(few) {
			t.Errorf("%d of the 5 jobs of the key with few were among the first 12: %v", n, order)
		}
	})
}

func TestPriorityAndPlace(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		ids := enqueue(t, db, "", 5)
		high := int64(3)
		for _, err := range []error{
			db.Move(t.Context(), ids[4], Place{Priority: &high}),
			db.Move(t.Context(), ids[3], Place{First: true}),
			db.Move(t.Context(), ids[2], Place{Before: ids[1]}),
			db.Cancel(t.Context(), ids[0]),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		// Between two places there are ten halvings, and then others make room.
		for range 40 {
			for _, id := range []string{ids[2], ids[3]} {
				if err := db.Move(t.Context(), id, Place{Before: ids[1]}); err != nil {
					t.Fatal(err)
				}
			}
		}
		var order []string
		for range 4 {
			order = append(order, take(t, db).Job.ID)
		}
		if diff := cmp.Diff([]string{ids[4], ids[2], ids[3], ids[1]}, order); diff != "" {
			t.Error(diff)
		}
		if err := db.Move(t.Context(), ids[1], Place{First: true}); !errors.Is(err, ErrState) {
			t.Errorf("a running job was moved: %v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		started := make(chan string, 10)
		db := open(t, address, Options{Workers: 1, Work: func(ctx context.Context, l *Lease) Outcome {
			started <- l.Job.ID
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), ErrCancelled) {
				return Outcome{State: Queued, HandBack: true}
			}
			return Outcome{State: Cancelled}
		}})
		other := open(t, address, Options{}) // as another process: it hears of it by the database
		ids := enqueue(t, db, "", 2)
		running := <-started
		waiting := ids[0]
		if waiting == running {
			waiting = ids[1]
		}
		if err := other.Cancel(t.Context(), waiting); err != nil {
			t.Fatal(err)
		}
		if err := other.Cancel(t.Context(), running); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]State{Cancelled, Cancelled}, ended(t, other, ids...)); diff != "" {
			t.Error(diff)
		}
		if err := db.Cancel(t.Context(), running); !errors.Is(err, ErrState) {
			t.Errorf("cancelled twice: %v", err)
		}
		if err := db.Retry(t.Context(), running); err != nil {
			t.Fatal(err)
		}
		if got := <-started; got != running {
			t.Errorf("%s began instead of the one that is tried again", got)
		}
		if err := db.Delete(t.Context(), running); !errors.Is(err, ErrState) {
			t.Errorf("a running job was deleted: %v", err)
		}
		if err := db.Cancel(t.Context(), running); err != nil {
			t.Fatal(err)
		}
		ended(t, db, running)
		if err := db.Delete(t.Context(), running); err != nil {
			t.Error(err)
		}
		if _, err := db.Job(t.Context(), running); !errors.Is(err, ErrNotFound) {
			t.Errorf("the deleted job: %v", err)
		}
	})
}

func TestAFailureIsTriedAgainAndItsTicketKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		var seen sync.Map
		db := open(t, address, Options{Workers: 2, Work: func(ctx context.Context, l *Lease) Outcome {
			seen.Store(l.Job.Attempt, string(l.Job.Ticket))
			switch l.Job.Attempt {
			case 1:
				if err := l.Submitted(ctx, json.RawMessage(`{"run":"1"}`), "p1", "b", ""); err != nil {
					t.Error(err)
				}
				return Outcome{State: Queued, Error: json.RawMessage(`{"code":"unreachable"}`)}
			case 2:
				return Outcome{State: Queued, Forget: true}
			case 3:
				panic("a mistake")
			}
			return Outcome{State: Succeeded}
		}})
		id := enqueue(t, db, "", 1)[0]
		if s := ended(t, db, id); s[0] != Failed {
			t.Errorf("a panic left the job %s", s[0])
		}
		got := map[any]any{}
		seen.Range(func(k, v any) bool { got[k] = v; return true })
		if diff := cmp.Diff(map[any]any{int64(1): "", int64(2): `{"run":"1"}`, int64(3): ""}, got); diff != "" {
			t.Error(diff)
		}
		j, err := db.Job(t.Context(), id)
		if err != nil || j.Failures != 2 || string(j.Error) != string(panicked) {
			t.Errorf("the job is %+v, %v", j, err)
		}
	})
}

func TestAPausedQueueHoldsBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		var ran atomic.Int64
		db := open(t, address, Options{Workers: 2, Work: func(context.Context, *Lease) Outcome {
			ran.Add(1)
			return Outcome{State: Succeeded}
		}})
		if err := db.Pause(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		ids := enqueue(t, db, "", 3)
		if paused, err := db.Paused(t.Context()); !paused || err != nil {
			t.Errorf("paused: %v, %v", paused, err)
		}
		if err := db.useTicket(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := ran.Load(); n != 0 {
			t.Errorf("%d jobs ran while the queue was paused", n)
		}
		if err := db.Pause(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		ended(t, db, ids...)
	})
}

func TestEventsReachOtherProcesses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		worker := open(t, address, Options{Workers: 1, Work: func(context.Context, *Lease) Outcome { return Outcome{State: Succeeded} }})
		front := open(t, address, Options{})
		w := front.Watch(func(e Event) bool { return e.Type == EventState })
		defer w.Close()
		id := enqueue(t, front, "", 1)[0]
		var states []string
		for len(states) < 3 {
			e := <-w.C
			if e.Job == id {
				states = append(states, string(e.Data))
			}
		}
		want := []string{string(stateData(Queued, 0)), string(stateData(Running, 1)), string(stateData(Succeeded, 1))}
		if diff := cmp.Diff(want, states); diff != "" {
			t.Error(diff)
		}
		_ = worker
	})
}
