package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// AssetState says how an item of a plan stands to what was made.
type AssetState string

// The states of an asset.
const (
	AssetCurrent  AssetState = "current"
	AssetMissing  AssetState = "missing"  // never made, or a file of it is gone
	AssetChanged  AssetState = "changed"  // the plan asks for something else; Fields say what
	AssetWorkflow AssetState = "workflow" // the workflow itself is another one
	AssetDamaged  AssetState = "damaged"  // a file is not as it was made
)

// An AssetReport is how one item stands.
type AssetReport struct {
	Item   *plan.Item
	State  AssetState
	Fields []string // of AssetChanged
	File   string   // of AssetMissing and AssetDamaged; "" = it was never made
}

// filesAtOnce is how many files are read at a time to check them.
const filesAtOnce = 4

// CheckAssets compares the items of a plan with what was made of it. Every file is
// read. It returns a report for each item, in the order of the plan, and how many
// items were made that the plan does not have.
func CheckAssets(ctx context.Context, b *plan.Batch, assets map[string]Asset, store storage.Store) (reports []AssetReport, extra int, err error) {
	reports = make([]AssetReport, len(b.Items))
	failures := make([]error, len(b.Items))
	known := 0
	var wait sync.WaitGroup
	slots := make(chan struct{}, filesAtOnce)
	for i := range b.Items {
		item := &b.Items[i]
		asset, ok := assets[item.ID]
		reports[i] = AssetReport{Item: item, State: AssetMissing}
		if !ok {
			continue
		}
		known++
		if asset.Digest != item.Digest {
			reports[i].differs(asset)
			continue
		}
		if len(asset.Files) == 0 {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			reports[i].State, reports[i].File, failures[i] = checkFiles(ctx, store, asset.Files)
		})
	}
	wait.Wait()
	return reports, len(assets) - known, errors.Join(failures...)
}

// differs says what has changed.
func (r *AssetReport) differs(asset Asset) {
	now := shortFields(r.Item.Fields())
	r.State = AssetChanged
	names := slices.Collect(maps.Keys(now))
	for name := range asset.Fields {
		if _, ok := now[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if now[name] != asset.Fields[name] {
			r.Fields = append(r.Fields, name)
		}
	}
	if slices.Equal(r.Fields, []string{"workflow"}) {
		r.State, r.Fields = AssetWorkflow, nil
	}
}

// checkFiles reads the files of an item.
func checkFiles(ctx context.Context, store storage.Store, files []AssetFile) (AssetState, string, error) {
	for _, f := range files {
		sum, err := sumOf(ctx, store, f.Name)
		switch {
		case errors.Is(err, storage.ErrNotExist):
			return AssetMissing, f.Name, nil
		case err != nil:
			return AssetDamaged, f.Name, err
		case sum != f.SHA256:
			return AssetDamaged, f.Name, nil
		}
	}
	return AssetCurrent, "", nil
}

// sumOf is the SHA-256 of an object as lowercase hex.
func sumOf(ctx context.Context, store storage.Store, name string) (string, error) {
	body, _, err := store.Open(ctx, name)
	if err != nil {
		return "", err
	}
	defer body.Close()
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), ctx.Err()
}
