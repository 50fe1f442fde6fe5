package jobs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fsyncRate is how often a second 4 KB are appended to a file and are on disk:
// the floor of everything that is written down before it is acknowledged.
func fsyncRate(b *testing.B, dir string, n int) float64 {
	b.Helper()
	f, err := os.CreateTemp(dir, "fsync")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := bytes.Repeat([]byte("x"), 4096)
	begun := time.Now()
	for range n {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begun).Seconds()
}

// BenchmarkEnqueue is B12: durable acceptances a second of jobs of 4 KB, by 1, 16
// and 64 clients, as a share of the file system's own rate in the same run.
func BenchmarkEnqueue(b *testing.B) {
	request := []byte(`{"prompt":"` + string(bytes.Repeat([]byte("a"), 4000)) + `"}`)
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, clients := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", kind, clients), func(b *testing.B) {
				dir := b.TempDir()
				db := benchDB(b, kind, dir, Options{})
				jobs := 200 * min(clients, 16)
				for b.Loop() {
					before := fsyncRate(b, dir, 200)
					var next atomic.Int64
					var mu sync.Mutex
					var took []time.Duration
					var work sync.WaitGroup
					begun := time.Now()
					for range clients {
						work.Go(func() {
							for next.Add(1) <= int64(jobs) {
								at := time.Now()
								if _, err := db.Enqueue(context.Background(), Enqueue{Jobs: []New{{Workflow: "w", Request: request, Order: []byte("{}")}}}); err != nil {
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
					rate := float64(jobs) / time.Since(begun).Seconds()
					floor := (before + fsyncRate(b, dir, 200)) / 2
					slices.Sort(took)
					b.ReportMetric(rate, "jobs/s")
					b.ReportMetric(floor, "fsyncs/s")
					b.ReportMetric(rate/floor, "of-fsync")
					b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				}
			})
		}
	}
}

// BenchmarkDrain is B13: jobs that take no time, from the queue to their end, as a
// share of a loop of the two statements that this takes at least.
func BenchmarkDrain(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) {
			const jobs = 2000
			for b.Loop() {
				dir := b.TempDir()
				var done atomic.Int64
				over := make(chan struct{})
				db := benchDB(b, kind, dir, Options{Workers: 4, Work: func(context.Context, *Lease) Outcome {
					if done.Add(1) == jobs {
						close(over)
					}
					return Outcome{State: Succeeded, Result: []byte("{}")}
				}})
				if err := db.Pause(b.Context(), true); err != nil {
					b.Fatal(err)
				}
				for range jobs / 100 {
					many := make([]New, 100)
					for i := range many {
						many[i] = New{Workflow: "w", Request: []byte("{}"), Order: []byte("{}")}
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
				floor := rawDrain(b, db, jobs/4)
				b.ReportMetric(rate, "jobs/s")
				b.ReportMetric(floor, "raw/s")
				b.ReportMetric(rate/floor, "of-raw")
			}
		})
	}
}

// rawDrain claims and completes rows of a table like ours, a transaction each.
func rawDrain(b *testing.B, db *DB, n int) float64 {
	b.Helper()
	conn, done := db.engine.sql(true)
	defer done()
	run := func(statement string, args ...any) {
		if _, err := conn.ExecContext(b.Context(), statement, args...); err != nil {
			b.Fatal(err)
		}
	}
	run("CREATE TABLE raw (id INTEGER PRIMARY KEY, state TEXT NOT NULL, request TEXT NOT NULL)")
	run("CREATE INDEX raw_state ON raw (state, id)")
	for i := range n {
		run("INSERT INTO raw VALUES ($1, 'queued', '{}')", i)
	}
	begun := time.Now()
	for range n {
		var id int64
		err := conn.QueryRowContext(b.Context(), "UPDATE raw SET state = 'running' WHERE id = (SELECT id FROM raw WHERE state = 'queued' ORDER BY id LIMIT 1) RETURNING id").Scan(&id)
		if err != nil {
			b.Fatal(err)
		}
		run("UPDATE raw SET state = 'succeeded' WHERE id = $1", id)
	}
	return float64(n) / time.Since(begun).Seconds()
}

func benchDB(b *testing.B, kind, dir string, o Options) *DB {
	b.Helper()
	address := "sqlite:" + filepath.Join(dir, "easel.db")
	if kind == "postgres" {
		address = postgresDatabase(b)
	}
	return open(b, address, o)
}
