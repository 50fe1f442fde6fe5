package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// arrivals are calls that come while a transaction is being written.
func arrivals(ctx context.Context, calls ...Enqueue) []arrival {
	group := make([]arrival, len(calls))
	for i, e := range calls {
		group[i] = arrival{ctx, e, make(chan enqueueResult, 1)}
	}
	return group
}

func call(key, prompt, name, body string) Enqueue {
	return Enqueue{
		Key: key, Idempotency: Idempotency{Name: name, Body: body},
		Jobs: []New{{Workflow: "w", Prompt: prompt, Request: []byte("{}"), Order: []byte("{}")}},
	}
}

// TestCallsThatAreWrittenTogether: each gets its own answer, whatever becomes of its
// neighbours.
func TestCallsThatAreWrittenTogether(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		batch := call("b", "five", "pictures", "1")
		batch.Batch = &NewBatch{Workflow: "w", Request: []byte("{}")}
		batch.Jobs = append(batch.Jobs, batch.Jobs[0])
		group := arrivals(t.Context(),
			call("a", "one", "", ""),
			call("b", "two", "name", "1"),
			call("b", "two again", "name", "1"),
			call("b", "other", "name", "2"),
			call("a", "with U+0000: \x00", "", ""), // PostgreSQL has no place for it
			batch, batch,
			call("a", "last", "", ""),
		)
		group = append(group, arrivals(gone, call("a", "nobody waits", "", ""))...)
		db.admit(group)
		got := make([]enqueueResult, len(group))
		for i, a := range group {
			got[i] = <-a.done
		}
		_, isPostgres := db.engine.(*postgresEngine)
		for i, want := range map[int]error{3: ErrKeyReused, 8: context.Canceled} {
			if !errors.Is(got[i].err, want) {
				t.Errorf("call %d: %v, want %v", i, got[i].err, want)
			}
		}
		if errors.Is(got[4].err, ErrText) != isPostgres {
			t.Errorf("a text with U+0000: %v", got[4].err)
		}
		var prompts []string
		for _, i := range []int{0, 1, 2, 5, 6, 7} {
			if got[i].err != nil {
				t.Fatalf("call %d: %v", i, got[i].err)
			}
			for _, id := range got[i].enqueued.Jobs {
				j, err := db.Job(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				prompts = append(prompts, j.Prompt)
			}
		}
		if diff := cmp.Diff([]string{"one", "two", "two", "five", "five", "five", "five", "last"}, prompts); diff != "" {
			t.Error(diff)
		}
		for first, again := range map[int]int{1: 2, 5: 6} {
			if !got[again].enqueued.Replay || !slices.Equal(got[again].enqueued.Jobs, got[first].enqueued.Jobs) || got[again].enqueued.Batch != got[first].enqueued.Batch {
				t.Errorf("call %d made %v, and call %d %v", first, got[first], again, got[again])
			}
		}
		counts, err := db.Counts(t.Context())
		if want := int64(5); err != nil || counts[Queued] != want && isPostgres || counts[Queued] != want+1 && !isPostgres {
			t.Errorf("%v, %v", counts, err)
		}
	})
}

// turnsOf has turns written together, and returns what became of them.
func turnsOf(db *DB, group ...*turn) []turned {
	for _, g := range group {
		g.done = make(chan turned, 1)
	}
	db.writeTurns(group)
	got := make([]turned, len(group))
	for i, g := range group {
		got[i] = <-g.done
	}
	return got
}

// TestTurnsThatAreWrittenTogether: keys take turns among workers that take jobs at
// once, and what one may not write is nobody else's fault.
func TestTurnsThatAreWrittenTogether(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		clock := &testClock{now: time.Now()}
		db := open(t, address, Options{Now: clock.Now})
		enqueue(t, db, "a", 5)
		enqueue(t, db, "b", 2)
		taking := func() *turn { return &turn{take: true} }
		first := turnsOf(db, taking(), taking(), taking(), taking())
		keys := map[string]int{}
		for _, r := range first {
			if r.nextErr != nil {
				t.Fatal(r.nextErr)
			}
			keys[r.next.Job.Key]++
		}
		if keys["a"] != 2 || keys["b"] != 2 {
			t.Errorf("taken at once: %v", keys)
		}

		stale := &Lease{Job: first[0].next.Job, db: db}
		stale.Job.Attempt--
		bad := Outcome{State: Succeeded, Outputs: []Output{{N: 1, Name: "x", Kind: "image"}, {N: 1, Name: "twice", Kind: "image"}}}
		good := Outcome{State: Succeeded, Outputs: []Output{{N: 1, Name: "x", Kind: "image"}}}
		got := turnsOf(db,
			&turn{over: stale, out: good, take: true},
			&turn{over: first[1].next, out: bad, take: true},
			&turn{over: first[2].next, out: good, take: true},
			&turn{over: first[3].next, out: Outcome{State: Queued, After: time.Hour}, take: true},
		)
		if !errors.Is(got[0].overErr, ErrTaken) || got[1].overErr == nil || got[2].overErr != nil || got[3].overErr != nil {
			t.Errorf("the ends: %v", got)
		}
		taken := 0
		for _, r := range got {
			if r.next != nil {
				taken++
			} else if !errors.Is(r.nextErr, ErrNotFound) {
				t.Errorf("taking: %v", r.nextErr)
			}
		}
		if taken != 3 {
			t.Errorf("%d of three jobs were taken", taken)
		}
		for i, want := range []State{Running, Running, Succeeded, Queued} {
			j, err := db.Job(t.Context(), first[i].next.Job.ID)
			if err != nil || j.State != want {
				t.Errorf("job %d is %s, want %s (%v)", i, j.State, want, err)
			}
		}
		stored, err := db.Outputs(t.Context(), Filter{Limit: 10})
		if err != nil || len(stored) != 1 || stored[0].Job != first[2].next.Job.ID {
			t.Errorf("%d outputs, %v", len(stored), err)
		}
	})
}

// TestTicketsDoNotPileUp: a queue that grows while nobody works has as many as wake
// everybody, and no more.
func TestTicketsDoNotPileUp(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite:"+t.TempDir()+"/easel.db", Options{})
	for range 3 {
		enqueue(t, db, "", mostAhead)
	}
	var tickets int
	if err := db.engine.read().QueryRow(t.Context(), "SELECT COUNT(*) FROM river_job").Scan(&tickets); err != nil {
		t.Fatal(err)
	}
	if tickets != mostAhead {
		t.Errorf("%d tickets for %d jobs", tickets, 3*mostAhead)
	}
	if !strings.Contains(ticketsAhead, fmt.Sprint("LIMIT ", mostAhead)) {
		t.Errorf("%s does not count to %d", ticketsAhead, mostAhead)
	}
}
