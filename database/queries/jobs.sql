-- name: InsertJob :exec
INSERT INTO jobs (id, key_id, batch_id, item, sweep, workflow_id, character_id, prompt, state, priority, position, not_before,
    request, run_order, seed, webhook, attempt, failures, crashes, cancel_requested, created_at, updated_at)
VALUES (sqlc.arg(id), sqlc.arg(key_id), sqlc.narg(batch_id), sqlc.narg(item), sqlc.narg(sweep), sqlc.arg(workflow_id), sqlc.narg(character_id),
    sqlc.arg(prompt), 'queued', sqlc.arg(priority), sqlc.arg(position), 0,
    sqlc.arg(request), sqlc.arg(run_order), sqlc.narg(seed), sqlc.narg(webhook), 0, 0, 0, 0, sqlc.arg(created_at), sqlc.arg(created_at));

-- name: InsertJobs :exec
-- Many in one statement, for PostgreSQL. An empty text is none where there may be none.
INSERT INTO jobs (id, key_id, batch_id, item, sweep, workflow_id, character_id, prompt, state, priority, position, not_before,
    request, run_order, seed, webhook, attempt, failures, crashes, cancel_requested, created_at, updated_at)
SELECT n.id, n.key_id, NULLIF(n.batch_id, ''), NULLIF(n.item, ''), NULLIF(n.sweep, ''), n.workflow_id, NULLIF(n.character_id, ''), n.prompt,
    'queued', n.priority, n.position, 0, n.request, n.run_order, NULLIF(n.seed, ''), NULLIF(n.webhook, ''), 0, 0, 0, 0, n.created_at, n.created_at
FROM (SELECT unnest(sqlc.arg(ids)::text[]) AS id, unnest(sqlc.arg(key_ids)::text[]) AS key_id, unnest(sqlc.arg(batch_ids)::text[]) AS batch_id,
    unnest(sqlc.arg(items)::text[]) AS item, unnest(sqlc.arg(sweeps)::text[]) AS sweep, unnest(sqlc.arg(workflow_ids)::text[]) AS workflow_id,
    unnest(sqlc.arg(character_ids)::text[]) AS character_id, unnest(sqlc.arg(prompts)::text[]) AS prompt,
    unnest(sqlc.arg(priorities)::bigint[]) AS priority, unnest(sqlc.arg(positions)::bigint[]) AS position,
    unnest(sqlc.arg(requests)::text[]) AS request, unnest(sqlc.arg(run_orders)::text[]) AS run_order, unnest(sqlc.arg(seeds)::text[]) AS seed,
    unnest(sqlc.arg(webhooks)::text[]) AS webhook, unnest(sqlc.arg(created_ats)::bigint[]) AS created_at) AS n;

-- name: GetJob :one
SELECT * FROM jobs WHERE id = sqlc.arg(id);

-- name: EnsureLane :exec
INSERT INTO lanes (key_id, served)
VALUES (sqlc.arg(key_id), (SELECT COALESCE(MAX(served), 0) FROM lanes))
ON CONFLICT (key_id) DO NOTHING;

-- name: OpenLanes :many
-- Who was served least comes first; none while the queue is paused.
SELECT key_id, served FROM lanes
WHERE NOT EXISTS (SELECT 1 FROM settings WHERE name = 'paused' AND value <> 0)
ORDER BY served, key_id;

-- name: FirstOfLanes :batchmany
SELECT seq, id, priority FROM jobs
WHERE state = 'queued' AND key_id = sqlc.arg(key_id) AND not_before <= sqlc.arg(now)
ORDER BY priority DESC, position, seq
LIMIT sqlc.arg(most);

-- name: ServeLane :exec
UPDATE lanes SET served = served + sqlc.arg(taken) WHERE key_id = sqlc.arg(key_id);

