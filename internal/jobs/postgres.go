package jobs

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/seed-7d77cb5c/easel/database"
	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// applicationName begins what connections are called in pg_stat_activity.
const applicationName = "easel "

// idleTimeout is the setting of PostgreSQL that ends transactions of processes
// that are frozen.
const idleTimeout = "idle_in_transaction_session_timeout"

// channel is where processes on one PostgreSQL tell each other of new events.
const channel = "easel_events"

// A postgresEngine is a PostgreSQL database.
type postgresEngine struct {
	pool    *pgxpool.Pool
	tickets *tickets[pgx.Tx]
}

func openPostgres(ctx context.Context, address, process string, workers int, log *slog.Logger, work func(context.Context) error) (*postgresEngine, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err // pgx leaves the password out of it
	}
	// Each worker may write while River fetches, listens and leads.
	config.MaxConns = max(config.MaxConns, int32(min(workers+8, 64)))
	// A process that is frozen in a transaction holds its locks no longer than its
	// leases, or others would wait for it.
	config.ConnConfig.RuntimeParams[idleTimeout] = strconv.FormatInt(leaseFor.Milliseconds(), 10)
	config.ConnConfig.RuntimeParams["application_name"] = applicationName + process
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	t, err := newTickets(riverpgxv5.New(pool), workers, log, work)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &postgresEngine{pool, t}, nil
}

func (e *postgresEngine) write() dbq.DBTX { return e.pool }
func (e *postgresEngine) read() dbq.DBTX  { return e.pool }

func (e *postgresEngine) tx(ctx context.Context, f func(*tx) error) error {
	t, err := e.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer t.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit there is nothing to roll back
	err = f(&tx{
		q:    dbq.New(t),
		on:   t,
		hand: func(ctx context.Context, n int, at time.Time) error { return e.tickets.hand(ctx, t, n, at) },
		notify: func(ctx context.Context) error {
			_, err := t.Exec(ctx, "SELECT pg_notify($1, '')", channel)
			return err
		},
	})
	if err != nil {
		return err
	}
	return t.Commit(ctx)
}

func (e *postgresEngine) migrate(ctx context.Context) error {
	config := e.pool.Config()
	delete(config.ConnConfig.RuntimeParams, idleTimeout) // a long migration is no frozen process
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	return migrate(ctx, database.PostgreSQL, db, riverpgxv5.New(pool))
}

func (e *postgresEngine) version(ctx context.Context) (have, want int64, err error) {
	db := stdlib.OpenDBFromPool(e.pool)
	defer db.Close()
	return versions(ctx, database.PostgreSQL, db)
}

func (e *postgresEngine) clock(ctx context.Context) (told time.Time, err error) {
	err = e.pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&told)
	return told, err
}

// Processes on other machines cannot be looked at: their leases end.
func (e *postgresEngine) claim(string) error { return nil }
func (e *postgresEngine) release(string)     {}
func (e *postgresEngine) gone(string) bool   { return false }

func (e *postgresEngine) start(ctx context.Context) error { return e.tickets.start(ctx) }

func (e *postgresEngine) listen(ctx context.Context, wake func()) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// A connection that listened is not given to others.
	defer func() { _ = conn.Hijack().Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	for {
		wake()
		if _, err := conn.Conn().WaitForNotification(ctx); err != nil {
			return err
		}
	}
}

func (e *postgresEngine) sql(bool) (*sql.DB, func()) {
	db := stdlib.OpenDBFromPool(e.pool)
	return db, func() { _ = db.Close() }
}

func (e *postgresEngine) snapshot() sql.IsolationLevel { return sql.LevelRepeatableRead }

// used asks for a second: a connection that was closed is listed until its server
// process has ended.
func (e *postgresEngine) used(ctx context.Context, process string) (used bool, err error) {
	for until := time.Now().Add(time.Second); ; {
		err = e.pool.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
			AND application_name LIKE $1 || '%' AND application_name <> $1 || $2)`, applicationName, process).Scan(&used)
		if err != nil || !used || time.Now().After(until) {
			return used, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return used, ctx.Err()
		}
	}
}

func (e *postgresEngine) renumber(ctx context.Context, t *sql.Tx) error {
	for table, column := range transferNumbers {
		_, err := t.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence('"+table+"', '"+column+"'), (SELECT COALESCE(MAX("+column+"), 0) + 1 FROM "+table+"), false)")
		if err != nil {
			return err
		}
	}
	return nil
}

// search: the planner knows how rare a text is, and has an index where there is
// pg_trgm.
func (e *postgresEngine) search(_ context.Context, c *clause, text string) error {
	c.like(text)
	return nil
}

// planned: a prepared statement would soon be planned for any values, so that a rare
// text is looked for as a common one.
func (e *postgresEngine) planned(args []any) []any {
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// lookBack: transactions of several processes become visible in another order than
// their ids have.
func (e *postgresEngine) lookBack() int64 { return 500 }

func (e *postgresEngine) close(ctx context.Context) error {
	err := e.tickets.stop(ctx)
	e.pool.Close()
	return err
}

// away: the server is not there, is starting or stopping, or cut the
// connection (SQLSTATE classes 08 and 57P, and 53300, too many connections).
func (e *postgresEngine) away(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "57P") || pg.Code == "53300"
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, net.ErrClosed)
}
