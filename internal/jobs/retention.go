package jobs

import (
	"context"
	"time"
)

const (
	keepEvents = 24 * time.Hour     // who was away longer begins with a snapshot
	keepNames  = 7 * 24 * time.Hour // of idempotency
)

// Tidy removes what is kept no longer: events after a day, idempotency names
// and finished webhook messages after a week. It returns the ids of jobs that
// ended before a time, at most 500: what they stored is the caller's, who then
// deletes them. A zero time means that jobs are kept.
func (db *DB) Tidy(ctx context.Context, ended time.Time) ([]string, error) {
	now := db.now()
	if _, err := db.q.DeleteEventsBefore(ctx, millis(now.Add(-keepEvents))); err != nil {
		return nil, db.failure(err)
	}
	if _, err := db.q.DeleteIdempotencyBefore(ctx, millis(now.Add(-keepNames))); err != nil {
		return nil, db.failure(err)
	}
	if _, err := db.q.DeleteDeliveriesBefore(ctx, millis(now.Add(-keepNames))); err != nil {
		return nil, db.failure(err)
	}
	if _, err := db.q.DeleteBackendsBefore(ctx, millis(now.Add(-keepEvents))); err != nil {
		return nil, db.failure(err)
	}
	if ended.IsZero() {
		return nil, nil
	}
	ids, err := db.q.FinishedBefore(ctx, at(ended))
	return ids, db.failure(err)
}
