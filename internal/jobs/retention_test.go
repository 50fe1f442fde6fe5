package jobs

import (
	"testing"
	"time"
)

// TestTidyRemovesOldEvents: those of more than a day, and no others.
func TestTidyRemovesOldEvents(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		ids := enqueue(t, db, "", 3)
		conn, done := db.engine.sql(true)
		defer done()
		for i, left := range []int{2, 1, 0} { // one more is old each time
			old := time.Now().Add(-keepEvents - time.Minute)
			if _, err := conn.ExecContext(t.Context(), "UPDATE events SET created_at = $1 WHERE job_id = $2", millis(old), ids[i]); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Tidy(t.Context(), time.Time{}); err != nil {
				t.Fatal(err)
			}
			events, err := db.EventsSince(t.Context(), 0)
			if err != nil || len(events) != left {
				t.Errorf("%d of %d events are left, %v", len(events), left, err)
			}
		}
	})
}
