package jobs

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// transferTables are all tables, each behind those that it refers to.
var transferTables = []string{
	"keys", "lanes", "batches", "jobs", "outputs", "files", "presets", "events", "idempotency", "deliveries", "settings",
}

// transferNumbers are the columns that the database numbers by itself.
var transferNumbers = map[string]string{"jobs": "seq", "outputs": "seq", "events": "id", "deliveries": "seq"}

// transferSince is the version of the tables since which the rows of transferTables
// have the same columns: exports from then on can be imported.
const transferSince = 1

// transferFormat names the form of an exported file, in its first line.
const transferFormat = "easel-database"

type transferHead struct {
	Format   string           `json:"format"`
	Version  int64            `json:"version"` // of the tables
	Exported time.Time        `json:"exported"`
	Rows     map[string]int64 `json:"rows"` // in each table; those that follow
}

type transferRow struct {
	Table string                     `json:"table"`
	Row   map[string]json.RawMessage `json:"row"` // texts, integers and null
}

// A Transfer says what was exported or imported.
type Transfer struct {
	Rows    map[string]int64 // in each table
	Running int64            // jobs that ran: they are queued again where they are imported
}

// Errors of Import that callers tell apart.
var (
	// ErrForeign means a file that no Export wrote, or that is cut off.
	ErrForeign = errors.New("the file is no complete export of an easel database")
	// ErrNotEmpty means a database that has jobs, keys or files already.
	ErrNotEmpty = errors.New("the database has jobs, keys or files already")
	// ErrInUse means a database that another easel has open.
	ErrInUse = errors.New("another easel has the database open")
)

// Export writes all rows as JSON lines, as they are at one moment; servers may go
// on. Keys are in it as hashes. What jobs stored is in the store and not in here.
func (db *DB) Export(ctx context.Context, w io.Writer) (Transfer, error) {
	if err := db.CheckSchema(ctx); err != nil {
		return Transfer{}, err
	}
	conn, done := db.engine.sql(false)
	defer done()
	t, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: db.engine.snapshot(), ReadOnly: true})
	if err != nil {
		return Transfer{}, db.failure(err)
	}
	defer t.Rollback() //nolint:errcheck // nothing was written
	_, version, err := db.engine.version(ctx)
	if err != nil {
		return Transfer{}, db.failure(err)
	}
	out := Transfer{Rows: map[string]int64{}}
	for _, table := range transferTables {
		var n int64
		if err := t.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			return out, db.failure(err)
		}
		out.Rows[table] = n
	}
	if err := t.QueryRowContext(ctx, "SELECT COUNT(*) FROM jobs WHERE state = 'running'").Scan(&out.Running); err != nil {
		return out, db.failure(err)
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	lines := json.NewEncoder(buffered)
	lines.SetEscapeHTML(false)
	if err := lines.Encode(transferHead{transferFormat, version, db.now().UTC(), out.Rows}); err != nil {
		return out, err
	}
	for _, table := range transferTables {
		if err := exportTable(ctx, t, table, lines); err != nil {
			return out, db.failure(err)
		}
	}
	return out, buffered.Flush()
}

