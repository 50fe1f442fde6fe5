-- +goose Up
-- A row is in the indexes of what it is, and in no others, so that little is written for each.
DROP INDEX jobs_next;
DROP INDEX jobs_lease;
DROP INDEX jobs_finished;
DROP INDEX jobs_batch;
DROP INDEX jobs_character;
CREATE INDEX jobs_next ON jobs (key_id, priority DESC, position, seq) WHERE state = 'queued';
CREATE INDEX jobs_lease ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_batch ON jobs (batch_id, seq) WHERE batch_id IS NOT NULL;
CREATE INDEX jobs_character ON jobs (character_id, seq, state, key_id, cleared_at) WHERE character_id IS NOT NULL;
DROP INDEX outputs_batch;
DROP INDEX outputs_character;
DROP INDEX outputs_favourite;
CREATE INDEX outputs_batch ON outputs (batch_id, seq) WHERE batch_id IS NOT NULL;
CREATE INDEX outputs_character ON outputs (character_id, seq, kind, favourite, key_id) WHERE character_id IS NOT NULL;
CREATE INDEX outputs_favourite ON outputs (seq, key_id) WHERE favourite = 1;
DROP INDEX events_job;
DROP INDEX events_created;

-- +goose Down
DROP INDEX jobs_next;
DROP INDEX jobs_lease;
DROP INDEX jobs_finished;
DROP INDEX jobs_batch;
DROP INDEX jobs_character;
CREATE INDEX jobs_next ON jobs (state, key_id, priority DESC, position);
CREATE INDEX jobs_lease ON jobs (state, lease_until);
CREATE INDEX jobs_finished ON jobs (finished_at);
CREATE INDEX jobs_batch ON jobs (batch_id, seq);
CREATE INDEX jobs_character ON jobs (character_id, seq, state, key_id, cleared_at);
DROP INDEX outputs_batch;
DROP INDEX outputs_character;
DROP INDEX outputs_favourite;
CREATE INDEX outputs_batch ON outputs (batch_id, seq);
CREATE INDEX outputs_character ON outputs (character_id, seq, kind, favourite, key_id);
CREATE INDEX outputs_favourite ON outputs (favourite, seq, key_id);
CREATE INDEX events_job ON events (job_id, id);
CREATE INDEX events_created ON events (created_at);
