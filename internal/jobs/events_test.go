package jobs

import "testing"

// TestEventsHaveTheIDsOfTheirRows: however many are written together.
func TestEventsHaveTheIDsOfTheirRows(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		w := db.Watch(func(e Event) bool { return e.accepted() })
		defer w.Close()
		for _, n := range []int{1, 15, 16, 17, 35} {
			enqueue(t, db, "", n)
			for range n {
				told := <-w.C
				rows, err := db.EventsSince(t.Context(), told.ID-1)
				if err != nil || len(rows) == 0 || rows[0].ID != told.ID || rows[0].Job != told.Job {
					t.Fatalf("of %d, event %d is of job %s, and its row is %+v, %v", n, told.ID, told.Job, rows, err)
				}
			}
		}
	})
}
