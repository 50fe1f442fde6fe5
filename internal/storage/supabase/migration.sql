-- The table of outputs that easel writes a row into for each file it stores.
-- Run it once in the SQL editor of the dashboard or with psql; again is no harm.
create schema if not exists {schema};

create table if not exists {schema}.{table} (
  run text not null,                 -- the run that made it
  output integer not null,           -- position among the outputs of the run, from 1
  workflow text not null,
  workflow_digest text,
  backend text not null,
  character text,
  item text,                         -- of a batch
  seed text,                         -- up to 18446744073709551615, which JavaScript has no number for
  prompt text,
  parameters jsonb not null,
  kind text not null,                -- image, video, audio, text, ...
  media_type text not null,
  width integer,
  height integer,
  bytes bigint not null,
  sha256 text not null,
  bucket text,                       -- storage.from(bucket)
  key text,                          -- .download(key), .createSignedUrl(key, 60)
  path text not null,                -- as easel writes it: supabase://art/today/x.png
  url text,                          -- where everybody reads it; null in a closed bucket
  node text not null,
  warnings text[] not null,
  easel_version text not null,
  started_at timestamptz,
  finished_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (run, output)
);

create index if not exists {table}_created_at_idx on {schema}.{table} (created_at desc);
create index if not exists {table}_workflow_idx on {schema}.{table} (workflow, created_at desc);
create index if not exists {table}_object_idx on {schema}.{table} (bucket, key);
create index if not exists {table}_sha256_idx on {schema}.{table} (sha256);
create index if not exists {table}_parameters_idx on {schema}.{table} using gin (parameters jsonb_path_ops);

-- Rows are written by the service role, which no policy binds.
alter table {schema}.{table} enable row level security;
revoke all on {schema}.{table} from public, anon, authenticated;
grant usage on schema {schema} to service_role;
grant select, insert, update, delete on {schema}.{table} to service_role;

-- Who reads them.
drop policy if exists "{table} are read" on {schema}.{table};
{policy}

-- PostgREST learns of the table.
notify pgrst, 'reload schema';
