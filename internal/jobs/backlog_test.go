package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A watchedIndexer says what its index was left with.
type watchedIndexer struct {
	*sqliteEngine
	left chan int64
}

func (w watchedIndexer) index(ctx context.Context) (int64, error) {
	left, err := w.sqliteEngine.index(ctx)
	if err == nil {
		w.left <- left
	}
	return left, err
}

// TestTwoProcessesIndexOnce: both notice the jobs that an earlier process left and those
// that one of them accepts, and each prompt is in the index once.
func TestTwoProcessesIndexOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "easel.db")
	first := unstarted(t, path)
	enqueuePrompts(t, first, "a fox that was left")
	var both []*DB
	left := make(chan int64, 100)
	for range 2 {
		db, err := Open(t.Context(), "sqlite:"+path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		db.engine = watchedIndexer{db.engine.(*sqliteEngine), left}
		if err := db.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		both = append(both, db)
	}
	many := make([]string, indexMost+1)
	for i := range many {
		many[i] = fmt.Sprintf("another fox %d", i)
	}
	enqueuePrompts(t, both[0], many...)
	for whole := false; !whole; {
		<-left
		err := first.engine.read().QueryRow(t.Context(), "SELECT (SELECT seq FROM prompts_indexed) = (SELECT MAX(seq) FROM jobs)").Scan(&whole)
		if err != nil {
			t.Fatal(err)
		}
	}
	checkIndex(t, first)
	var rows, indexed int
	if err := first.engine.read().QueryRow(t.Context(), "SELECT (SELECT COUNT(*) FROM jobs), (SELECT COUNT(*) FROM jobs_prompt_docsize)").Scan(&rows, &indexed); err != nil {
		t.Fatal(err)
	}
	if rows != len(many)+1 || indexed != rows {
		t.Errorf("%d of %d jobs are in the index", indexed, rows)
	}
}

// fakeIndexer counts how often it was asked; each time it indexes a hundred of its jobs.
type fakeIndexer struct{ asked, jobs atomic.Int64 }

func (f *fakeIndexer) index(context.Context) (int64, error) {
	f.asked.Add(1)
	left := f.jobs.Add(-100)
	if left < 0 {
		f.jobs.Store(0)
	}
	return max(left, 0), nil
}

// TestIndexingWaitsForAPause: not while jobs come, unless many wait; then without being
// asked again until none does.
func TestIndexingWaitsForAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &DB{log: slog.New(slog.DiscardHandler)}
		db.backlog.bell = make(chan struct{}, 1)
		x := &fakeIndexer{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			db.keepIndexed(ctx, x)
		}()
		come := func(n int64) {
			x.jobs.Add(n)
			db.backlog.add(n)
			synctest.Wait()
		}
		come(1)
		for range 30 {
			time.Sleep(indexPause / 2)
			come(10)
		}
		if x.asked.Load() != 0 {
			t.Errorf("jobs that came in between were kept waiting %d times", x.asked.Load())
		}
		time.Sleep(3 * indexPause)
		if synctest.Wait(); x.jobs.Load() != 0 || x.asked.Load() != 4 {
			t.Errorf("in the pause %d are left after %d groups", x.jobs.Load(), x.asked.Load())
		}
		come(indexMost)
		if x.asked.Load() == 4 {
			t.Error("many were kept waiting")
		}
		time.Sleep(time.Hour)
		if synctest.Wait(); x.jobs.Load() != 0 || x.asked.Load() != 4+indexMost/100 {
			t.Errorf("%d are left after %d groups", x.jobs.Load(), x.asked.Load())
		}
		cancel()
		<-done
	})
}
