package jobs

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A pipeline is a transaction of PostgreSQL in few round trips: it begins with the
// first query, and what needs no answer is sent with the next one that does.
type pipeline struct {
	conn    *pgx.Conn
	begun   bool
	waiting []*pgx.QueuedQuery
}

// SendBatch sends what waits and then a batch, whose results it returns.
func (p *pipeline) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	all := &pgx.Batch{}
	if !p.begun {
		all.Queue("begin")
		p.begun = true
	}
	return p.send(ctx, all, b)
}

// commit sends what waits and then a batch, and commits. What was not begun until then
// is a transaction as it is: the server commits what is sent at once.
func (p *pipeline) commit(ctx context.Context, b *pgx.Batch) error {
	if !p.begun && len(p.waiting)+b.Len() == 0 {
		return nil
	}
	if p.begun {
		b.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
			if tag.String() == "ROLLBACK" {
				return pgx.ErrTxCommitRollback
			}
			return nil
		})
	}
	return p.send(ctx, &pgx.Batch{}, b).Close()
}

func (p *pipeline) send(ctx context.Context, all, b *pgx.Batch) pgx.BatchResults {
	all.QueuedQueries = append(all.QueuedQueries, p.waiting...)
	before := all.Len()
	all.QueuedQueries = append(all.QueuedQueries, b.QueuedQueries...)
	p.waiting = nil
	results := p.conn.SendBatch(ctx, all)
	for range before {
		if _, err := results.Exec(); err != nil {
			break // what follows has the same error
		}
	}
	return results
}

func (p *pipeline) one(ctx context.Context, query string, args []any) pgx.BatchResults {
	b := &pgx.Batch{}
	b.Queue(query, args...)
	return p.SendBatch(ctx, b)
}

func (p *pipeline) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	results := p.one(ctx, query, args)
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag, err
}

func (p *pipeline) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	results := p.one(ctx, query, args)
	rows, err := results.Query() //nolint:rowserrcheck // the caller does that
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return pipelineRows{rows, results}, nil
}

func (p *pipeline) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	return pipelineRow{p.one(ctx, query, args)}
}

// rollback undoes what was sent. A connection that is in no state for it is thrown
// away when it is released.
func (p *pipeline) rollback(ctx context.Context) {
	if p.begun && !p.conn.IsClosed() {
		_, _ = p.conn.Exec(ctx, "rollback")
	}
}

type pipelineRow struct{ results pgx.BatchResults }

func (r pipelineRow) Scan(dest ...any) error {
	err := r.results.QueryRow().Scan(dest...)
	if closed := r.results.Close(); err == nil {
		err = closed
	}
	return err
}

type pipelineRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r pipelineRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // its error is that of the rows
}

// A later takes queries that need no answer: they wait for the next one that does,
// or for the commit, whose error is theirs.
type later struct{ p *pipeline }

func (l later) Exec(_ context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	l.p.waiting = append(l.p.waiting, &pgx.QueuedQuery{SQL: query, Arguments: args})
	return pgconn.CommandTag{}, nil
}

var errNoAnswer = errors.New("a query that waits for others has no answer")

func (l later) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errNoAnswer }
func (l later) QueryRow(context.Context, string, ...any) pgx.Row        { return noAnswer{} }
func (l later) SendBatch(context.Context, *pgx.Batch) pgx.BatchResults  { return noAnswer{} }

type noAnswer struct{}

func (noAnswer) Scan(...any) error                { return errNoAnswer }
func (noAnswer) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, errNoAnswer }
func (noAnswer) Query() (pgx.Rows, error)         { return nil, errNoAnswer }
func (noAnswer) QueryRow() pgx.Row                { return noAnswer{} }
func (noAnswer) Close() error                     { return nil }
func (noAnswer) Tx() pgx.Tx                       { return nil }
