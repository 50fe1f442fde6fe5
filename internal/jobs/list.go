package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// A Filter says which jobs or outputs are listed; what is empty does not count.
type Filter struct {
	Key       *string // whose; nil = all keys'
	States    []State // of jobs
	Workflow  string
	Character string
	Batch     string
	Job       string    // outputs only
	Search    string    // in the prompt, any case; one or two Latin letters among the newest 10,000 rows
	Kind      string    // of outputs
	Favourite bool      // outputs only
	Since     time.Time // created then or later
	Until     time.Time // created before
	Cleared   bool      // jobs that were taken out of lists too
	Before    int64     // only those with a lower Seq: the next page
	After     int64     // only those with a higher Seq
	OldFirst  bool
	Limit     int // at least 1
}

// A clause is a WHERE clause that grows, with its arguments.
type clause struct {
	where []string
	args  []any
}

// add adds a condition, in which each %d is the number of its next argument.
func (c *clause) add(text string, args ...any) {
	numbers := make([]any, len(args))
	for i := range args {
		numbers[i] = len(c.args) + i + 1
	}
	c.args = append(c.args, args...)
	c.where = append(c.where, fmt.Sprintf(text, numbers...))
}

func (c *clause) String() string {
	if len(c.where) == 0 {
		return "TRUE"
	}
	return strings.Join(c.where, " AND ")
}

// among is the condition that a column is one of some texts, its arguments
// behind others.
func among[T ~string](column string, values []T, args []any) (string, []any) {
	marks := make([]string, len(values))
	for i, v := range values {
		args = append(args, string(v))
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	return column + " IN (" + strings.Join(marks, ", ") + ")", args
}

// condition is what jobs and outputs have in common; of is the table with
// whose, workflow, batch and so on: j or o.
func (f Filter) condition(of string) *clause {
	c := &clause{}
	if f.Key != nil {
		c.add(of+".key_id = $%d", *f.Key)
	}
	if f.Workflow != "" {
		c.add(of+".workflow_id = $%d", f.Workflow)
	}
	if f.Character != "" {
		c.add(of+".character_id = $%d", f.Character)
	}
	if f.Batch != "" {
		c.add(of+".batch_id = $%d", f.Batch)
	}
	f.page(c, of)
	return c
}

// page adds where a page begins.
func (f Filter) page(c *clause, of string) {
	if f.Before > 0 {
		c.add(of+".seq < $%d", f.Before)
	}
	if f.After > 0 {
		c.add(of+".seq > $%d", f.After)
	}
}

// tables are what lists are of, by the names that they have in conditions.
var tables = map[string]string{"j": "jobs", "o": "outputs"}

const (
	// spanRows bounds the rows of a span of time that are looked at in the index of times
	// to find their numbers, which takes 1 ms.
	spanRows = 5000
	// spanWalk is how many rows are walked past to meet those of a span: 2 ms.
	spanWalk = 2000
	// spanMost bounds them where a list would have to walk past others first: 15 ms. To
	// walk past as many rows takes ten times as long.
	spanMost = 100_000
)

// span adds that a row was created in a span of time. The numbers that its rows are
// between are looked up in the index of times, so that none of another time is read,
// unless there are many and the list soon meets one of them. + keeps planners from walking
// through the times by themselves.
func (db *DB) span(ctx context.Context, c *clause, of string, f Filter) error {
	within := &clause{}
	f.created(within, "created_at")
	f.created(c, "+"+of+".created_at")
	if len(within.where) == 0 {
		return nil
	}
	rows, least, most, err := db.numbers(ctx, tables[of], within, db.spanRows)
	if err == nil && rows > db.spanRows {
		begins, asked := db.beginsIn(ctx, of, f)
		if asked != nil || begins {
			return asked
		}
		rows, least, most, err = db.numbers(ctx, tables[of], within, db.spanMost)
	}
	if err != nil || rows > db.spanMost {
		return err
	}
	if rows == 0 {
		c.where = append(c.where, "FALSE")
	}
	if !f.Since.IsZero() {
		c.add(of+".seq >= $%d", least)
	}
	if !f.Until.IsZero() {
		c.add(of+".seq <= $%d", most)
	}
	return nil
}

// beginsIn reports whether the first rows of a list have one that was created in its
// span.
func (db *DB) beginsIn(ctx context.Context, of string, f Filter) (begins bool, err error) {
	c := &clause{}
	f.page(c, of)
	f.Limit = spanWalk
	first := fmt.Sprintf("SELECT %s.created_at FROM %s %s WHERE %s", of, tables[of], of, c) + f.order(of+".seq")
	c.where = nil
	f.created(c, "created_at")
	err = db.engine.read().QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM ("+first+") AS first WHERE "+c.String()+")", db.engine.planned(c.args)...).Scan(&begins)
	return begins, err
}

