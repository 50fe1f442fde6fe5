-- Times are milliseconds since 1970 (UTC). Ids are random, 128 bits. JSON is kept as TEXT: its bytes are what was written.

CREATE TABLE keys (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL UNIQUE,
    hash         TEXT NOT NULL UNIQUE, -- SHA-256 of the key, lower-case hex; the key itself is nowhere
    scopes       TEXT NOT NULL,        -- words with a space between: generate manage graphs
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    removed_at   INTEGER
);

-- A lane is a key's part of the queue. served counts what was taken from it, so that the lane that had least is next.
CREATE TABLE lanes (
    key_id TEXT PRIMARY KEY, -- '' = the owner of the machine, who needs no key
    served INTEGER NOT NULL
);

CREATE TABLE batches (
    id           TEXT PRIMARY KEY,
    key_id       TEXT NOT NULL,
    workflow_id  TEXT NOT NULL,
    total        INTEGER NOT NULL,
    request      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    cancelled_at INTEGER
);

CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT, -- order of creation; pages are cut by it
    id               TEXT NOT NULL UNIQUE,
    key_id           TEXT NOT NULL,
    batch_id         TEXT REFERENCES batches (id) ON DELETE CASCADE,
    item             TEXT,                   -- of the batch
    sweep            TEXT,                   -- its point of the batch's sweeps: {"steps": "20"}
    workflow_id      TEXT NOT NULL,
    character_id     TEXT,
    prompt           TEXT NOT NULL,          -- for searching
    state            TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    priority         INTEGER NOT NULL,        -- higher goes first
    position         INTEGER NOT NULL,        -- within a priority, lower goes first
    not_before       INTEGER NOT NULL,        -- 0 = at once
    request          TEXT NOT NULL,          -- as it was sent
    run_order        TEXT NOT NULL,          -- what the engine resolves
    ticket           TEXT,                   -- written before the run is submitted: enough to collect it
    prompt_id        TEXT,
    backend          TEXT,
    seed             TEXT,
    attempt          INTEGER NOT NULL,        -- counts the takings; only its newest may write
    failures         INTEGER NOT NULL,        -- attempts that ended in an error worth another try
    crashes          INTEGER NOT NULL,        -- attempts whose process was gone before they ended
    webhook          TEXT,                   -- who is told when it ended
    owner            TEXT,                   -- the process that runs it
    lease_until      INTEGER,
    cancel_requested INTEGER NOT NULL,        -- 0 or 1
    progress         TEXT,
    result           TEXT,
    error            TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    started_at       INTEGER,
    finished_at      INTEGER,
    cleared_at       INTEGER                  -- taken out of lists, with its results kept
);
CREATE INDEX jobs_next ON jobs (state, key_id, priority DESC, position);
CREATE INDEX jobs_batch ON jobs (batch_id, seq);
-- Behind seq: what lists leave rows out by, so that no row is read for it.
CREATE INDEX jobs_workflow ON jobs (workflow_id, seq, state, character_id, key_id, cleared_at);
CREATE INDEX jobs_character ON jobs (character_id, seq, state, key_id, cleared_at);
CREATE INDEX jobs_key ON jobs (key_id, seq, state, cleared_at);
CREATE INDEX jobs_state ON jobs (state, seq, character_id, key_id, cleared_at);
CREATE INDEX jobs_created ON jobs (created_at, seq);
CREATE INDEX jobs_finished ON jobs (finished_at);
CREATE INDEX jobs_lease ON jobs (state, lease_until);

CREATE TABLE outputs (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    job_id     TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    key_id     TEXT NOT NULL,
    workflow_id  TEXT NOT NULL, -- of the job, as the next two
    character_id TEXT,
    batch_id     TEXT,
    n          INTEGER NOT NULL, -- from 1, in the order of the run
    name       TEXT NOT NULL,   -- in the store
    kind       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    node       TEXT NOT NULL,
    width      INTEGER,          -- pixels
    height     INTEGER,
    bytes      INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    content    TEXT,            -- of an output that is a text
    favourite  INTEGER NOT NULL, -- 0 or 1
    created_at INTEGER NOT NULL,
    UNIQUE (job_id, n)
);
CREATE INDEX outputs_sha256 ON outputs (sha256);
CREATE INDEX outputs_key ON outputs (key_id, seq, kind, favourite);
CREATE INDEX outputs_workflow ON outputs (workflow_id, seq, character_id, kind, favourite, key_id);
CREATE INDEX outputs_character ON outputs (character_id, seq, kind, favourite, key_id);
CREATE INDEX outputs_batch ON outputs (batch_id, seq);
CREATE INDEX outputs_kind ON outputs (kind, seq, favourite, key_id);
CREATE INDEX outputs_favourite ON outputs (favourite, seq, key_id);
CREATE INDEX outputs_created ON outputs (created_at, seq);

