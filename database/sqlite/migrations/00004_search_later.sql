-- +goose Up
-- Prompts are indexed in groups behind the acceptance of their jobs, since one at a time costs many times as much. Those of jobs up to seq are in the index, and of no others.
CREATE TABLE prompts_indexed (seq INTEGER NOT NULL);
INSERT INTO prompts_indexed (seq) SELECT COALESCE(MAX(seq), 0) FROM jobs;
DROP TRIGGER jobs_prompt_insert;
DROP TRIGGER jobs_prompt_delete;
DROP TRIGGER jobs_prompt_update;
INSERT INTO jobs_prompt (jobs_prompt, rank) VALUES ('automerge', 8); -- a third less work than by 4, and searches are as fast
-- +goose StatementBegin
CREATE TRIGGER jobs_prompt_delete AFTER DELETE ON jobs WHEN old.seq <= (SELECT seq FROM prompts_indexed) BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER jobs_prompt_update AFTER UPDATE OF prompt ON jobs WHEN old.seq <= (SELECT seq FROM prompts_indexed) BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
    INSERT INTO jobs_prompt (rowid, prompt) VALUES (new.seq, new.prompt);
END;
-- +goose StatementEnd

-- +goose Down
INSERT INTO jobs_prompt (jobs_prompt, rank) VALUES ('automerge', 4);
DROP TRIGGER jobs_prompt_update;
DROP TRIGGER jobs_prompt_delete;
INSERT INTO jobs_prompt (rowid, prompt) SELECT seq, prompt FROM jobs WHERE seq > (SELECT seq FROM prompts_indexed);
DROP TABLE prompts_indexed;
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
