-- name: InsertOutput :exec
INSERT INTO outputs (id, job_id, key_id, workflow_id, character_id, batch_id, n, name, kind, media_type, node, width, height, bytes, sha256, content, favourite, created_at)
VALUES (sqlc.arg(id), sqlc.arg(job_id), sqlc.arg(key_id), sqlc.arg(workflow_id), sqlc.narg(character_id), sqlc.narg(batch_id),
    sqlc.arg(n), sqlc.arg(name), sqlc.arg(kind), sqlc.arg(media_type), sqlc.arg(node),
    sqlc.narg(width), sqlc.narg(height), sqlc.arg(bytes), sqlc.arg(sha256), sqlc.narg(content), 0, sqlc.arg(created_at));

-- name: LastOutput :one
SELECT CAST(COALESCE(MAX(n), 0) AS BIGINT) FROM outputs WHERE job_id = sqlc.arg(job_id);

-- name: SetFavourite :execrows
UPDATE outputs SET favourite = sqlc.arg(favourite) WHERE id = sqlc.arg(id);

-- name: DeleteOutput :execrows
DELETE FROM outputs WHERE id = sqlc.arg(id);

-- name: InsertFile :exec
INSERT INTO files (id, key_id, name, sha256, bytes, media_type, width, height, created_at)
VALUES (sqlc.arg(id), sqlc.arg(key_id), sqlc.arg(name), sqlc.arg(sha256), sqlc.arg(bytes), sqlc.arg(media_type), sqlc.narg(width), sqlc.narg(height), sqlc.arg(created_at));

-- name: GetFile :one
SELECT * FROM files WHERE id = sqlc.arg(id);

-- name: LatestFile :one
SELECT * FROM files WHERE key_id = sqlc.arg(key_id) AND name = sqlc.arg(name) ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: PutPreset :exec
INSERT INTO presets (key_id, name, run_order, created_at, updated_at)
VALUES (sqlc.arg(key_id), sqlc.arg(name), sqlc.arg(run_order), sqlc.arg(now), sqlc.arg(now))
ON CONFLICT (key_id, name) DO UPDATE SET run_order = excluded.run_order, updated_at = excluded.updated_at;

-- name: GetPreset :one
SELECT * FROM presets WHERE key_id = sqlc.arg(key_id) AND name = sqlc.arg(name);

-- name: ListPresets :many
SELECT * FROM presets WHERE key_id = sqlc.arg(key_id) ORDER BY name;

-- name: DeletePreset :execrows
DELETE FROM presets WHERE key_id = sqlc.arg(key_id) AND name = sqlc.arg(name);

-- name: DeleteFile :execrows
DELETE FROM files WHERE id = sqlc.arg(id);

-- name: FilesBefore :many
SELECT * FROM files WHERE created_at < sqlc.arg(before) AND id > sqlc.arg(after) ORDER BY id LIMIT 200;

-- name: FilesOfContent :one
SELECT COUNT(*) FROM files WHERE sha256 = sqlc.arg(sha256);

-- name: JobsThatWaitFor :one
SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running') AND run_order LIKE sqlc.arg(pattern);

-- name: StoredBytes :one
SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM files WHERE key_id = sqlc.arg(key_id) AND name <> '';