func exportTable(ctx context.Context, t *sql.Tx, table string, lines *json.Encoder) error {
	order := "1"
	if n, ok := transferNumbers[table]; ok {
		order = n
	}
	rows, err := t.QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY "+order)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row := make(map[string]any, len(columns))
		for i, c := range columns {
			row[c] = values[i]
			if b, ok := values[i].([]byte); ok {
				row[c] = string(b)
			}
		}
		if err := lines.Encode(map[string]any{"table": table, "row": row}); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Import fills an empty database with what Export wrote, all of it or nothing.
// Jobs that ran are queued, with their tickets: a run that was submitted is
// collected. It fails with ErrForeign, ErrNotEmpty, ErrInUse or *SchemaError.
func (db *DB) Import(ctx context.Context, r io.Reader) (Transfer, error) {
	if err := db.CheckSchema(ctx); err != nil {
		return Transfer{}, err
	}
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := transferHeadOf(in)
	if err != nil {
		return Transfer{}, err
	}
	_, version, err := db.engine.version(ctx)
	if err != nil {
		return Transfer{}, db.failure(err)
	}
	if head.Version < transferSince || head.Version > version {
		return Transfer{}, &SchemaError{head.Version, version}
	}
	if err := db.Unused(ctx); err != nil {
		return Transfer{}, err
	}
	conn, done := db.engine.sql(true)
	defer done()
	t, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return Transfer{}, db.failure(err)
	}
	defer t.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	for _, table := range []string{"jobs", "keys", "files"} {
		var one int64
		if err := t.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 AS one FROM "+table+" LIMIT 1) AS first").Scan(&one); err != nil {
			return Transfer{}, db.failure(err)
		}
		if one > 0 {
			return Transfer{}, ErrNotEmpty
		}
	}
	if _, err := t.ExecContext(ctx, "DELETE FROM settings"); err != nil { // those of new tables
		return Transfer{}, db.failure(err)
	}
	out, err := importRows(ctx, t, in)
	if err != nil {
		return out, db.failure(err)
	}
	for _, table := range transferTables {
		if out.Rows[table] != head.Rows[table] {
			return out, fmt.Errorf("%w: it has %d of %d rows of %s", ErrForeign, out.Rows[table], head.Rows[table], table)
		}
	}
	res, err := t.ExecContext(ctx, "UPDATE jobs SET state = 'queued', owner = NULL, lease_until = NULL WHERE state = 'running'")
	if err != nil {
		return out, db.failure(err)
	}
	if out.Running, err = res.RowsAffected(); err != nil {
		return out, err
	}
	if err := db.engine.imported(ctx, t); err != nil {
		return out, db.failure(err)
	}
	if err := t.Commit(); err != nil {
		return out, db.failure(err)
	}
	if err := db.engine.settle(ctx); err != nil { // the server does it by itself later
		db.log.Warn("preparing the imported rows for lists", "error", err)
	}
	return out, nil
}

// Unused fails with ErrInUse when another process has the database open.
func (db *DB) Unused(ctx context.Context) error {
	used, err := db.engine.used(ctx, db.process)
	if err == nil && used {
		err = ErrInUse
	}
	return db.failure(err)
}

func transferHeadOf(in *bufio.Reader) (transferHead, error) {
	line, err := in.ReadBytes('\n')
	var head transferHead
	if err != nil || json.Unmarshal(line, &head) != nil || head.Format != transferFormat {
		return head, ErrForeign
	}
	return head, nil
}

// transferTogether is how many rows are written in one statement.
const transferTogether = 100

// importRows writes the rows of a file in its order.
func importRows(ctx context.Context, t *sql.Tx, in *bufio.Reader) (Transfer, error) {
	out := Transfer{Rows: map[string]int64{}}
	var group []transferRow
	write := func() error {
		err := insertRows(ctx, t, group)
		group = group[:0]
		return err
	}
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var row transferRow
			if json.Unmarshal(line, &row) != nil || !slices.Contains(transferTables, row.Table) {
				return out, ErrForeign
			}
			if len(group) > 0 && (group[0].Table != row.Table || len(group) == transferTogether) {
				if err := write(); err != nil {
					return out, err
				}
			}
			group = append(group, row)
			out.Rows[row.Table]++
		}
		if errors.Is(err, io.EOF) {
			return out, write()
		}
		if err != nil {
			return out, err
		}
	}
}

func insertRows(ctx context.Context, t *sql.Tx, group []transferRow) error {
	if len(group) == 0 {
		return nil
	}
	columns := make([]string, 0, len(group[0].Row))
	for c := range group[0].Row {
		if strings.Trim(c, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" { // it becomes a part of a statement
			return ErrForeign
		}
		columns = append(columns, c)
	}
	slices.Sort(columns)
	var places []string
	var args []any
	for _, row := range group {
		if len(row.Row) != len(columns) {
			return ErrForeign
		}
		marks := make([]string, len(columns))
		for i, c := range columns {
			value, err := transferValue(row.Row[c])
			if err != nil {
				return err
			}
			args = append(args, value)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		places = append(places, "("+strings.Join(marks, ", ")+")")
	}
	_, err := t.ExecContext(ctx, "INSERT INTO "+group[0].Table+" ("+strings.Join(columns, ", ")+") VALUES "+strings.Join(places, ", "), args...)
	return err
}

// transferValue is a text, an integer, or null.
func transferValue(raw json.RawMessage) (any, error) {
	var text string
	var number int64
	switch {
	case string(raw) == "null":
		return nil, nil
	case json.Unmarshal(raw, &text) == nil:
		return text, nil
	case json.Unmarshal(raw, &number) == nil:
		return number, nil
	}
	return nil, ErrForeign
}
