package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
)

// onBoth runs a test on SQLite, and on the PostgreSQL that EASEL_TEST_POSTGRES
// names, each time with a database of its own.
func onBoth(t *testing.T, f func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, "sqlite:"+filepath.Join(t.TempDir(), "easel.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, jobstest.Postgres(t))
	})
}

// open opens a database with its tables. It is closed with the test.
func open(t testing.TB, address string, o Options) *DB {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, address, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop, cancel := context.WithCancel(ctx)
		cancel()
		if err := db.Close(stop); err != nil {
			t.Error(err)
		}
	})
	return db
}

func enqueue(t *testing.T, db *DB, key string, n int) []string {
	t.Helper()
	e := Enqueue{Key: key}
	for i := range n {
		e.Jobs = append(e.Jobs, New{Workflow: "flux_single", Prompt: fmt.Sprintf("fox %d", i), Request: json.RawMessage(`{"steps": 20}`), Order: json.RawMessage(`{}`)})
	}
	got, err := db.Enqueue(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return got.Jobs
}

// ended waits until jobs have ended and returns their states.
func ended(t *testing.T, db *DB, ids ...string) []State {
	t.Helper()
	w := db.Watch(func(e Event) bool { return e.Type == EventState })
	defer w.Close()
	for {
		var states []State
		for _, id := range ids {
			j, err := db.Job(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if j.State.Ended() {
				states = append(states, j.State)
			}
		}
		if len(states) == len(ids) {
			return states
		}
		select {
		case _, open := <-w.C:
			if !open {
				w = db.Watch(func(e Event) bool { return e.Type == EventState })
			}
		case <-t.Context().Done():
			t.Fatal("the jobs did not end")
		}
	}
}

// take takes a job without a worker.
func take(t *testing.T, db *DB) *Lease {
	t.Helper()
	l, err := db.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
