package jobs

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
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
// The payload is the process that tells.
const channel = "easel_events"

// ownEvents is how often a process reads what it wrote itself: it has spread that,
// and only notes that it did.
const ownEvents = time.Second

// followPause is for how long commits are followed together: each notification wakes
// every process, and a lone commit is followed at once.
const followPause = 5 * time.Millisecond

// A postgresEngine is a PostgreSQL database.
type postgresEngine struct {
	pool    *pgxpool.Pool
	tickets *tickets[pgx.Tx]
	process string
	log     *slog.Logger

	mu       sync.Mutex
	due      dues
	bell     chan struct{} // rung when there are any
	quit     context.CancelFunc
	followed chan struct{} // closed when nothing follows any more
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
	running, quit := context.WithCancel(context.WithoutCancel(ctx))
	e := &postgresEngine{pool: pool, tickets: t, process: process, log: log, bell: make(chan struct{}, 1), quit: quit, followed: make(chan struct{})}
	go e.follow(running)
	return e, nil
}

func (e *postgresEngine) write() dbq.DBTX { return e.pool }
func (e *postgresEngine) read() dbq.DBTX  { return e.pool }

func (e *postgresEngine) tx(ctx context.Context, f func(*tx) error) ([]Event, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	p := &pipeline{conn: conn.Conn()}
	x := &tx{q: dbq.New(p), later: dbq.New(later{p}), on: p}
	x.insertJobs = x.insertManyJobs
	if err := f(x); err != nil {
		p.rollback(context.WithoutCancel(ctx))
		return nil, err
	}
	if err := e.commit(ctx, p, x); err != nil {
		p.rollback(context.WithoutCancel(ctx))
		return nil, err
	}
	return x.told, nil
}

// dues are what follows a commit: other processes hear of it, and tickets lie ready for
// its jobs. Nobody waits for that. A notification makes commits wait for each other, and a
// ticket of later is used by somebody who sees what was written.
type dues struct {
	news    bool
	tickets int
	at      []time.Time // when a ticket will be due
}

func (d *dues) any() bool { return d.news || d.tickets > 0 || len(d.at) > 0 }

// commit writes the events and all that waits, and commits, in one round trip.
func (e *postgresEngine) commit(ctx context.Context, p *pipeline, x *tx) error {
	b := &pgx.Batch{}
	if len(x.told) > 0 {
		queueEvents(b, x.told)
	}
	if err := p.commit(ctx, b); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.due.news = e.due.news || len(x.told) > 0
	e.due.tickets = min(e.due.tickets+x.tickets, mostAhead)
	e.due.at = append(e.due.at, x.due...)
	if e.due.any() {
		select {
		case e.bell <- struct{}{}:
		default: // it was rung
		}
	}
	return nil
}

// follow does what follows commits, until ctx ends: then what is due yet.
func (e *postgresEngine) follow(ctx context.Context) {
	defer close(e.followed)
	for ctx.Err() == nil {
		select {
		case <-e.bell:
		case <-ctx.Done():
		}
		e.mu.Lock()
		due := e.due
		e.due = dues{}
		e.mu.Unlock()
		if err := e.do(context.WithoutCancel(ctx), due); err != nil {
			e.log.Warn("telling other processes of jobs", "error", err) // they look every few seconds
		}
		select {
		case <-time.After(followPause):
		case <-ctx.Done():
		}
	}
}

// do tells other processes, and hands tickets out where few lie ready.
func (e *postgresEngine) do(ctx context.Context, due dues) error {
	b := &pgx.Batch{}
	ahead := 0
	if due.tickets > 0 {
		b.Queue(ticketsAhead).QueryRow(func(row pgx.Row) error { return row.Scan(&ahead) })
	}
	if due.news {
		b.Queue("SELECT pg_notify($1, $2)", channel, e.process)
	}
	if b.Len() > 0 {
		if err := e.pool.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
	}
	return e.tickets.handNow(ctx, ticketsFor(due.tickets, ahead), due.at)
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
		for read := time.Now(); ; {
			n, err := conn.Conn().WaitForNotification(ctx)
			if err != nil {
				return err
			}
			if n.Payload != e.process || time.Since(read) >= ownEvents {
				break
			}
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

// imported makes the next rows follow those that were written with numbers.
func (e *postgresEngine) imported(ctx context.Context, t *sql.Tx) error {
	for table, column := range transferNumbers {
		_, err := t.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence('"+table+"', '"+column+"'), (SELECT COALESCE(MAX("+column+"), 0) + 1 FROM "+table+"), false)")
		if err != nil {
			return err
		}
	}
	return nil
}

// settle has the server look at the new rows now, not within some minutes: until it did,
// a span of time reads the rows themselves, 64 ms of 50,000 jobs instead of 5.
func (e *postgresEngine) settle(ctx context.Context) error {
	conn, done := e.sql(true)
	defer done()
	_, err := conn.ExecContext(ctx, "VACUUM (ANALYZE) jobs, outputs")
	return err
}

// search: the planner knows how rare a text is, and has an index where there is
// pg_trgm.
func (e *postgresEngine) search(_ context.Context, c *clause, text string) error {
	c.add(`LOWER(j.prompt) LIKE $%d ESCAPE '\'`, "%"+likeText.Replace(strings.ToLower(text))+"%")
	return nil
}

// likeText keeps % and _ of a search what they are.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

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
	e.quit()
	<-e.followed
	e.pool.Close()
	return err
}

// away: the server is not there, is starting or stopping, or cut the
// connection (SQLSTATE classes 08 and 57P, and 53300, too many connections). One
// that was killed says nothing: the stream just ends.
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
	return pgconn.SafeToRetry(err) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF)
}
