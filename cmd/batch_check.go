package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// runBatchCheck is --check: the plan against its lock file and the files.
func runBatchCheck(ctx context.Context, o *batchOptions, b *plan.Batch) error {
	dest := &destination{opts: &o.output, name: o.app.place(o.output.out)}
	path := batch.AssetsPath(dest.name, o.planFile())
	if path == "" {
		return usagef("write the plan into a file: its lock lies beside it", "--check needs a folder as --out, or a plan file")
	}
	assets, err := batch.ReadAssets(path)
	if err != nil {
		return err
	}
	reports := missingAll(b)
	extra := len(assets.Of(b.Name))
	if _, err := os.Stat(dest.name); err == nil || stores.IsRemote(dest.name) {
		store, err := o.app.openStore(o.app.shown(o.output.out))
		if err != nil {
			return err
		}
		defer store.Close()
		if reports, extra, err = batch.CheckAssets(ctx, b, assets.Of(b.Name), store); err != nil {
			return err
		}
	}
	return o.printCheck(path, reports, extra)
}

// missingAll is how a plan stands that nothing was made of.
func missingAll(b *plan.Batch) []batch.AssetReport {
	reports := make([]batch.AssetReport, len(b.Items))
	for i := range b.Items {
		reports[i] = batch.AssetReport{Item: &b.Items[i], State: batch.AssetMissing}
	}
	return reports
}

// printCheck prints what is not current, a line each.
func (o *batchOptions) printCheck(path string, reports []batch.AssetReport, extra int) error {
	stale := 0
	var list []checkedItem
	for _, r := range reports {
		if r.State != batch.AssetCurrent {
			stale++
		}
		list = append(list, checkedItem{ID: r.Item.ID, State: string(r.State), Fields: append([]string{}, r.Fields...), File: text(r.File)})
	}
	if o.app.global.json {
		if list == nil {
			list = []checkedItem{}
		}
		if err := o.app.printJSON(list); err != nil {
			return err
		}
	} else {
		for _, item := range list {
			if item.State != string(batch.AssetCurrent) {
				fmt.Fprintln(o.app.streams.Out, item.line())
			}
		}
	}
	if extra > 0 {
		o.app.note("note: %s has %d %s that the plan does not ask for any more", o.app.near(path), extra, plural(extra, "item"))
	}
	if stale == 0 {
		o.app.note("%d %s, all current", len(reports), plural(len(reports), "item"))
		return nil
	}
	return &batch.StaleError{Items: len(reports), Stale: stale}
}

// near is a path as seen from the working directory, where it lies below it.
func (a *app) near(path string) string {
	if rel, err := filepath.Rel(a.dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// A checkedItem is an item of --check --json.
type checkedItem struct {
	ID     string   `json:"id"`
	State  string   `json:"state"`
	Fields []string `json:"fields"` // that changed
	File   *string  `json:"file"`   // that is missing or damaged
}

// line is what people and scripts read: state, id, and the file if it is about one.
func (c checkedItem) line() string {
	state := c.State
	if len(c.Fields) > 0 {
		state += ":" + strings.Join(c.Fields, ",")
	}
	line := state + "\t" + c.ID
	if c.File != nil {
		line += "\t" + *c.File
	}
	return line
}

// An assetsLock is the lock file of a batch that runs.
type assetsLock struct {
	path  string // "" = there is no place for one
	batch *plan.Batch
	dest  *destination
	was   map[string]batch.Asset // what it said before
	opts  *batchOptions
}

// openAssets reads the lock file before anything runs.
func (o *batchOptions) openAssets(b *plan.Batch, dest *destination) (*assetsLock, error) {
	l := &assetsLock{path: batch.AssetsPath(dest.name, o.planFile()), batch: b, dest: dest, opts: o}
	if l.path == "" {
		return l, nil
	}
	assets, err := batch.ReadAssets(l.path)
	if err != nil {
		return nil, err
	}
	l.was = assets.Of(b.Name)
	return l, nil
}

// write keeps in the lock file what is committed. What the plan has no more leaves
// it.
func (l *assetsLock) write(book *ledger.Batch) error {
	if l.path == "" {
		return nil
	}
	if l.was == nil && book.Count(ledger.ItemCommitted) == 0 {
		return nil
	}
	return batch.WriteAssets(l.path, l.batch.Name, batch.EachAsset(l.batch, book, l.was))
}

// adopt takes over from the lock file what a ledger that has just been made does
// not know: in a fresh clone what is there under its hash is done.
func (l *assetsLock) adopt(ctx context.Context, book *ledger.Batch) error {
	if l.was == nil || l.opts.fresh {
		return nil
	}
	done, err := batch.AdoptAssets(ctx, l.batch, book, l.was, l.dest.store, l.opts.update)
	if done > 0 {
		l.opts.app.note("%d of %d %s %s there already, by %s", done, len(l.batch.Items), plural(len(l.batch.Items), "item"), isAre(done), l.opts.app.near(l.path))
	}
	return err
}
