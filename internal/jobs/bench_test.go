package jobs

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
)

// commitRate is how often a second 4 KB can be on disk, one after the other: the
// floor of what is written down before it is acknowledged. For SQLite it is the rate
// of the file system, for PostgreSQL that of the server, as one row and one commit a
// round trip; its fsync has to be on for the figure to mean something.
func commitRate(b *testing.B, db *DB, dir string, n int) float64 {
	b.Helper()
	block := bytes.Repeat([]byte("x"), 4096)
	if pg, ok := db.engine.(*postgresEngine); ok {
		if _, err := pg.pool.Exec(b.Context(), "CREATE TABLE IF NOT EXISTS floor (block TEXT)"); err != nil {
			b.Fatal(err)
		}
		return rate(b, n, func() error {
			_, err := pg.pool.Exec(b.Context(), "INSERT INTO floor VALUES ($1)", string(block))
			return err
		})
	}
	f, err := os.CreateTemp(dir, "fsync")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	return rate(b, n, func() error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return f.Sync()
	})
}

// rate is how often a second something can be done, one after the other.
func rate(b *testing.B, n int, do func() error) float64 {
	b.Helper()
	begun := time.Now()
	for range n {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begun).Seconds()
}

// together is how many of n a second several clients do, and the 99th percentile of
// how long each took.
func together(b *testing.B, clients, n int, do func() error) (rate float64, p99 time.Duration) {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	var work sync.WaitGroup
	begun := time.Now()
	for range clients {
		work.Go(func() {
			for next.Add(1) <= int64(n) {
				at := time.Now()
				if err := do(); err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(at))
				mu.Unlock()
			}
		})
	}
	work.Wait()
	rate = float64(n) / time.Since(begun).Seconds()
	slices.Sort(took)
	return rate, took[len(took)*99/100]
}

// medians are figures of the rounds of a benchmark, by their units: of each the
// median is reported.
type medians map[string][]float64

func (m medians) add(unit string, v float64) { m[unit] = append(m[unit], v) }

func (m medians) report(b *testing.B) {
	for unit, of := range m {
		slices.Sort(of)
		b.ReportMetric(of[len(of)/2], unit)
	}
}

// words are what prompts of benchmarks are made of.
var words = strings.Fields(`amber river quiet mountain portrait old sailor golden hour light wide valley misty forest neon city rain street
	cinematic bokeh detailed texture marble statue velvet dress copper lantern snow fox owl harbor storm young woman reading beside window watercolor
	sketch charcoal drawing abandoned railway station overgrown with ivy knight polished armor kneeling before throne isometric kitchen tiny robot
	repairing wristwatch macro photograph dew spider web sunrise desert caravan crossing dunes under full moon astronaut floating above jupiter
	impressionist painting busy market morning fishermen nets baroque palace ballroom crystal chandelier low angle dramatic shadows pastel
	colours children kites beach volcano erupting night jungle waterfall rope bridge explorer journal vintage poster jazz trumpet smoke`)

// prompts makes prompts of 100 letters, each of other words. It is safe for concurrent use.
func prompts() func() string {
	var n atomic.Uint64
	return func() string {
		r := rand.New(rand.NewPCG(1, n.Add(1)))
		var b strings.Builder
		for b.Len() < 100 {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		return b.String()[:100]
	}
}

// BenchmarkEnqueue is B12: durable acceptances a second of jobs of 4 KB with prompts
// of 100 letters, by 1, 16 and 64 clients, as a share of the floor in the same run,
// and beside River alone with jobs as large. On SQLite prompts are indexed meanwhile, but
// for those of a burst.
func BenchmarkEnqueue(b *testing.B) {
	request := []byte(`{"prompt":"` + string(bytes.Repeat([]byte("a"), 4000)) + `"}`)
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, round := range []struct{ clients, jobs int }{{1, 12_000}, {16, 24_000}, {64, 24_000}, {64, indexMost - 64}} {
			b.Run(fmt.Sprintf("%s/clients=%d/jobs=%d", kind, round.clients, round.jobs), func(b *testing.B) {
				dir := b.TempDir()
				db := benchDB(b, kind, dir, Options{})
				rivers := riverInsert(b, db, request)
				prompt := prompts()
				m := medians{}
				for b.Loop() {
					indexAll(b, db)
					before := commitRate(b, db, dir, 400)
					rate, p99 := together(b, round.clients, round.jobs, func() error {
						_, err := db.Enqueue(context.Background(), Enqueue{Jobs: []New{{Workflow: "w", Prompt: prompt(), Request: request, Order: []byte("{}")}}})
						return err
					})
					indexAll(b, db)
					floor := (before + commitRate(b, db, dir, 400)) / 2
					river, _ := together(b, round.clients, 800, rivers)
					m.add("jobs/s", rate)
					m.add("commits/s", floor)
					m.add("of-floor", rate/floor)
					m.add("river/s", river)
					m.add("p99-ms", float64(p99.Microseconds())/1000)
				}
				m.report(b)
			})
		}
	}
}

