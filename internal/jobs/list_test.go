package jobs

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSpansOfTime: a list holds what was created in its span, in the order of the
// numbers, whether few or many rows are in it, and also where a clock went back.
func TestSpansOfTime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		db.spanRows, db.spanMost = 3, 6
		minutes := []int{3, 4, 5, 9, 11, 12, 6, 7, 8, 8, 9, 10} // of creation, by number
		ids := enqueue(t, db, "", len(minutes))
		conn, done := db.engine.sql(true)
		defer done()
		begun := time.UnixMilli(1_700_000_000_000)
		minute := func(n int) time.Time { return begun.Add(time.Duration(n) * time.Minute) }
		for i, id := range ids {
			if _, err := conn.ExecContext(t.Context(), "UPDATE jobs SET created_at = $1 WHERE id = $2", millis(minute(minutes[i])), id); err != nil {
				t.Fatal(err)
			}
		}
		for since := range 14 {
			for until := since; until < 15; until++ {
				for _, oldFirst := range []bool{false, true} {
					f := Filter{OldFirst: oldFirst, Limit: 4}
					if since > 0 {
						f.Since = minute(since)
					}
					if until < 14 {
						f.Until = minute(until)
					}
					var want []string
					for i, m := range minutes {
						if (since == 0 || m >= since) && (until == 14 || m < until) {
							want = append(want, ids[i])
						}
					}
					if !oldFirst {
						slices.Reverse(want)
					}
					want = want[:min(len(want), f.Limit)]
					found, err := db.Jobs(t.Context(), f)
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, j := range found {
						got = append(got, j.ID)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("since %d, until %d, old first %t: %s", since, until, oldFirst, diff)
					}
				}
			}
		}
	})
}
