-- name: InsertDelivery :exec
INSERT INTO deliveries (id, job_id, url, event, state, attempt, next_at, created_at)
VALUES (sqlc.arg(id), sqlc.arg(job_id), sqlc.arg(url), sqlc.arg(event), 'waiting', 0, sqlc.arg(now), sqlc.arg(now));

-- name: TakeDelivery :one
UPDATE deliveries SET attempt = attempt + 1, next_at = sqlc.arg(lease_until)
WHERE seq = (SELECT d.seq FROM deliveries d WHERE d.state = 'waiting' AND d.next_at <= sqlc.arg(now)
    AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.job_id = d.job_id AND e.url = d.url AND e.seq < d.seq AND e.state = 'waiting')
    ORDER BY d.next_at LIMIT 1)
RETURNING *;

-- name: EndDelivery :execrows
UPDATE deliveries SET state = sqlc.arg(state), next_at = sqlc.arg(next_at), status = sqlc.narg(status), error = sqlc.narg(error), delivered_at = sqlc.narg(delivered_at)
WHERE id = sqlc.arg(id) AND attempt = sqlc.arg(attempt);

-- name: DisableURL :execrows
UPDATE deliveries SET state = 'disabled' WHERE url = sqlc.arg(url) AND state = 'waiting';

-- name: NextDelivery :one
SELECT CAST(COALESCE(MIN(next_at), 0) AS BIGINT) FROM deliveries WHERE state = 'waiting';

-- name: DeliveriesOfJob :many
SELECT * FROM deliveries WHERE job_id = sqlc.arg(job_id) ORDER BY seq;

-- name: RedeliverDelivery :execrows
UPDATE deliveries SET state = 'waiting', next_at = sqlc.arg(now) WHERE id = sqlc.arg(id) AND job_id = sqlc.arg(job_id) AND (state <> 'waiting' OR next_at > sqlc.arg(soon));

-- name: DeleteDeliveriesBefore :execrows
DELETE FROM deliveries WHERE state <> 'waiting' AND created_at < sqlc.arg(before);