CREATE TABLE files (
    id         TEXT PRIMARY KEY,
    key_id     TEXT NOT NULL,
    name       TEXT NOT NULL, -- as it was uploaded
    sha256     TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    width      INTEGER,
    height     INTEGER,
    created_at INTEGER NOT NULL
);
CREATE INDEX files_name ON files (key_id, name, created_at);
CREATE INDEX files_sha256 ON files (sha256);

CREATE TABLE presets (
    name       TEXT NOT NULL,
    key_id     TEXT NOT NULL,
    run_order  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, name)
);

-- What watchers are told. Rows of jobs are the truth; an event only says where to look.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id     TEXT NOT NULL,
    key_id     TEXT NOT NULL,
    type       TEXT NOT NULL,
    data       TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX events_job ON events (job_id, id);
CREATE INDEX events_created ON events (created_at);

CREATE TABLE idempotency (
    key_id     TEXT NOT NULL,
    name       TEXT NOT NULL, -- the Idempotency-Key
    body_hash  TEXT NOT NULL, -- SHA-256 of method, path and body
    answer     TEXT NOT NULL, -- id of the job or the batch
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, name)
);

CREATE TABLE deliveries (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE, -- the webhook-id, the same at each try
    job_id       TEXT NOT NULL,
    url          TEXT NOT NULL,
    event        TEXT NOT NULL,    -- job.succeeded, ...; the body is made of the job's row when it is sent
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'disabled')),
    attempt      INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    status       INTEGER,           -- of the last answer
    error        TEXT,
    created_at   INTEGER NOT NULL,
    delivered_at INTEGER
);
CREATE INDEX deliveries_next ON deliveries (state, next_at);
CREATE INDEX deliveries_job ON deliveries (job_id, seq);

-- What processes say of the backends that they run jobs on.
CREATE TABLE backends (
    process TEXT NOT NULL,
    name    TEXT NOT NULL,
    report  TEXT NOT NULL, -- JSON
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (process, name)
);

-- Switches of the whole service.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);
INSERT INTO settings (name, value) VALUES ('paused', 0);

-- Prompts are searched by their parts of three letters. The index has no text of its own: it reads that of jobs.
CREATE VIRTUAL TABLE jobs_prompt USING fts5 (prompt, content = 'jobs', content_rowid = 'seq', tokenize = 'trigram');
CREATE TRIGGER jobs_prompt_insert AFTER INSERT ON jobs BEGIN
    INSERT INTO jobs_prompt (rowid, prompt) VALUES (new.seq, new.prompt);
END;
CREATE TRIGGER jobs_prompt_delete AFTER DELETE ON jobs BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
END;
CREATE TRIGGER jobs_prompt_update AFTER UPDATE OF prompt ON jobs BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
    INSERT INTO jobs_prompt (rowid, prompt) VALUES (new.seq, new.prompt);
END;

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

-- Prompts are indexed in groups behind the acceptance of their jobs, since one at a time costs many times as much. Those of jobs up to seq are in the index, and of no others.
CREATE TABLE prompts_indexed (seq INTEGER NOT NULL);
INSERT INTO prompts_indexed (seq) SELECT COALESCE(MAX(seq), 0) FROM jobs;
DROP TRIGGER jobs_prompt_insert;
DROP TRIGGER jobs_prompt_delete;
DROP TRIGGER jobs_prompt_update;
INSERT INTO jobs_prompt (jobs_prompt, rank) VALUES ('automerge', 8); -- a third less work than by 4, and searches are as fast
CREATE TRIGGER jobs_prompt_delete AFTER DELETE ON jobs WHEN old.seq <= (SELECT seq FROM prompts_indexed) BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
END;
CREATE TRIGGER jobs_prompt_update AFTER UPDATE OF prompt ON jobs WHEN old.seq <= (SELECT seq FROM prompts_indexed) BEGIN
    INSERT INTO jobs_prompt (jobs_prompt, rowid, prompt) VALUES ('delete', old.seq, old.prompt);
    INSERT INTO jobs_prompt (rowid, prompt) VALUES (new.seq, new.prompt);
END;