// riverInsert inserts a job of River with a request for its arguments.
func riverInsert(b *testing.B, db *DB, request []byte) func() error {
	b.Helper()
	switch e := db.engine.(type) {
	case *postgresEngine:
		return riverInsertBy(b, riverpgxv5.New(e.pool), request)
	case *sqliteEngine:
		return riverInsertBy(b, riversqlite.New(e.writer), request)
	}
	return nil
}

type benchArgs struct {
	Request []byte `json:"request"`
}

func (benchArgs) Kind() string { return "bench" }

func riverInsertBy[Tx any](b *testing.B, driver riverdriver.Driver[Tx], request []byte) func() error {
	b.Helper()
	client, err := river.NewClient(driver, &river.Config{})
	if err != nil {
		b.Fatal(err)
	}
	return func() error {
		_, err := client.Insert(b.Context(), benchArgs{request[:3000]}, nil) // 4 KB as base64
		return err
	}
}

// BenchmarkDrain is B13: jobs that take no time, from the queue to their end, as a
// share of a loop of the two statements that this takes at least.
func BenchmarkDrain(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, workers := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/workers=%d", kind, workers), func(b *testing.B) {
				const jobs = 5000
				m := medians{}
				for b.Loop() {
					var done atomic.Int64
					over := make(chan struct{})
					db := benchDB(b, kind, b.TempDir(), Options{Workers: workers, Work: func(context.Context, *Lease) Outcome {
						if done.Add(1) == jobs {
							close(over)
						}
						return Outcome{State: Succeeded, Result: []byte("{}")}
					}})
					if err := db.Pause(b.Context(), true); err != nil {
						b.Fatal(err)
					}
					prompt := prompts()
					for range jobs / 100 {
						many := make([]New, 100)
						for i := range many {
							many[i] = New{Workflow: "w", Prompt: prompt(), Request: []byte("{}"), Order: []byte("{}")}
						}
						if _, err := db.Enqueue(b.Context(), Enqueue{Jobs: many}); err != nil {
							b.Fatal(err)
						}
					}
					begun := time.Now()
					if err := db.Pause(b.Context(), false); err != nil {
						b.Fatal(err)
					}
					<-over
					rate := jobs / time.Since(begun).Seconds()
					floor := rawDrain(b, db, jobs)
					m.add("jobs/s", rate)
					m.add("raw/s", floor)
					m.add("of-raw", rate/floor)
				}
				m.report(b)
			})
		}
	}
}

// rawDrain claims and completes rows of a table like ours, a transaction each, by
// prepared statements on a connection like ours.
func rawDrain(b *testing.B, db *DB, n int) float64 {
	b.Helper()
	conn, done := db.engine.sql(true)
	defer done()
	fill, err := conn.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer fill.Rollback() // after a commit there is nothing to roll back
	run := func(statement string, args ...any) {
		if _, err := fill.ExecContext(b.Context(), statement, args...); err != nil {
			b.Fatal(err)
		}
	}
	run("CREATE TABLE raw (id INTEGER PRIMARY KEY, state TEXT NOT NULL, request TEXT NOT NULL)")
	run("CREATE INDEX raw_state ON raw (state, id)")
	for i := range n {
		run("INSERT INTO raw VALUES ($1, 'queued', '{}')", i)
	}
	if err := fill.Commit(); err != nil {
		b.Fatal(err)
	}
	if db.engine.snapshot() != 0 { // PostgreSQL does this by itself within a minute
		if _, err := conn.ExecContext(b.Context(), "ANALYZE raw"); err != nil {
			b.Fatal(err)
		}
	}
	on := db.engine.write()
	return rate(b, n, func() error {
		var id int64
		err := on.QueryRow(b.Context(), "UPDATE raw SET state = 'running' WHERE id = (SELECT id FROM raw WHERE state = 'queued' ORDER BY id LIMIT 1) RETURNING id").Scan(&id)
		if err != nil {
			return err
		}
		_, err = on.Exec(b.Context(), "UPDATE raw SET state = 'succeeded' WHERE id = $1", id)
		return err
	})
}

func benchDB(b *testing.B, kind, dir string, o Options) *DB {
	b.Helper()
	address := "sqlite:" + filepath.Join(dir, "easel.db")
	if kind == "postgres" {
		address = jobstest.Postgres(b)
	}
	return open(b, address, o)
}
