package jobs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

// A Backend is what a process says of a backend that it runs jobs on.
type Backend struct {
	Process string // that says it
	Name    string
	Report  json.RawMessage
	Seen    time.Time // when it said so
}

// backendsKept is how long a report counts: a process that lives says more.
const backendsKept = 2 * time.Minute

// ReportBackend writes down what this process knows of a backend. It is to be
// repeated within two minutes.
func (db *DB) ReportBackend(ctx context.Context, name string, report json.RawMessage) error {
	return db.failure(db.q.PutBackend(ctx, dbq.PutBackendParams{Process: db.process, Name: name, Report: string(report), SeenAt: millis(db.now())}))
}

// LeaveBackends takes the reports of this process back.
func (db *DB) LeaveBackends(ctx context.Context) error {
	return db.failure(db.q.DeleteBackendsOf(ctx, db.process))
}

// Backends are the backends of all processes that live, by name.
func (db *DB) Backends(ctx context.Context) ([]Backend, error) {
	rows, err := db.r.ListBackends(ctx, millis(db.now().Add(-backendsKept)))
	if err != nil {
		return nil, db.failure(err)
	}
	all := make([]Backend, len(rows))
	for i, r := range rows {
		all[i] = Backend{r.Process, r.Name, json.RawMessage(r.Report), timeOf(&r.SeenAt)}
	}
	return all, nil
}

// Durations are how long the last succeeded jobs of a workflow took from their
// first taking to their end, newest first, at most 20.
func (db *DB) Durations(ctx context.Context, workflow string) ([]time.Duration, error) {
	rows, err := db.r.Durations(ctx, workflow)
	if err != nil {
		return nil, db.failure(err)
	}
	all := make([]time.Duration, len(rows))
	for i, r := range rows {
		all[i] = timeOf(r.FinishedAt).Sub(timeOf(r.StartedAt))
	}
	return all, nil
}
