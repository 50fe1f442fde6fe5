package cmd

import (
	"context"
	"errors"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
)

// An outlet is an open place for outputs, with the table that is told of them.
type outlet struct {
	store storage.Store
	table *rowPublisher // nil = none is told
}

// openOutlet opens the place at an address that is ready to use, and the table
// where the settings ask for one. A table that refuses is known before anything runs.
func (a *app) openOutlet(ctx context.Context, address string) (*outlet, error) {
	st, err := a.openStore(address)
	if err != nil {
		return nil, err
	}
	table, err := a.publisher(ctx, address)
	if err != nil {
		st.Close()
		return nil, err
	}
	return &outlet{st, table}, nil
}

// publisher is what a runner tells of outputs, nil when there is nobody.
func (o *outlet) publisher() run.Publisher {
	if o.table == nil {
		return nil
	}
	return o.table
}

// settle delivers what waits for the place and the table, as far as they take it.
// What is left is a *spool.UndeliveredError.
func (o *outlet) settle(ctx context.Context) error {
	err := settle(ctx, o.store)
	if o.table != nil {
		err = errors.Join(err, settle(ctx, o.table.table))
	}
	return err
}

// settle delivers what waits for a store, as far as it takes it.
func settle(ctx context.Context, st storage.Store) error {
	if spooled, ok := st.(*spool.Store); ok {
		return spooled.Settle(ctx)
	}
	return nil
}

// arrive says of outputs that waited when the run ended, and have been delivered
// since, where they are.
func (o *outlet) arrive(ctx context.Context, res *run.Result) {
	for i := range res.Outputs {
		out := &res.Outputs[i]
		if out.Destination == "" {
			continue
		}
		info, err := o.store.Stat(ctx, out.Name)
		if err != nil || info.Local != "" {
			continue
		}
		out.Path, out.File, out.URL, out.Destination = out.Destination, nil, text(info.URL), ""
	}
}

func (o *outlet) close() {
	o.store.Close()
	if o.table != nil {
		o.table.table.Close()
	}
}
