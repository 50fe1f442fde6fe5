-- +goose Up
-- What SQLite needs here (its index of prompts follows behind the jobs), PostgreSQL does by itself: the index gathers rows before it sorts them in.

-- +goose Down
