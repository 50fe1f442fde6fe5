-- +goose Up
-- Prompts are searched by their parts of three letters. The index has no text of its own: it reads that of jobs.
CREATE VIRTUAL TABLE jobs_prompt USING fts5 (prompt, content = 'jobs', content_rowid = 'seq', tokenize = 'trigram');
-- +goose StatementBegin
CREATE TRIGGER jobs_prompt_insert AFTER INSERT ON jobs BEGIN
    INSERT INTO jobs_prompt (rowid, prompt) VALUES (new.seq, new.prompt);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER jobs_prompt_delete AFTER DELETE ON jobs BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER jobs_prompt_update AFTER UPDATE OF prompt ON jobs BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
    INSERT INTO jobs_prompt (rowid, prompt) VALUES (new.seq, new.prompt);
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER jobs_prompt_update;
DROP TRIGGER jobs_prompt_delete;
DROP TRIGGER jobs_prompt_insert;
DROP TABLE jobs_prompt;
