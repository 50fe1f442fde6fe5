package jobs

import (
	"context"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
)

// P-S8: leases are written in the time of the database, whatever the clock of the
// machine says, so that a process whose clock is an hour off ends nobody's lease.
func TestPS8LeasesFollowTheClockOfPostgres(t *testing.T) {
	t.Parallel()
	address := jobstest.Postgres(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, offset := range []time.Duration{time.Hour, -24 * time.Hour} {
		schema := "ahead"
		if offset < 0 {
			schema = "behind"
		}
		_, err := conn.Exec(ctx, "CREATE SCHEMA "+schema+"; CREATE FUNCTION "+schema+`.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
			$$ SELECT pg_catalog.clock_timestamp() + interval '`+offset.String()+`' $$`)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("search_path", schema+",pg_catalog,public")
		u.RawQuery = q.Encode()
		a := open(t, u.String(), Options{})
		if _, err := a.Enqueue(ctx, Enqueue{Jobs: []New{{Workflow: "w", Request: []byte("{}"), Order: []byte("{}")}}}); err != nil {
			t.Fatal(err)
		}
		l, err := a.take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var left int64 // milliseconds by the database's clock
		err = conn.QueryRow(ctx, "SELECT lease_until - (extract(epoch FROM "+schema+".clock_timestamp()) * 1000)::bigint FROM "+schema+".jobs WHERE id = $1", l.Job.ID).Scan(&left)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Duration(left) * time.Millisecond; got > leaseFor || got < leaseFor-10*time.Second {
			t.Errorf("with the database %s off, the lease is for %s more, not %s", offset, got, leaseFor)
		}
		b := open(t, u.String(), Options{})
		if n, err := b.takeBack(ctx); n != 0 || err != nil {
			t.Errorf("another process ended a live lease: %d, %v", n, err)
		}
		if err := a.end(ctx, l, Outcome{State: Succeeded}); err != nil {
			t.Error(err)
		}
	}
}

// P-S8: on one machine a job is of a process as long as that lives, and nobody's
// as soon as it is gone; no clock is asked.
func TestPS8ProcessesOfOneMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := &owners{dir: filepath.Join(dir, "o")}, &owners{dir: filepath.Join(dir, "o")}
	if err := a.claim("one"); err != nil {
		t.Fatal(err)
	}
	if b.gone("one") {
		t.Error("a process that lives is gone")
	}
	_ = a.mine.Release() // as its death does
	if !b.gone("one") || !b.gone("never") {
		t.Error("a process that is gone lives")
	}
}
