package jobs

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// rowsTogether is how many rows one statement writes.
const rowsTogether = 1000

// insertManyJobs has jobs written by few statements.
func (t *tx) insertManyJobs(ctx context.Context, rows []dbq.InsertJobParams) error {
	for part := range slices.Chunk(rows, rowsTogether) {
		var p dbq.InsertJobsParams
		for _, r := range part {
			p.Ids = append(p.Ids, r.ID)
			p.KeyIds = append(p.KeyIds, r.KeyID)
			p.BatchIds = append(p.BatchIds, text(r.BatchID))
			p.Items = append(p.Items, text(r.Item))
			p.Sweeps = append(p.Sweeps, text(r.Sweep))
			p.WorkflowIds = append(p.WorkflowIds, r.WorkflowID)
			p.CharacterIds = append(p.CharacterIds, text(r.CharacterID))
			p.Prompts = append(p.Prompts, r.Prompt)
			p.Priorities = append(p.Priorities, r.Priority)
			p.Positions = append(p.Positions, r.Position)
			p.Requests = append(p.Requests, r.Request)
			p.RunOrders = append(p.RunOrders, r.RunOrder)
			p.Seeds = append(p.Seeds, text(r.Seed))
			p.Webhooks = append(p.Webhooks, text(r.Webhook))
			p.CreatedAts = append(p.CreatedAts, r.CreatedAt)
		}
		if err := t.later.InsertJobs(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// insertEvents is the statement that writes many events and returns their ids, in
// their order.
const insertEvents = `INSERT INTO events (job_id, key_id, type, data, created_at)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::bigint[]) RETURNING id`

// queueEvents writes events with a batch, which gives them their ids.
func queueEvents(b *pgx.Batch, events []Event) {
	for part := range slices.Chunk(events, rowsTogether) {
		var jobs, keys, types, datas []string
		var created []int64
		for _, e := range part {
			jobs, keys = append(jobs, e.Job), append(keys, e.Key)
			types, datas = append(types, string(e.Type)), append(datas, string(e.Data))
			created = append(created, millis(e.Created))
		}
		b.Queue(insertEvents, jobs, keys, types, datas, created).Query(func(rows pgx.Rows) error {
			for i := 0; rows.Next(); i++ {
				if err := rows.Scan(&part[i].ID); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}
}