-- name: TakeJobs :batchone
UPDATE jobs SET state = 'running', attempt = attempt + 1, owner = sqlc.arg(owner), lease_until = sqlc.arg(lease_until),
    started_at = COALESCE(started_at, sqlc.arg(now)), updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND state = 'queued'
RETURNING *;

-- name: ExtendLeases :many
UPDATE jobs SET lease_until = sqlc.arg(lease_until)
WHERE owner = sqlc.arg(owner) AND state = 'running'
RETURNING id, attempt, cancel_requested;

-- name: SetTicket :execrows
UPDATE jobs SET ticket = sqlc.narg(ticket), prompt_id = sqlc.narg(prompt_id), backend = sqlc.narg(backend), seed = sqlc.narg(seed), updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND attempt = sqlc.arg(attempt) AND state = 'running';

-- name: SetProgress :execrows
UPDATE jobs SET progress = sqlc.narg(progress), updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND attempt = sqlc.arg(attempt) AND state = 'running';

-- name: FinishJobs :batchone
UPDATE jobs SET state = sqlc.arg(state), result = sqlc.narg(result), error = sqlc.narg(error), owner = NULL, lease_until = NULL,
    progress = NULL, updated_at = sqlc.arg(now), finished_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND attempt = sqlc.arg(attempt) AND state = 'running'
RETURNING seq;

-- name: HandBack :execrows
UPDATE jobs SET state = 'queued', not_before = sqlc.arg(not_before), failures = failures + sqlc.arg(failed), error = sqlc.narg(error),
    ticket = sqlc.narg(ticket), prompt_id = sqlc.narg(prompt_id), owner = NULL, lease_until = NULL, updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND attempt = sqlc.arg(attempt) AND state = 'running';

-- name: Orphans :many
SELECT * FROM jobs WHERE state = 'running' AND lease_until < sqlc.arg(now) ORDER BY lease_until LIMIT 100;

-- name: TakeBack :execrows
UPDATE jobs SET state = 'queued', crashes = crashes + 1, not_before = sqlc.arg(not_before), owner = NULL, lease_until = NULL, updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND attempt = sqlc.arg(attempt) AND state = 'running' AND lease_until < sqlc.arg(now);

-- name: CancelQueued :execrows
UPDATE jobs SET state = 'cancelled', cancel_requested = 1, updated_at = sqlc.arg(now), finished_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND state = 'queued' AND ticket IS NULL;

-- name: RequestCancel :execrows
UPDATE jobs SET cancel_requested = 1, not_before = 0, updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND state IN ('queued', 'running');

-- name: RetryJob :execrows
UPDATE jobs SET state = 'queued', not_before = 0, failures = 0, crashes = 0, cancel_requested = 0, ticket = NULL, prompt_id = NULL,
    progress = NULL, result = NULL, error = NULL, started_at = NULL, finished_at = NULL, cleared_at = NULL,
    position = sqlc.arg(position), updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND state IN ('failed', 'cancelled');

-- name: SetPlace :execrows
UPDATE jobs SET priority = sqlc.arg(priority), position = sqlc.arg(position), updated_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND state = 'queued';

-- name: PositionBefore :one
SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) FROM jobs
WHERE state = 'queued' AND key_id = sqlc.arg(key_id) AND priority = sqlc.arg(priority) AND position < sqlc.arg(position);

-- name: DeleteJob :execrows
DELETE FROM jobs WHERE id = sqlc.arg(id) AND state IN ('succeeded', 'failed', 'cancelled');

-- name: FinishedBefore :many
SELECT id FROM jobs WHERE finished_at < sqlc.arg(before) ORDER BY finished_at LIMIT 500;

-- name: CountStates :many
SELECT state, COUNT(*) AS jobs FROM jobs GROUP BY state;

-- name: CountOfBatch :many
SELECT state, COUNT(*) AS jobs FROM jobs WHERE batch_id = sqlc.arg(batch_id) GROUP BY state;

