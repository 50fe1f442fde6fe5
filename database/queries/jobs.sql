-- name: InsertJob :exec
INSERT INTO jobs (id, key_id, batch_id, item, sweep, workflow_id, character_id, prompt, state, priority, position, not_before,
    request, run_order, seed, webhook, attempt, failures, crashes, cancel_requested, created_at, updated_at)
VALUES (sqlc.arg(id), sqlc.arg(key_id), sqlc.narg(batch_id), sqlc.narg(item), sqlc.narg(sweep), sqlc.arg(workflow_id), sqlc.narg(character_id),
    sqlc.arg(prompt), 'queued', sqlc.arg(priority), sqlc.arg(position), 0,
    sqlc.arg(request), sqlc.arg(run_order), sqlc.narg(seed), sqlc.narg(webhook), 0, 0, 0, 0, sqlc.arg(created_at), sqlc.arg(created_at));

-- name: GetJob :one
SELECT * FROM jobs WHERE id = sqlc.arg(id);

-- name: EnsureLane :exec
INSERT INTO lanes (key_id, served)
VALUES (sqlc.arg(key_id), (SELECT COALESCE(MAX(served), 0) FROM lanes))
ON CONFLICT (key_id) DO NOTHING;

-- name: Lanes :many
SELECT key_id, served FROM lanes ORDER BY served, key_id;

-- name: FirstOfLane :one
SELECT seq, id, priority, position FROM jobs
WHERE state = 'queued' AND key_id = sqlc.arg(key_id) AND not_before <= sqlc.arg(now)
ORDER BY priority DESC, position, seq
LIMIT 1;

-- name: ServeLane :exec
UPDATE lanes SET served = sqlc.arg(served) WHERE key_id = sqlc.arg(key_id);

-- name: TakeJob :one
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

-- name: FinishJob :execrows
UPDATE jobs SET state = sqlc.arg(state), result = sqlc.narg(result), error = sqlc.narg(error), owner = NULL, lease_until = NULL,
    progress = sqlc.narg(progress), updated_at = sqlc.arg(now), finished_at = sqlc.arg(now)
WHERE id = sqlc.arg(id) AND attempt = sqlc.arg(attempt) AND state = 'running';

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
SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running') AND key_id = sqlc.arg(key_id);

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
DELETE FROM events WHERE created_at < sqlc.arg(before);

-- name: InsertIdempotency :execrows
INSERT INTO idempotency (key_id, name, body_hash, answer, created_at)
VALUES (sqlc.arg(key_id), sqlc.arg(name), sqlc.arg(body_hash), sqlc.arg(answer), sqlc.arg(created_at))
ON CONFLICT (key_id, name) DO NOTHING;

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
