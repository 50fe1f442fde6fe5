-- +goose Up
-- Prompts are searched by their parts of three letters, where PostgreSQL has pg_trgm and lets us make it; elsewhere a search reads all rows.
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX jobs_prompt ON jobs USING gin (LOWER(prompt) gin_trgm_ops);
EXCEPTION WHEN undefined_file OR feature_not_supported OR insufficient_privilege OR undefined_object THEN
    NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP INDEX IF EXISTS jobs_prompt;
