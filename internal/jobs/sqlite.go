package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/seed-7d77cb5c/easel/database"
	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// sqlitePoll is how often a process looks whether another one wrote to the
// same file, which SQLite tells nobody. It is one read of a counter in memory
// that processes share, and only while somebody watches.
const sqlitePoll = 250 * time.Millisecond

// A sqliteEngine is a SQLite file in WAL mode. All writes go through one
// connection, since SQLite has one writer: what waits, waits here and not in an
// error. Reads have connections of their own and see the last commit.
type sqliteEngine struct {
	writer, reader *sql.DB
	tickets        *tickets[*sql.Tx]
	owners         owners
	writes, reads  statements
}

func openSQLite(ctx context.Context, path string, workers int, log *slog.Logger, work func(context.Context) error) (_ *sqliteEngine, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	e := &sqliteEngine{owners: owners{dir: path + "-owners"}}
	e.writer, e.reader = sql.OpenDB(sqliteConnector(sqliteAt(path, false))), sql.OpenDB(sqliteConnector(sqliteAt(path, true)))
	defer func() {
		if err != nil {
			e.writer.Close()
			e.reader.Close()
		}
	}()
	e.writes.db, e.reads.db = e.writer, e.reader
	e.writer.SetMaxOpenConns(1)
	e.reader.SetMaxOpenConns(4)
	if err := e.writer.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // prompts are private
		return nil, err
	}
	e.tickets, err = newTickets(riversqlite.New(e.writer), workers, log, work)
	return e, err
}

// sqliteAt says how a file is opened: a commit is on disk when it returns
// (synchronous=FULL), and whoever finds it busy waits. What a statement may have to
// take back is in memory, and 16 MB of log are carried over at once, since the same
// pages are written again and again.
func sqliteAt(path string, readOnly bool) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)", "wal_autocheckpoint(4000)",
	}}
	if readOnly {
		q.Set("_txlock", "deferred")
		q.Add("_pragma", "query_only(ON)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func (e *sqliteEngine) write() dbq.DBTX { return sqlText{e.writer, &e.writes, nil} }
func (e *sqliteEngine) read() dbq.DBTX  { return sqlText{e.reader, &e.reads, nil} }

func (e *sqliteEngine) tx(ctx context.Context, f func(*tx) error) ([]Event, error) {
	e.writes.prepare(ctx)
	t, err := e.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer t.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	on := sqlText{t, &e.writes, t}
	q := dbq.New(on)
	x := &tx{q: q, later: q, on: on, insertJobs: func(ctx context.Context, rows []dbq.InsertJobParams) error {
		for _, r := range rows {
			if err := q.InsertJob(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}}
	if err := f(x); err != nil {
		return nil, err
	}
	if err := e.insertEvents(ctx, t, q, x.told); err != nil {
		return nil, fmt.Errorf("writing an event: %w", err)
	}
	if err := e.hand(ctx, t, x); err != nil {
		return nil, fmt.Errorf("writing the tickets of jobs: %w", err)
	}
	return x.told, t.Commit()
}

// eventsTogether is how many events one statement writes, where there are as many: that
// takes a third of what as many statements do.
const eventsTogether = 16

var insertEventsTogether = "INSERT INTO events (job_id, key_id, type, data, created_at) VALUES (?, ?, ?, ?, ?)" +
	strings.Repeat(", (?, ?, ?, ?, ?)", eventsTogether-1)

// insertEvents writes events and gives them their ids.
func (e *sqliteEngine) insertEvents(ctx context.Context, t *sql.Tx, q *dbq.Queries, events []Event) error {
	if stmt := e.writes.of(ctx, t, insertEventsTogether); stmt != nil {
		for ; len(events) >= eventsTogether; events = events[eventsTogether:] {
			var args [5 * eventsTogether]any
			for i, e := range events[:eventsTogether] {
				copy(args[5*i:], []any{e.Job, e.Key, string(e.Type), string(e.Data), millis(e.Created)})
			}
			res, err := stmt.ExecContext(ctx, args[:]...)
			if err != nil {
				return err
			}
			last, err := res.LastInsertId() // a transaction numbers its rows one by one
			if err != nil {
				return err
			}
			for i := range eventsTogether {
				events[i].ID = last - eventsTogether + 1 + int64(i)
			}
		}
	}
	for i, e := range events {
		var err error
		if events[i].ID, err = q.InsertEvent(ctx, dbq.InsertEventParams{
			JobID: e.Job, KeyID: e.Key, Type: string(e.Type), Data: string(e.Data), CreatedAt: millis(e.Created),
		}); err != nil {
			return err
		}
	}
	return nil
}

// hand hands out the tickets of a transaction, in it: one more would wait for the
// disk once more. Since transactions write one after the other, whoever uses a
// ticket that is there now sees what this one writes.
func (e *sqliteEngine) hand(ctx context.Context, t *sql.Tx, x *tx) error {
	if x.tickets > 0 {
		var ahead int
		if err := (sqlText{t, &e.writes, t}).QueryRow(ctx, ticketsAhead).Scan(&ahead); err != nil {
			return err
		}
		if err := e.tickets.hand(ctx, t, ticketsFor(x.tickets, ahead), nil); err != nil {
			return err
		}
	}
	return e.tickets.hand(ctx, t, 0, x.due)
}

func (e *sqliteEngine) migrate(ctx context.Context) error {
	return migrate(ctx, database.SQLite, e.writer, riversqlite.New(e.writer))
}

func (e *sqliteEngine) version(ctx context.Context) (have, want int64, err error) {
	return versions(ctx, database.SQLite, e.writer)
}

// clock: all processes on one file are of one machine, and so is their clock.
func (e *sqliteEngine) clock(context.Context) (time.Time, error) { return time.Now(), nil }

func (e *sqliteEngine) claim(process string) error { return e.owners.claim(process) }
func (e *sqliteEngine) release(process string)     { e.owners.release(process) }
func (e *sqliteEngine) gone(process string) bool   { return e.owners.gone(process) }

func (e *sqliteEngine) start(ctx context.Context) error { return e.tickets.start(ctx) }

func (e *sqliteEngine) listen(ctx context.Context, wake func()) error {
	conn, err := e.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	tick := time.NewTicker(sqlitePoll)
	defer tick.Stop()
	for before := int64(-1); ; {
		var now int64 // changes with each commit of another connection
		if err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&now); err != nil {
			return err
		}
		if now != before {
			wake()
		}
		before = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *sqliteEngine) planned(args []any) []any { return args }

func (e *sqliteEngine) sql(write bool) (*sql.DB, func()) {
	if write {
		return e.writer, func() {}
	}
	return e.reader, func() {}
}

// settle: an index of SQLite needs no other look at the rows.
func (e *sqliteEngine) settle(context.Context) error { return nil }

// snapshot: a transaction in WAL mode sees the moment of its first read.
func (e *sqliteEngine) snapshot() sql.IsolationLevel { return sql.LevelDefault }

func (e *sqliteEngine) used(_ context.Context, process string) (bool, error) {
	return e.owners.others(process)
}

// lookBack: transactions write one after the other, so ids become visible in order.
func (e *sqliteEngine) lookBack() int64 { return 0 }

func (e *sqliteEngine) close(ctx context.Context) error {
	stopped := e.tickets.stop(ctx)
	e.writes.close()
	e.reads.close()
	return errors.Join(stopped, e.reader.Close(), e.writer.Close())
}

func (e *sqliteEngine) away(err error) bool {
	return errors.Is(err, sql.ErrConnDone) || errors.Is(err, os.ErrNotExist)
}

// sqlText runs the queries that sqlc wrote for PostgreSQL on database/sql:
// SQLite takes their text as it is, with $1 for parameters.
type sqlText struct {
	on interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
	kept *statements
	tx   *sql.Tx // nil outside of a transaction
}

func (s sqlText) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	var res sql.Result
	var err error
	if stmt := s.kept.of(ctx, s.tx, query); stmt != nil {
		res, err = stmt.ExecContext(ctx, args...)
	} else {
		res, err = s.on.ExecContext(ctx, query, args...)
	}
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	n, err := res.RowsAffected()
	return pgconn.NewCommandTag(fmt.Sprintf("UPDATE %d", n)), err
}

func (s sqlText) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	run := s.on.QueryContext
	if stmt := s.kept.of(ctx, s.tx, query); stmt != nil {
		run = func(ctx context.Context, _ string, args ...any) (*sql.Rows, error) {
			return stmt.QueryContext(ctx, args...)
		}
	}
	rows, err := run(ctx, query, args...) //nolint:rowserrcheck,sqlclosecheck // the caller does both
	if err != nil {
		return nil, err
	}
	return sqlRows{rows}, nil
}

func (s sqlText) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	if stmt := s.kept.of(ctx, s.tx, query); stmt != nil {
		return sqlRow{stmt.QueryRowContext(ctx, args...)}
	}
	return sqlRow{s.on.QueryRowContext(ctx, query, args...)}
}

// SendBatch runs queries one after the other, each when its results are asked for.
func (s sqlText) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return &sqlBatch{ctx, s, b.QueuedQueries}
}

