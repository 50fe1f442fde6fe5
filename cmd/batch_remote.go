package cmd

import (
	"context"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// farewell bounds what is done in a bucket when a batch has ended or was
// interrupted.
const farewell = 20 * time.Second

// A farBatch is what a batch whose outputs are in a bucket keeps there: the claim
// and the mirror. The zero value is of a batch whose outputs are in a folder.
type farBatch struct {
	app    *app
	store  storage.Store
	claim  *batch.Claim
	mirror *batch.Mirroring
}

// claimRemote claims a batch whose outputs are in a bucket, takes over what another
// machine has made of it, and begins to write down there what this one makes. The
// context ends when another machine takes the batch over.
func (o *batchOptions) claimRemote(ctx context.Context, b *plan.Batch, book *ledger.Batch, dest *destination) (context.Context, *farBatch, error) {
	if !stores.IsRemote(dest.name) {
		return ctx, &farBatch{}, nil
	}
	store, err := o.app.openDirect(dest.name) // what waits on this machine keeps nobody off
	if err != nil {
		return ctx, nil, err
	}
	far := &farBatch{app: o.app, store: store}
	ctx, end := context.WithCancelCause(ctx)
	far.claim, err = batch.ClaimBatch(ctx, store, b.Name, batch.ClaimOptions{
		File: strings.TrimSuffix(book.Path(), ".db") + ".claim", Wait: o.wait,
		Waiting: func(owner ledger.Owner) { o.app.note("waiting: %s", (&ledger.LockedError{Owner: owner}).Error()) },
		Lost:    func(err error) { end(err) },
	})
	if storage.Temporary(err) { // outputs wait for it on this machine
		o.app.note("warning: the bucket is away, so nothing keeps another machine off this batch: %s", explain(err).Message)
		far.mirror = batch.StartMirroring(ctx, b, book, store, func(text string) { o.app.note("warning: %s", text) })
		return ctx, far, nil
	}
	if err != nil {
		store.Close()
		return ctx, nil, err
	}
	made, err := batch.ReadMirror(ctx, store, b.Name)
	if err == nil && !o.fresh {
		var done int
		if done, err = batch.AdoptMirror(ctx, b, book, made, store, o.update); done > 0 {
			o.app.note("%d of %d %s %s there already, made by another machine", done, len(b.Items), plural(len(b.Items), "item"), isAre(done))
		}
	}
	if err != nil {
		far.release(ctx)
		return ctx, nil, err
	}
	far.mirror = batch.StartMirroring(ctx, b, book, store, func(text string) { o.app.note("warning: %s", text) })
	return ctx, far, nil
}

// close writes down in the bucket what was made, also when the batch was
// interrupted.
func (f *farBatch) close(ctx context.Context) error {
	if f.mirror == nil {
		return nil
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer stop()
	mirror := f.mirror
	f.mirror = nil
	return mirror.Close(last)
}

// release gives the claim up. A claim that stays ends by its age, so that a failure
// is only worth a line.
func (f *farBatch) release(ctx context.Context) {
	if err := f.close(ctx); err != nil {
		f.app.note("warning: %s", explain(err).Message)
	}
	if f.store != nil {
		defer f.store.Close()
	}
	if f.claim == nil {
		return
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer stop()
	if err := f.claim.Release(last); err != nil {
		f.app.note("warning: the batch stays claimed for some minutes: %s", explain(err).Message)
	}
}
