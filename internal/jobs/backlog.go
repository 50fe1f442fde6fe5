package jobs

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// indexPause is for how long no job came before prompts are indexed.
	indexPause = time.Second
	// indexMost is how many jobs may wait for that while others come: what is not
	// indexed is read by each search, 1 to 2 ms for a thousand.
	indexMost = 8000
)

// An indexer is an engine whose index of prompts follows behind the jobs.
type indexer interface {
	// index brings some more prompts into the index, in one transaction that takes
	// some milliseconds, and returns how many jobs wait yet, or some more than that.
	index(ctx context.Context) (left int64, err error)
}

// A backlog counts the jobs whose prompts may not be indexed yet.
type backlog struct {
	jobs atomic.Int64
	bell chan struct{} // rung for the first of them, and when there are many
}

// add says that jobs came.
func (b *backlog) add(n int64) {
	now := b.jobs.Add(n)
	if before := now - n; before > 0 && (before >= indexMost || now < indexMost) {
		return
	}
	select {
	case b.bell <- struct{}{}:
	default: // it was rung
	}
}

// pause waits until no job came for a moment, or many wait; false when ctx ended.
func (b *backlog) pause(ctx context.Context) bool {
	for quiet := false; !quiet && ctx.Err() == nil; {
		before := b.jobs.Load()
		if before >= indexMost {
			break
		}
		select {
		case <-time.After(indexPause):
			quiet = b.jobs.Load() == before
		case <-b.bell:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// keepIndexed has prompts indexed whenever jobs came, also those that other processes
// left, until ctx ends.
func (db *DB) keepIndexed(ctx context.Context, x indexer) {
	for {
		select {
		case <-db.backlog.bell:
		case <-ctx.Done():
			return
		}
		for more := true; more && db.backlog.pause(ctx); {
			var err error
			if more, err = db.indexUntilJobsCome(ctx, x); err != nil && ctx.Err() == nil {
				db.log.Warn("indexing prompts", "error", err) // searches read what is not indexed
			}
		}
	}
}

// indexUntilJobsCome reports whether some wait yet. Between its transactions it leaves
// the database to others for as long as each took.
func (db *DB) indexUntilJobsCome(ctx context.Context, x indexer) (more bool, err error) {
	for {
		db.backlog.jobs.Store(0) // what comes from here on may be counted twice
		begun := time.Now()
		left, err := x.index(ctx)
		if err != nil || left == 0 {
			return false, err
		}
		if now := db.backlog.jobs.Add(left); now > left && now < indexMost {
			return true, nil
		}
		select {
		case <-time.After(time.Since(begun)):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
