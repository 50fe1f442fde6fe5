package jobs

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"modernc.org/sqlite"
)

// sqliteDriver is SQLite with the function easel_contains (prompt, text): whether a text,
// folded, is in a prompt in any case.
var sqliteDriver = newSQLiteDriver()

func newSQLiteDriver() *sqlite.Driver {
	d := &sqlite.Driver{}
	d.MustRegisterDeterministicScalarFunction("easel_contains", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		prompt, _ := args[0].(string)
		folded, _ := args[1].(string)
		return strings.Contains(fold(prompt), folded), nil
	})
	return d
}

// A sqliteConnector opens connections to a file by sqliteDriver.
type sqliteConnector string

func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	return sqliteDriver.Open(string(c))
}
func (c sqliteConnector) Driver() driver.Driver { return sqliteDriver }

// searchRare is how many jobs with a text are found first; more are so common
// that the newest are soon among any rows.
const searchRare = 1000

// search: SQLite has no figures of how rare a text is, so that it is asked first. What
// is not indexed yet is read. A statement sees index and mark as of one moment.
func (e *sqliteEngine) search(ctx context.Context, c *clause, text string) error {
	if utf8.RuneCountInString(text) < 3 { // the index knows threes
		return e.searchShort(ctx, c, text)
	}
	phrase := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	var found int
	err := e.reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM jobs_prompt WHERE jobs_prompt MATCH $1 LIMIT $2)", phrase, searchRare+1).Scan(&found)
	if err != nil {
		return err
	}
	if found > searchRare {
		c.contains(text)
		return nil
	}
	c.add("j.seq IN (SELECT rowid FROM jobs_prompt WHERE jobs_prompt MATCH $%d"+
		" UNION ALL SELECT seq FROM jobs WHERE seq > (SELECT seq FROM prompts_indexed) AND easel_contains(prompt, $%d))", phrase, fold(text))
	return nil
}

// contains is the condition that a prompt has a text in it, by reading it.
func (c *clause) contains(text string) { c.add("easel_contains(j.prompt, $%d)", fold(text)) }

// searchShort looks through the newest jobs at once, which is faster than one by one
// for the outputs of each.
func (e *sqliteEngine) searchShort(ctx context.Context, c *clause, text string) error {
	if !isShort(text) {
		c.contains(text)
		return nil
	}
	var found int
	var numbers string
	err := e.reader.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*), json_group_array(seq) FROM"+
		" (SELECT seq FROM jobs WHERE seq > (SELECT MAX(seq) FROM jobs) - %d AND easel_contains(prompt, $1) ORDER BY seq DESC LIMIT %d)",
		searchNewest, searchRare+1), fold(text)).Scan(&found, &numbers)
	if err != nil {
		return err
	}
	if found > searchRare {
		c.contains(text)
		return nil
	}
	c.add("j.seq IN (SELECT value FROM json_each($%d))", numbers)
	return nil
}

const (
	// indexRows and indexLetters bound what is indexed in one transaction: some 10 ms.
	// Small groups cost more for each prompt, since each writes all parts it has anew.
	indexRows    = 1000
	indexLetters = 50_000
)

// index: whoever moves the mark indexes what it moved past, in the same transaction.
func (e *sqliteEngine) index(ctx context.Context) (left int64, err error) {
	g, err := e.unindexed(ctx)
	if err != nil || g.to == g.from {
		return 0, err
	}
	t, err := e.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer t.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	moved, err := t.ExecContext(ctx, "UPDATE prompts_indexed SET seq = $1 WHERE seq = $2", g.to, g.from)
	if err != nil {
		return 0, err
	}
	if n, err := moved.RowsAffected(); err != nil || n == 0 { // another process was faster
		return g.last - g.from, err
	}
	if _, err := t.ExecContext(ctx, "INSERT INTO jobs_prompt (rowid, prompt) SELECT seq, prompt FROM jobs WHERE seq > $1 AND seq <= $2", g.from, g.to); err != nil {
		return 0, fmt.Errorf("indexing prompts: %w", err)
	}
	return g.last - g.to, t.Commit()
}

// An indexGroup are the jobs with numbers above from, up to to, of those up to last.
type indexGroup struct{ from, to, last int64 }

// unindexed are the jobs that are indexed next. Numbers rise with each commit, so that
// none comes up below others that are visible.
func (e *sqliteEngine) unindexed(ctx context.Context) (g indexGroup, err error) {
	rows, err := e.reader.QueryContext(ctx, "SELECT m.seq, COALESCE(j.seq, m.seq), COALESCE(LENGTH(j.prompt), 0), COALESCE((SELECT MAX(seq) FROM jobs), 0)"+
		" FROM prompts_indexed m LEFT JOIN jobs j ON j.seq > m.seq ORDER BY j.seq LIMIT $1", indexRows)
	if err != nil {
		return g, err
	}
	defer rows.Close()
	for letters := 0; letters < indexLetters && rows.Next(); {
		var of int
		if err := rows.Scan(&g.from, &g.to, &of, &g.last); err != nil {
			return g, err
		}
		letters += of
	}
	return g, rows.Err()
}

// imported indexes the prompts of jobs that were written with their numbers.
func (e *sqliteEngine) imported(ctx context.Context, t *sql.Tx) error {
	_, indexing := t.ExecContext(ctx, "INSERT INTO jobs_prompt (rowid, prompt) SELECT seq, prompt FROM jobs")
	_, marking := t.ExecContext(ctx, "UPDATE prompts_indexed SET seq = (SELECT COALESCE(MAX(seq), 0) FROM jobs)")
	return errors.Join(indexing, marking)
}