// created adds when a row was created, by the name of that column.
func (f Filter) created(c *clause, column string) {
	if !f.Since.IsZero() {
		c.add(column+" >= $%d", millis(f.Since))
	}
	if !f.Until.IsZero() {
		c.add(column+" < $%d", millis(f.Until))
	}
}

// numbers counts the rows of a table for which a clause on times holds, up to one
// more than some, and says between which numbers they are.
func (db *DB) numbers(ctx context.Context, table string, c *clause, some int64) (rows, least, most int64, err error) {
	query := fmt.Sprintf("SELECT COUNT(*), CAST(COALESCE(MIN(seq), 0) AS BIGINT), CAST(COALESCE(MAX(seq), 0) AS BIGINT)"+
		" FROM (SELECT seq FROM %s WHERE %s ORDER BY created_at LIMIT %d) AS span", table, c, some+1)
	err = db.engine.read().QueryRow(ctx, query, db.engine.planned(c.args)...).Scan(&rows, &least, &most)
	return rows, least, most, err
}

// searchNewest is among how many of the newest rows one or two letters are looked for:
// no index knows them, and a text that none of these has says little.
const searchNewest = 10_000

// isShort reports whether a text is that little.
func isShort(text string) bool { return len(text) < 3 }

// search adds the condition on the prompt of j, as an engine looks best for it. Two
// characters of other scripts are a word, and looked for everywhere.
func (db *DB) search(ctx context.Context, c *clause, of string, f Filter) error {
	if strings.ContainsRune(f.Search, 0) || !utf8.ValidString(f.Search) {
		return ErrText
	}
	if f.Search == "" {
		return nil
	}
	if isShort(f.Search) {
		c.newest("j")
		if of != "j" { // which of the two tables is read first is the planner's choice
			c.newest(of)
		}
	}
	return db.engine.search(ctx, c, f.Search)
}

// newest is the condition that a row is among the newest of its table.
func (c *clause) newest(of string) {
	c.where = append(c.where, fmt.Sprintf("%s.seq > (SELECT MAX(seq) FROM %s) - %d", of, tables[of], searchNewest))
}

func (f Filter) order(seq string) string {
	if f.OldFirst {
		return fmt.Sprintf(" ORDER BY %s LIMIT %d", seq, f.Limit)
	}
	return fmt.Sprintf(" ORDER BY %s DESC LIMIT %d", seq, f.Limit)
}

// Jobs lists jobs, newest first.
func (db *DB) Jobs(ctx context.Context, f Filter) ([]Job, error) {
	c := f.condition("j")
	if len(f.States) > 0 {
		var text string
		text, c.args = among("j.state", f.States, c.args)
		c.where = append(c.where, text)
	}
	if !f.Cleared {
		c.where = append(c.where, "j.cleared_at IS NULL")
	}
	if err := db.span(ctx, c, "j", f); err != nil {
		return nil, db.failure(err)
	}
	if err := db.search(ctx, c, "j", f); err != nil {
		return nil, db.failure(err)
	}
	rows, err := db.engine.read().Query(ctx, "SELECT "+jobColumns+" FROM jobs j WHERE "+c.String()+f.order("j.seq"), db.engine.planned(c.args)...)
	if err != nil {
		return nil, db.failure(err)
	}
	found, err := collect(rows, func(r *dbq.Job) []any {
		return []any{
			&r.Seq, &r.ID, &r.KeyID, &r.BatchID, &r.Item, &r.Sweep, &r.WorkflowID, &r.CharacterID, &r.Prompt, &r.State, &r.Priority, &r.Position,
			&r.NotBefore, &r.Request, &r.PromptID, &r.Backend, &r.Seed, &r.Attempt, &r.Failures, &r.CancelRequested,
			&r.Progress, &r.Result, &r.Error, &r.CreatedAt, &r.UpdatedAt, &r.StartedAt, &r.FinishedAt, &r.ClearedAt,
		}
	})
	if err != nil {
		return nil, db.failure(err)
	}
	jobs := make([]Job, len(found))
	for i, r := range found {
		jobs[i] = jobOf(r)
	}
	return jobs, nil
}