-- name: CountWaiting :one
SELECT CAST((SELECT COUNT(*) FROM jobs q WHERE q.state = 'queued' AND q.key_id = sqlc.arg(key_id))
    + (SELECT COUNT(*) FROM jobs r WHERE r.state = 'running' AND r.key_id = sqlc.arg(key_id)) AS BIGINT);

-- name: JobsOfBatch :many
SELECT id, state FROM jobs WHERE batch_id = sqlc.arg(batch_id) ORDER BY seq;

-- name: InsertBatch :exec
INSERT INTO batches (id, key_id, workflow_id, total, request, created_at)
VALUES (sqlc.arg(id), sqlc.arg(key_id), sqlc.arg(workflow_id), sqlc.arg(total), sqlc.arg(request), sqlc.arg(created_at));

-- name: GetBatch :one
SELECT * FROM batches WHERE id = sqlc.arg(id);

-- name: CancelBatch :execrows
UPDATE batches SET cancelled_at = sqlc.arg(now) WHERE id = sqlc.arg(id) AND cancelled_at IS NULL;

-- name: InsertEvent :one
INSERT INTO events (job_id, key_id, type, data, created_at)
VALUES (sqlc.arg(job_id), sqlc.arg(key_id), sqlc.arg(type), sqlc.arg(data), sqlc.arg(created_at))
RETURNING id;

-- name: EventsAfter :many
SELECT * FROM events WHERE id > sqlc.arg(id) ORDER BY id LIMIT 1000;

-- name: LastEvent :one
SELECT CAST(COALESCE(MAX(id), 0) AS BIGINT) FROM events;

-- name: DeleteEventsBefore :execrows
-- Those before the first that stays, so that no other is read.
DELETE FROM events WHERE id < COALESCE((SELECT e.id FROM events e WHERE e.created_at >= sqlc.arg(before) ORDER BY e.id LIMIT 1), (SELECT MAX(l.id) + 1 FROM events l));

-- name: ReserveNames :batchone
INSERT INTO idempotency (key_id, name, body_hash, answer, created_at)
VALUES (sqlc.arg(key_id), sqlc.arg(name), sqlc.arg(body_hash), sqlc.arg(answer), sqlc.arg(created_at))
ON CONFLICT (key_id, name) DO NOTHING
RETURNING answer;

-- name: GetIdempotency :one
SELECT * FROM idempotency WHERE key_id = sqlc.arg(key_id) AND name = sqlc.arg(name);

-- name: DeleteIdempotencyBefore :execrows
DELETE FROM idempotency WHERE created_at < sqlc.arg(before);

-- name: GetSetting :one
SELECT value FROM settings WHERE name = sqlc.arg(name);

-- name: SetSetting :exec
INSERT INTO settings (name, value) VALUES (sqlc.arg(name), sqlc.arg(value))
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: FirstPosition :one
SELECT CAST(COALESCE(MIN(position), 0) AS BIGINT) FROM jobs
WHERE state = 'queued' AND key_id = sqlc.arg(key_id) AND priority = sqlc.arg(priority);

-- name: ShiftBefore :exec
UPDATE jobs SET position = position - sqlc.arg(by)
WHERE state = 'queued' AND key_id = sqlc.arg(key_id) AND priority = sqlc.arg(priority) AND position < sqlc.arg(position);

-- name: CountQueued :one
SELECT COUNT(*) FROM jobs WHERE state = 'queued';

-- name: LastPosition :one
SELECT CAST(COALESCE(MAX(position), 0) AS BIGINT) FROM jobs
WHERE state = 'queued' AND key_id = sqlc.arg(key_id) AND priority = sqlc.arg(priority);

-- name: Durations :many
SELECT started_at, finished_at FROM jobs
WHERE workflow_id = sqlc.arg(workflow_id) AND state = 'succeeded' AND started_at IS NOT NULL AND finished_at IS NOT NULL
ORDER BY seq DESC LIMIT 20;
