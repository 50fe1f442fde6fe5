package jobs

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// Options of a database.
type Options struct {
	Workers int  // jobs that this process runs at once; used with Work
	Work    Work // nil: this process runs none
	// Discard removes a result that a process stored for a job that was taken over
	// meanwhile, so that nothing names it. Nil: it stays.
	Discard func(ctx context.Context, name string)
	Log     *slog.Logger // nil: nothing is logged
	Now     func() time.Time
}

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  engine
	q       *dbq.Queries // writes, and reads that a write depends on
	r       *dbq.Queries // other reads
	process string       // names this process as the owner of jobs
	work    Work
	discard func(ctx context.Context, name string)
	workers int
	log     *slog.Logger
	now     func() time.Time
	clock   clock // what now reads, unless Options gave one
	given   bool  // they did
	hub     hub

	arrivals   desk[arrival]
	turns      desk[*turn]
	ours       sync.Mutex    // held while several rows of jobs that run here are written, or transactions would wait for each other
	closing    chan struct{} // closed when nothing new is admitted
	stopped    chan struct{} // closed when no job of this process runs any more
	closed     sync.Once     // of closing
	ended      sync.Once     // of stopped
	background sync.WaitGroup
	stop       context.CancelFunc

	backlog  backlog
	held     held
	lanes    sync.Map // of the keys that surely have one
	spanRows int64
	spanMost int64
}

// engine is what the two databases do differently.
type engine interface {
	// write and read run queries outside of a transaction.
	write() dbq.DBTX
	read() dbq.DBTX
	// tx runs f in a transaction and returns what it told, with ids.
	tx(ctx context.Context, f func(*tx) error) ([]Event, error)
	migrate(ctx context.Context) error
	version(ctx context.Context) (have, want int64, err error)
	start(ctx context.Context) error // delivering tickets
	// clock is the time of the database.
	clock(ctx context.Context) (time.Time, error)
	// claim says that a process lives, until release or its end.
	claim(process string) error
	release(process string)
	// gone reports whether a process has surely ended.
	gone(process string) bool
	// listen calls wake at once, and whenever a process may have written events,
	// until ctx ends or the database is away.
	listen(ctx context.Context, wake func()) error
	// lookBack is how many ids an event may have below others that are visible
	// already.
	// planned are the arguments of a query whose plan depends on what they are.
	planned(args []any) []any
	search(ctx context.Context, c *clause, text string) error // adds that a prompt has a text in it
	lookBack() int64
	close(ctx context.Context) error

	// sql is the database for statements that name no columns, to write or to read.
	sql(write bool) (db *sql.DB, done func())
	// snapshot is the isolation in which a reading transaction sees one moment.
	snapshot() sql.IsolationLevel
	// used reports whether another process has the database open.
	used(ctx context.Context, process string) (bool, error)
	// imported does what is due when an empty database was filled with rows that have
	// their numbers.
	imported(ctx context.Context, t *sql.Tx) error
	// settle prepares lists of many rows that were written at once.
	settle(ctx context.Context) error
	// away reports whether an error means that the database does not answer.
	away(err error) bool
}

// A tx is an open transaction.
type tx struct {
	q     *dbq.Queries // answers
	later *dbq.Queries // is sent with the next query that has an answer, or with the commit
	on    dbq.DBTX     // as q, for queries that are put together
	// insertJobs writes jobs, in their order.
	insertJobs func(ctx context.Context, rows []dbq.InsertJobParams) error

	told    []Event     // written at the end
	tickets int         // for jobs that are due, handed out at the end
	due     []time.Time // when a job will be
}

// tell writes an event down that watchers get when the transaction is over.
func (t *tx) tell(e Event) { t.told = append(t.told, e) }

// hand gives workers that have nothing to do a reason to look for n jobs; from a
// time on, when it is not zero.
func (t *tx) hand(n int, at time.Time) {
	if at.IsZero() {
		t.tickets += n
		return
	}
	for range n {
		t.due = append(t.due, at)
	}
}

// An AddressError means that a database's address has no form that there is.
type AddressError struct{ Address string }

func (e *AddressError) Error() string {
	return "no database has such an address: sqlite:PATH or postgres://HOST/NAME"
}

// A SchemaError means a database whose tables are of another version than
// this program's. Have is 0 when it has none of them.
type SchemaError struct{ Have, Want int64 }

func (e *SchemaError) Error() string {
	return fmt.Sprintf("the tables of the database are of version %d, and this easel needs %d", e.Have, e.Want)
}

// Open opens a database: "sqlite:PATH", whose file is made when it is not
// there, or "postgres://USER@HOST/NAME". Its tables must be there: see Migrate.
func Open(ctx context.Context, address string, o Options) (*DB, error) {
	db := &DB{
		process:  rand.Text(),
		work:     o.Work,
		discard:  o.Discard,
		workers:  max(o.Workers, 1),
		log:      o.Log,
		now:      o.Now,
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
		spanRows: spanRows,
		spanMost: spanMost,
	}
	db.arrivals, db.turns = newDesk(db.admit), newDesk(db.writeTurns)
	db.backlog.bell = make(chan struct{}, 1)
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if db.given = db.now != nil; !db.given {
		db.now = db.clock.now
	}
	var ticket func(context.Context) error
	if o.Work != nil {
		ticket = db.useTicket
	}
	var err error
	switch scheme, rest, _ := strings.Cut(address, ":"); {
	case scheme == "sqlite" && rest != "":
		db.engine, err = openSQLite(ctx, rest, max(o.Workers, 1), db.log, ticket)
	case scheme == "postgres", scheme == "postgresql":
		db.engine, err = openPostgres(ctx, address, db.process, max(o.Workers, 1), db.log, ticket)
	default:
		return nil, &AddressError{Shown(address)}
	}
	if err != nil {
		return nil, err
	}
	db.q, db.r = dbq.New(db.engine.write()), dbq.New(db.engine.read())
	return db, nil
}

