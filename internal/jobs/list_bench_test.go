package jobs

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fillLists makes the jobs with numbers from one on up to another, with an output each
// and as large as usual ones, a second apart: ten workflows, a hundred characters, one in
// a hundred failed. Workflow 0 has no character 0, and no failed job.
func fillLists(b *testing.B, db *DB, begun time.Time, from, to int) {
	b.Helper()
	request, order := `{"workflow":"w","prompt":"`+strings.Repeat("p", 500)+`"}`, `{"values":"`+strings.Repeat("v", 800)+`"}`
	conn, done := db.engine.sql(true)
	defer done()
	t, err := conn.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer t.Rollback() // after a commit there is nothing to roll back
	add := func(text string, args ...any) {
		if _, err := t.ExecContext(b.Context(), text, args...); err != nil {
			b.Fatal(err)
		}
	}
	for i := from; i < to; i++ {
		id, at := fmt.Sprintf("job%d", i), millis(begun.Add(time.Duration(i)*time.Second))
		prompt := fmt.Sprintf("a red fox in the snow, number %d, soft light of the evening, a wide valley behind it", i)
		state, workflow, character := Succeeded, fmt.Sprintf("w%d", i%10), fmt.Sprintf("c%d", i%100)
		switch {
		case i%10 == 0:
			character = "c100"
		case i%100 == 7:
			state = Failed
		}
		if i%10_000 == 5 {
			prompt += ", with a zeppelin"
		}
		add(`INSERT INTO jobs (id, key_id, workflow_id, character_id, prompt, state, priority, position, not_before, request, run_order,
			attempt, failures, crashes, cancel_requested, created_at, updated_at)
			VALUES ($1, '', $2, $3, $4, $5, 0, $6, 0, $8, $9, 1, 0, 0, 0, $7, $7)`,
			id, workflow, character, prompt, string(state), i, at, request, order)
		add(`INSERT INTO outputs (id, job_id, key_id, workflow_id, character_id, n, name, kind, media_type, node, bytes, sha256, favourite, created_at)
			VALUES ($1, $2, '', $3, $4, 1, $1, 'image', 'image/png', '9', 10, $1, 0, $5)`, "out"+id, id, workflow, character, at)
	}
	if err := t.Commit(); err != nil {
		b.Fatal(err)
	}
	if err := db.engine.settle(b.Context()); err != nil { // PostgreSQL does it by itself within a minute
		b.Fatal(err)
	}
}

// listDB is a database that indexes prompts only when it is told to.
func listDB(b *testing.B, kind string) *DB {
	b.Helper()
	if kind == "sqlite" {
		return unstarted(b, filepath.Join(b.TempDir(), "easel.db"))
	}
	return benchDB(b, kind, "", Options{})
}

// BenchmarkList100000 is a page of 100 out of 100,000 jobs and outputs, for each
// filter: the median of 15, which is to be under 20 ms. On SQLite the prompts of the last
// 8,000 are not indexed.
func BenchmarkList100000(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			db := listDB(b, kind)
			begun := time.Now().Add(-100_000 * time.Second).Truncate(time.Second)
			fillLists(b, db, begun, 0, 100_000-indexMost)
			indexAll(b, db)
			fillLists(b, db, begun, 100_000-indexMost, 100_000)
			other, own := "other", ""
			for _, list := range []struct {
				name string
				f    Filter
			}{
				{"all", Filter{}},
				{"deep", Filter{Before: 1000}},
				{"oldest", Filter{OldFirst: true}},
				{"own", Filter{Key: &own}},
				{"other key", Filter{Key: &other}},
				{"workflow", Filter{Workflow: "w3"}},
				{"failed", Filter{States: []State{Failed}}},
				{"failed or queued", Filter{States: []State{Failed, Queued}}},
				{"character", Filter{Character: "c17"}},
				{"none of two", Filter{Workflow: "w0", Character: "c1"}},
				{"none of two states", Filter{Workflow: "w0", States: []State{Failed}}},
				{"none of common ones", Filter{Workflow: "w1", Key: &own, Favourite: true, States: []State{Queued}}},
				{"kind", Filter{Kind: "video"}},
				{"favourites", Filter{Favourite: true}},
				{"first hour", Filter{Since: begun, Until: begun.Add(time.Hour)}},
				{"last minute", Filter{Since: begun.Add(99_950 * time.Second)}},
				{"until lately", Filter{Until: begun.Add(99_000 * time.Second)}},
				{"first three hours", Filter{Until: begun.Add(3 * time.Hour)}},
				{"until the middle", Filter{Until: begun.Add(50_000 * time.Second)}},
				{"oldest since the middle", Filter{Since: begun.Add(50_000 * time.Second), OldFirst: true}},
				{"since long", Filter{Since: begun.Add(time.Hour)}},
				{"first hour of a workflow", Filter{Workflow: "w3", Since: begun, Until: begun.Add(time.Hour)}},
				{"rare word", Filter{Search: "Zeppelin"}},
				{"word of none", Filter{Search: "submarine"}},
				{"two letters of all", Filter{Search: "ox"}},
				{"two letters of none", Filter{Search: "qq"}},
				{"common word", Filter{Search: "red fox"}},
				{"common word, other key", Filter{Search: "red fox", Key: &other}},
				{"common word, none of two", Filter{Search: "red fox", Workflow: "w0", Character: "c1"}},
			} {
				list.f.Limit = 100
				for name, read := range map[string]func() (int, error){
					"jobs":    func() (int, error) { found, err := db.Jobs(context.Background(), list.f); return len(found), err },
					"outputs": func() (int, error) { found, err := db.Outputs(context.Background(), list.f); return len(found), err },
				} {
					b.Run(name+"/"+list.name, func(b *testing.B) {
						for b.Loop() {
							var took []time.Duration
							rows := 0
							for range 15 {
								at := time.Now()
								var err error
								if rows, err = read(); err != nil {
									b.Fatal(err)
								}
								took = append(took, time.Since(at))
							}
							slices.Sort(took)
							b.ReportMetric(float64(took[7].Microseconds())/1000, "p50-ms")
							b.ReportMetric(float64(rows), "rows")
						}
					})
				}
			}
		})
	}
}