type sqlBatch struct {
	ctx     context.Context //nolint:containedctx // of SendBatch, as pgx has it
	on      sqlText
	waiting []*pgx.QueuedQuery
}

func (b *sqlBatch) next() *pgx.QueuedQuery {
	q := b.waiting[0]
	b.waiting = b.waiting[1:]
	return q
}

func (b *sqlBatch) Exec() (pgconn.CommandTag, error) {
	q := b.next()
	return b.on.Exec(b.ctx, q.SQL, q.Arguments...)
}

func (b *sqlBatch) Query() (pgx.Rows, error) {
	q := b.next()
	return b.on.Query(b.ctx, q.SQL, q.Arguments...)
}

func (b *sqlBatch) QueryRow() pgx.Row {
	q := b.next()
	return b.on.QueryRow(b.ctx, q.SQL, q.Arguments...)
}

func (b *sqlBatch) Close() error { return nil }
func (b *sqlBatch) Tx() pgx.Tx   { return nil }

type sqlRow struct{ *sql.Row }

func (r sqlRow) Scan(dest ...any) error {
	err := r.Row.Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return pgx.ErrNoRows
	}
	return err
}

// sqlRows are rows as pgx has them, as far as generated code uses them.
type sqlRows struct{ *sql.Rows }

func (r sqlRows) Close()                                       { r.Rows.Close() }
func (r sqlRows) CommandTag() pgconn.CommandTag                { return pgconn.CommandTag{} }
func (r sqlRows) FieldDescriptions() []pgconn.FieldDescription { return nil }
func (r sqlRows) RawValues() [][]byte                          { return nil }
func (r sqlRows) Conn() *pgx.Conn                              { return nil }
func (r sqlRows) TypeMap() *pgtype.Map                         { return nil }
func (r sqlRows) Values() ([]any, error)                       { return nil, errors.ErrUnsupported }