// Shown is the address of a database without its password.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, ":")
		return scheme + ":…"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery = ""
	return u.String()
}

// Migrate brings the tables up to this program's version.
func (db *DB) Migrate(ctx context.Context) error { return db.engine.migrate(ctx) }

// CheckSchema fails with a *SchemaError when the tables are of another version.
func (db *DB) CheckSchema(ctx context.Context) error {
	have, want, err := db.engine.version(ctx)
	if err != nil {
		return err
	}
	if have != want {
		return &SchemaError{have, want}
	}
	return nil
}

// Start begins to admit jobs, to spread events and, where there is a Work, to
// run jobs. ctx bounds the start only: Close ends it.
func (db *DB) Start(ctx context.Context) error {
	if err := db.CheckSchema(ctx); err != nil {
		return err
	}
	if err := db.setClock(ctx); err != nil {
		return err
	}
	if err := db.engine.claim(db.process); err != nil {
		return err
	}
	latest, err := db.r.LastEvent(ctx)
	if err != nil {
		return db.failure(err)
	}
	db.hub.begin(latest, db.engine.lookBack())
	db.background.Go(func() { db.arrivals.serve(db.closing) })
	db.background.Go(func() { db.turns.serve(db.stopped) })
	if db.work != nil {
		if _, err := db.takeBack(ctx); err != nil {
			return db.failure(err)
		}
		if err := db.handIdle(ctx); err != nil {
			return err
		}
		if err := db.engine.start(ctx); err != nil {
			return db.failure(err)
		}
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	db.stop = stop
	db.background.Go(func() { db.listen(running) })
	if x, ok := db.engine.(indexer); ok {
		db.backlog.add(1) // a process that was killed may have left some
		db.background.Go(func() { db.keepIndexed(running, x) })
	}
	if db.work != nil {
		db.background.Go(func() { db.keepLeases(running) })
	}
	return nil
}

// Close stops taking jobs, hands back those that run when ctx ends, and closes
// the database.
func (db *DB) Close(ctx context.Context) error {
	db.closed.Do(func() { close(db.closing) })
	db.held.drain(ctx)
	db.ended.Do(func() { close(db.stopped) })
	if db.stop != nil {
		db.stop()
	}
	db.background.Wait()
	db.engine.release(db.process)
	return db.engine.close(context.WithoutCancel(ctx))
}

// setClock takes the database's time over.
func (db *DB) setClock(ctx context.Context) error {
	if db.given {
		return nil
	}
	return db.failure(db.clock.set(ctx, db.engine))
}

// tx runs f in a transaction, and then tells watchers.
func (db *DB) tx(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	told, err := db.engine.tx(ctx, func(t *tx) error { return f(ctx, t) })
	if err != nil {
		return db.failure(err)
	}
	for _, e := range told {
		if e.Type == EventCancel {
			db.endCancelled(ctx, e.Job)
		}
	}
	db.hub.spread(told...)
	return nil
}

// failure names the errors of the database that callers tell apart.
func (db *DB) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case foreignText(err):
		return fmt.Errorf("%w: %w", ErrText, err)
	case db.engine.away(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// foreignText reports whether PostgreSQL refused the characters of a text.
func foreignText(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "22021" || pg.Code == "22P05")
}

func stateData(s State, attempt int64) json.RawMessage {
	data, _ := json.Marshal(struct {
		State   State `json:"state"`
		Attempt int64 `json:"attempt"`
	}{s, attempt}) // strings and numbers do not fail
	return data
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func at(t time.Time) *int64 {
	ms := t.UnixMilli()
	return &ms
}

func timeOf(ms *int64) time.Time {
	if ms == nil || *ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(*ms)
}

// given is a text that may be absent: "" is absent.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func raw(s *string) json.RawMessage {
	if s == nil {
		return nil
	}
	return json.RawMessage(*s)
}

func jobOf(r dbq.Job) Job {
	return Job{
		Seq: r.Seq, ID: r.ID, Key: r.KeyID, Batch: text(r.BatchID), Item: text(r.Item), Sweep: raw(r.Sweep), Workflow: r.WorkflowID,
		Character: text(r.CharacterID), Prompt: r.Prompt, State: State(r.State), Priority: r.Priority, Position: r.Position,
		NotBefore: timeOf(&r.NotBefore), Request: json.RawMessage(r.Request), Order: json.RawMessage(r.RunOrder),
		Ticket: raw(r.Ticket), PromptID: text(r.PromptID), Backend: text(r.Backend), Seed: text(r.Seed),
		Attempt: r.Attempt, Failures: r.Failures, Crashes: r.Crashes, Webhook: text(r.Webhook), Cancel: r.CancelRequested != 0,
		Progress: raw(r.Progress), Result: raw(r.Result), Error: raw(r.Error),
		Created: timeOf(&r.CreatedAt), Updated: timeOf(&r.UpdatedAt), Started: timeOf(r.StartedAt), Finished: timeOf(r.FinishedAt), Cleared: timeOf(r.ClearedAt),
	}
}

// Schema is the version of the tables, 0 without any, and the one that this
// program needs.
func (db *DB) Schema(ctx context.Context) (have, want int64, err error) {
	have, want, err = db.engine.version(ctx)
	return have, want, db.failure(err)
}
