-- name: InsertKey :execrows
INSERT INTO keys (id, name, hash, scopes, created_at)
VALUES (sqlc.arg(id), sqlc.arg(name), sqlc.arg(hash), sqlc.arg(scopes), sqlc.arg(created_at))
ON CONFLICT (name) DO NOTHING;

-- name: KeyByHash :one
SELECT * FROM keys WHERE hash = sqlc.arg(hash) AND removed_at IS NULL;

-- name: ListKeys :many
SELECT * FROM keys WHERE removed_at IS NULL ORDER BY name;

-- name: RemoveKey :execrows
UPDATE keys SET removed_at = sqlc.arg(now), name = name || ' (removed ' || id || ')' WHERE name = sqlc.arg(name) AND removed_at IS NULL;

-- name: UseKey :exec
UPDATE keys SET last_used_at = sqlc.arg(now) WHERE id = sqlc.arg(id);
