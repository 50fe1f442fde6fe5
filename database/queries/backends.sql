-- name: PutBackend :exec
INSERT INTO backends (process, name, report, seen_at)
VALUES (sqlc.arg(process), sqlc.arg(name), sqlc.arg(report), sqlc.arg(seen_at))
ON CONFLICT (process, name) DO UPDATE SET report = excluded.report, seen_at = excluded.seen_at;

-- name: ListBackends :many
SELECT * FROM backends WHERE seen_at >= sqlc.arg(since) ORDER BY name, process;

-- name: DeleteBackendsOf :exec
DELETE FROM backends WHERE process = sqlc.arg(process);

-- name: DeleteBackendsBefore :execrows
DELETE FROM backends WHERE seen_at < sqlc.arg(before);