// jobColumns leave out what is large and no list shows: order and ticket.
const jobColumns = "j.seq, j.id, j.key_id, j.batch_id, j.item, j.sweep, j.workflow_id, j.character_id, j.prompt, j.state, j.priority, j.position, " +
	"j.not_before, j.request, j.prompt_id, j.backend, j.seed, j.attempt, j.failures, j.cancel_requested, " +
	"j.progress, j.result, j.error, j.created_at, j.updated_at, j.started_at, j.finished_at, j.cleared_at"

// Outputs lists outputs, newest first.
func (db *DB) Outputs(ctx context.Context, f Filter) ([]Output, error) {
	c := f.condition("o")
	if f.Job != "" {
		c.add("o.job_id = $%d", f.Job)
	}
	if f.Kind != "" {
		c.add("o.kind = $%d", f.Kind)
	}
	if f.Favourite {
		c.where = append(c.where, "o.favourite = 1")
	}
	if err := db.span(ctx, c, "o", f); err != nil {
		return nil, db.failure(err)
	}
	if err := db.search(ctx, c, "o", f); err != nil {
		return nil, db.failure(err)
	}
	return db.selectOutputs(ctx, c.String()+f.order("o.seq"), c.args)
}

// selectOutputs reads outputs by what follows WHERE.
func (db *DB) selectOutputs(ctx context.Context, where string, args []any) ([]Output, error) {
	rows, err := db.engine.read().Query(ctx, "SELECT "+outputColumns+" FROM outputs o JOIN jobs j ON j.id = o.job_id WHERE "+where, db.engine.planned(args)...)
	if err != nil {
		return nil, db.failure(err)
	}
	type row struct {
		dbq.Output
		prompt      string
		seed, sweep *string
	}
	found, err := collect(rows, func(r *row) []any {
		return []any{
			&r.Seq, &r.ID, &r.JobID, &r.KeyID, &r.WorkflowID, &r.CharacterID, &r.BatchID, &r.N, &r.Name, &r.Kind, &r.MediaType, &r.Node,
			&r.Width, &r.Height, &r.Bytes, &r.Sha256, &r.Content, &r.Favourite, &r.CreatedAt, &r.prompt, &r.seed, &r.sweep,
		}
	})
	if err != nil {
		return nil, db.failure(err)
	}
	outputs := make([]Output, len(found))
	for i, r := range found {
		outputs[i] = Output{
			Seq: r.Seq, ID: r.ID, Job: r.JobID, Key: r.KeyID, N: r.N, Name: r.Name, Kind: r.Kind, MediaType: r.MediaType, Node: r.Node,
			Width: r.Width, Height: r.Height, Bytes: r.Bytes, SHA256: r.Sha256, Text: r.Content, Favourite: r.Favourite != 0,
			Created: timeOf(&r.CreatedAt), Workflow: r.WorkflowID, Character: text(r.CharacterID), Batch: text(r.BatchID),
			Prompt: r.prompt, Seed: text(r.seed), Sweep: raw(r.sweep),
		}
	}
	return outputs, nil
}

const outputColumns = "o.seq, o.id, o.job_id, o.key_id, o.workflow_id, o.character_id, o.batch_id, o.n, o.name, o.kind, o.media_type, o.node, " +
	"o.width, o.height, o.bytes, o.sha256, o.content, o.favourite, o.created_at, j.prompt, j.seed, j.sweep"

func collect[T any](rows pgx.Rows, into func(*T) []any) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		var r T
		if err := rows.Scan(into(&r)...); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
