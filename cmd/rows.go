package cmd

import (
	"context"
	"encoding/json"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// A rowPublisher writes a row about each output into the user's database.
type rowPublisher struct{ table storage.Store }

// publisher is what tells the user's database of outputs that go to a place; nil
// for a folder, and where the settings do not ask for it. Who gets one closes it.
func (a *app) publisher(ctx context.Context, address string) (*rowPublisher, error) {
	if !stores.IsRemote(address) {
		return nil, nil
	}
	cfg, err := a.config()
	if err != nil || cfg.Supabase.Rows == "off" {
		return nil, err
	}
	o, err := a.remoteStores()
	if err != nil {
		return nil, err
	}
	table, err := o.Table(cfg.Supabase.Table)
	if err != nil {
		return nil, err
	}
	if err := table.Probe(ctx); err != nil {
		table.Close()
		return nil, err
	}
	return &rowPublisher{table}, nil
}

// Publish implements run.Publisher.
func (p *rowPublisher) Publish(ctx context.Context, rec run.Record, out run.Output) error {
	row := rowOf(rec, out)
	data, err := json.Marshal(row)
	if err != nil {
		return err
	}
	name := rowName(row)
	w, err := p.table.Create(ctx, storage.Object{Name: name, Replace: true, MediaType: "application/json"})
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	_, err = w.Commit(ctx, name)
	return err
}
