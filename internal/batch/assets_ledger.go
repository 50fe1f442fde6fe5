package batch

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// AssetsOf is what a lock file keeps of a batch: the items of the plan that are
// committed. known is what it has kept so far: of an item that is the same, with
// the same files, nothing is looked up.
func AssetsOf(b *plan.Batch, book *ledger.Batch, known map[string]Asset) (map[string]Asset, error) {
	files := map[string][]AssetFile{}
	err := book.AllFiles(func(id string, f ledger.File) error {
		if kept(f) {
			files[id] = append(files[id], AssetFile{f.Name, f.SHA256})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	assets := map[string]Asset{}
	for i := range b.Items {
		item := &b.Items[i]
		asset, ok, err := assetOf(item, book, known, func() ([]AssetFile, error) { return files[item.ID], nil })
		if err != nil {
			return nil, err
		}
		if ok {
			assets[item.ID] = asset
		}
	}
	return assets, nil
}

// EachAsset is AssetsOf item by item: of a long batch not all are held at a time.
func EachAsset(b *plan.Batch, book *ledger.Batch, known map[string]Asset) ItemAssets {
	order := make([]int32, len(b.Items))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return strings.Compare(b.Items[x].ID, b.Items[y].ID) })
	return func(yield func(string, Asset) error) error {
		for _, i := range order {
			item := &b.Items[i]
			asset, ok, err := assetOf(item, book, known, func() ([]AssetFile, error) {
				var own []AssetFile
				files, err := book.Files(item.ID)
				for _, f := range files {
					if kept(f) {
						own = append(own, AssetFile{f.Name, f.SHA256})
					}
				}
				return own, err
			})
			if err == nil && ok {
				err = yield(item.ID, asset)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// kept reports whether a lock file names a file. A record says when, and is another
// one each time.
func kept(f ledger.File) bool { return f.Stored && !strings.HasSuffix(f.Name, run.RecordSuffix) }

// assetOf is what a lock file keeps of one item; false when it is not committed.
func assetOf(item *plan.Item, book *ledger.Batch, known map[string]Asset, filesOf func() ([]AssetFile, error)) (Asset, bool, error) {
	standing, ok := book.Standing(item.ID)
	if !ok || standing.State != ledger.ItemCommitted || !standing.Is(item.Digest) {
		return Asset{}, false, nil
	}
	own, err := filesOf()
	if err != nil {
		return Asset{}, false, err
	}
	slices.SortFunc(own, func(a, b AssetFile) int { return strings.Compare(a.Name, b.Name) })
	if was, ok := known[item.ID]; ok && was.Digest == item.Digest && slices.Equal(was.Files, own) {
		return was, true, nil
	}
	seed, err := seedOf(item, book)
	return AssetOf(item, seed, own), err == nil, err
}

// seedOf is the seed that an item ran with; nil where it takes none.
func seedOf(item *plan.Item, book *ledger.Batch) (*run.Seed, error) {
	raw, err := book.Result(item.ID)
	if err != nil {
		return nil, err
	}
	var result struct {
		Seed *run.Seed `json:"seed"`
	}
	if len(raw) > 0 && json.Unmarshal(raw, &result) == nil && result.Seed != nil {
		return result.Seed, nil // a server may take less than 2^64
	}
	row, err := book.Item(item.ID)
	if err != nil {
		return nil, err
	}
	if n, err := strconv.ParseUint(row.Seed, 10, 64); err == nil {
		seed := run.Seed(n)
		return &seed, nil
	}
	if n, ok := item.Seed(); ok {
		seed := run.Seed(n)
		return &seed, nil
	}
	return nil, nil
}

// AdoptAssets takes over what a lock file says into a ledger that knows nothing
// yet: an item whose files are there as they were made is committed, and of others
// the files stay known, to be replaced. A plan that is not the one of the lock file
// is a *ChangedError, unless update says that what is new or changed is to be made.
// A ledger that knows something is left as it is. It returns how many items are done.
func AdoptAssets(ctx context.Context, b *plan.Batch, book *ledger.Batch, assets map[string]Asset, store storage.Store, update bool) (done int, err error) {
	if len(assets) == 0 || !book.Untouched() {
		return 0, nil
	}
	if d := difference(b, assets); !d.Empty() && !update {
		return 0, &ChangedError{Name: b.Name, Difference: d}
	}
	reports, _, err := CheckAssets(ctx, b, assets, store)
	if err != nil {
		return 0, err
	}
	for _, r := range reports {
		asset, ok := assets[r.Item.ID]
		if !ok {
			continue
		}
		if err := adoptAsset(book, r, asset); err != nil {
			return done, err
		}
		if r.State == AssetCurrent {
			done++
		}
	}
	return done, book.Sync()
}

func adoptAsset(book *ledger.Batch, r AssetReport, asset Asset) error {
	files := make([]ledger.File, len(asset.Files))
	for i, f := range asset.Files {
		files[i] = ledger.File{Name: f.Name, SHA256: f.SHA256, Stored: true}
	}
	var errs []error
	if _, draws := r.Item.Draws(); draws && asset.Seed != nil {
		errs = append(errs, book.KeepSeed(r.Item.ID, asset.Seed.String()))
	}
	if r.State == AssetCurrent {
		return errors.Join(append(errs, book.Commit(r.Item.ID, files, json.RawMessage("{}"), 0, false))...)
	}
	return errors.Join(append(errs, book.Own(r.Item.ID, files))...)
}

// difference is how a plan differs from what a lock file has.
func difference(b *plan.Batch, assets map[string]Asset) ledger.Difference {
	var d ledger.Difference
	seen := map[string]bool{}
	for i := range b.Items {
		item := &b.Items[i]
		seen[item.ID] = true
		asset, ok := assets[item.ID]
		switch {
		case !ok:
			d.Added = append(d.Added, item.ID)
		case asset.Digest != item.Digest:
			before, errBefore := json.Marshal(asset.Fields)
			after, errAfter := json.Marshal(shortFields(item.Fields()))
			if errors.Join(errBefore, errAfter) == nil { // maps of texts always are JSON
				d.Changed = append(d.Changed, ledger.Changed{ID: item.ID, Before: before, After: after, Digests: true})
			}
		}
	}
	for id := range assets {
		if !seen[id] {
			d.Removed = append(d.Removed, id)
		}
	}
	slices.Sort(d.Removed)
	return d
}
