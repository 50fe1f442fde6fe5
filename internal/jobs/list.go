package jobs

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// A Filter says which jobs or outputs are listed; what is empty does not count.
type Filter struct {
	Key       *string // whose; nil = all keys'
	States    []State
	Workflow  string
	Batch     string
	Search    string // in the prompt, any case
	Kind      string // of outputs
	Favourite bool   // outputs only
	Before    int64  // only those with a lower Seq: the next page
	After     int64  // only those with a higher Seq
	OldFirst  bool
	Limit     int // at least 1
}

// condition is the WHERE clause of a list as far as it concerns jobs under the
// name j, with its arguments.
func (f Filter) condition(seq string) (string, []any) {
	var where []string
	var args []any
	add := func(text string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(text, len(args)))
	}
	if f.Key != nil {
		add("j.key_id = $%d", *f.Key)
	}
	if len(f.States) > 0 {
		marks := make([]string, len(f.States))
		for i, s := range f.States {
			args = append(args, string(s))
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		where = append(where, "j.state IN ("+strings.Join(marks, ", ")+")")
	}
	if f.Workflow != "" {
		add("j.workflow_id = $%d", f.Workflow)
	}
	if f.Batch != "" {
		add("j.batch_id = $%d", f.Batch)
	}
	if f.Search != "" {
		add(`LOWER(j.prompt) LIKE $%d ESCAPE '\'`, "%"+likeText.Replace(strings.ToLower(f.Search))+"%")
	}
	if f.Before > 0 {
		add(seq+" < $%d", f.Before)
	}
	if f.After > 0 {
		add(seq+" > $%d", f.After)
	}
	if len(where) == 0 {
		return "TRUE", args
	}
	return strings.Join(where, " AND "), args
}

// likeText keeps % and _ of a search what they are.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (f Filter) order(seq string) string {
	if f.OldFirst {
		return fmt.Sprintf(" ORDER BY %s LIMIT %d", seq, f.Limit)
	}
	return fmt.Sprintf(" ORDER BY %s DESC LIMIT %d", seq, f.Limit)
}

// Jobs lists jobs, newest first.
func (db *DB) Jobs(ctx context.Context, f Filter) ([]Job, error) {
	where, args := f.condition("j.seq")
	rows, err := db.engine.read().Query(ctx, "SELECT "+jobColumns+" FROM jobs j WHERE "+where+f.order("j.seq"), args...)
	if err != nil {
		return nil, db.failure(err)
	}
	found, err := collect(rows, func(r *dbq.Job) []any {
		return []any{
			&r.Seq, &r.ID, &r.KeyID, &r.BatchID, &r.Item, &r.WorkflowID, &r.CharacterID, &r.Prompt, &r.State, &r.Priority, &r.Position,
			&r.NotBefore, &r.Request, &r.PromptID, &r.Backend, &r.Seed, &r.Attempt, &r.Failures, &r.CancelRequested,
			&r.Progress, &r.Result, &r.Error, &r.CreatedAt, &r.UpdatedAt, &r.StartedAt, &r.FinishedAt,
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
const jobColumns = "j.seq, j.id, j.key_id, j.batch_id, j.item, j.workflow_id, j.character_id, j.prompt, j.state, j.priority, j.position, " +
	"j.not_before, j.request, j.prompt_id, j.backend, j.seed, j.attempt, j.failures, j.cancel_requested, " +
	"j.progress, j.result, j.error, j.created_at, j.updated_at, j.started_at, j.finished_at"

// Outputs lists outputs, newest first.
func (db *DB) Outputs(ctx context.Context, f Filter) ([]Output, error) {
	where, args := f.condition("o.seq")
	if f.Kind != "" {
		args = append(args, f.Kind)
		where += fmt.Sprintf(" AND o.kind = $%d", len(args))
	}
	if f.Favourite {
		where += " AND o.favourite = 1"
	}
	return db.selectOutputs(ctx, "SELECT "+outputColumns+" FROM outputs o JOIN jobs j ON j.id = o.job_id WHERE "+where+f.order("o.seq"), args)
}

func (db *DB) selectOutputs(ctx context.Context, query string, args []any) ([]Output, error) {
	rows, err := db.engine.read().Query(ctx, query, args...)
	if err != nil {
		return nil, db.failure(err)
	}
	found, err := collect(rows, func(r *dbq.Output) []any {
		return []any{
			&r.Seq, &r.ID, &r.JobID, &r.KeyID, &r.N, &r.Name, &r.Kind, &r.MediaType, &r.Node, &r.Width, &r.Height, &r.Bytes,
			&r.Sha256, &r.Content, &r.Favourite, &r.CreatedAt,
		}
	})
	if err != nil {
		return nil, db.failure(err)
	}
	outputs := make([]Output, len(found))
	for i, r := range found {
		outputs[i] = outputOf(r)
	}
	return outputs, nil
}

const outputColumns = "o.seq, o.id, o.job_id, o.key_id, o.n, o.name, o.kind, o.media_type, o.node, o.width, o.height, o.bytes, " +
	"o.sha256, o.content, o.favourite, o.created_at"

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
