package batch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Repaired is what a rebuilt ledger has.
type Repaired struct {
	Ledger    string `json:"ledger"`
	Kept      string `json:"kept"` // where the damaged one is
	Items     int    `json:"items"`
	Committed int    `json:"committed"` // proven by files and their records
	Open      int    `json:"open"`      // a backend may have their runs
	Planned   int    `json:"planned"`   // to be made again
	Failed    int    `json:"failed"`
	Lost      int    `json:"lost"` // not readable: those that have files are among Committed, the others come back with the plan
}

// Repair rebuilds a damaged ledger from what can be read of it, and from the files
// in the store with the records beside them. An item counts as committed only when
// every file of it is there with its content. The caller holds the lock.
func Repair(ctx context.Context, path string, store storage.Store) (Repaired, error) {
	remains := ledger.ReadDamaged(path)
	name := cmp.Or(remains.Facts.Name, strings.TrimSuffix(filepath.Base(path), ".db"))
	records, err := recordsOf(ctx, store, name)
	if err != nil {
		return Repaired{}, err
	}
	r := Repaired{Ledger: path, Lost: remains.Lost}
	known := map[string]bool{}
	for i := range remains.Items {
		it := &remains.Items[i]
		known[it.ID] = true
		if err := prove(ctx, store, it, records[it.ID]); err != nil {
			return r, err
		}
	}
	for _, id := range sortedKeys(records) {
		if known[id] {
			continue
		}
		it := ledger.Remaining{Item: ledger.Item{ID: id, State: ledger.ItemPlanned}}
		if err := prove(ctx, store, &it, records[id]); err != nil {
			return r, err
		}
		remains.Items = append(remains.Items, it)
	}
	if !remains.Known {
		remains.Facts = ledger.Facts{Name: name, Created: time.Now().UTC()}
	}
	remains.Facts.Rebuilt = !remains.Known || remains.Lost > 0
	if r.Kept, err = ledger.Rebuild(path, remains); err != nil {
		return r, err
	}
	r.Items = len(remains.Items)
	for _, it := range remains.Items {
		switch it.State {
		case ledger.ItemCommitted:
			r.Committed++
		case ledger.ItemFailed:
			r.Failed++
		case ledger.ItemPlanned:
			r.Planned++
		default:
			r.Open++
		}
	}
	return r, nil
}

// maxRecord bounds a record that is read back.
const maxRecord = 64 << 20

// recordsOf reads the records of a batch's items in a store.
func recordsOf(ctx context.Context, store storage.Store, name string) (map[string][]run.Record, error) {
	found := map[string][]run.Record{}
	var names []string
	for info, err := range store.List(ctx, "") {
		switch {
		case errors.Is(err, storage.ErrNotExist):
			return found, nil
		case err != nil:
			return nil, err
		case strings.HasSuffix(info.Name, run.RecordSuffix):
			names = append(names, info.Name)
		}
	}
	for _, file := range names {
		rec, err := readRecord(ctx, store, file)
		if err != nil || rec.Member == nil || rec.Member.Batch != name || rec.File == nil {
			continue // verify says what is wrong with it
		}
		rec.File.Name = strings.TrimSuffix(file, run.RecordSuffix)
		found[rec.Member.Item] = append(found[rec.Member.Item], *rec)
	}
	return found, nil
}

func readRecord(ctx context.Context, store storage.Store, name string) (*run.Record, error) {
	body, _, err := store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var rec run.Record
	if err := json.NewDecoder(io.LimitReader(body, maxRecord)).Decode(&rec); err != nil {
		return nil, err
	}
	return &rec, nil
}

// prove settles the state of an item by its files. What the ledger said of it is
// believed as far as the files agree; else the records beside them.
func prove(ctx context.Context, store storage.Store, it *ledger.Remaining, records []run.Record) error {
	switch it.State {
	case ledger.ItemFailed, ledger.ItemSubmitted, ledger.ItemDone:
		return nil
	case ledger.ItemCommitted, ledger.ItemStored:
		whole := it.Result != nil && len(it.Files) > 0
		for _, f := range it.Files {
			ok, err := isWhole(ctx, store, f)
			if err != nil {
				return err
			}
			whole = whole && ok
		}
		if whole {
			return nil
		}
	}
	it.State = ledger.ItemPlanned
	made, err := newestWhole(ctx, store, it.Digest, records)
	if err != nil || made == nil {
		if n := len(records); n > 0 && it.Digest == "" {
			it.Digest = records[n-1].Member.Digest
		}
		return err
	}
	it.Digest = made[0].Member.Digest
	it.State, it.Run, it.PromptID, it.Backend = ledger.ItemCommitted, made[0].Run, made[0].PromptID, made[0].Backend
	it.Attempt = max(it.Attempt, 1)
	it.Files = nil
	for _, rec := range made {
		it.Files = append(it.Files, ledger.File{Name: rec.File.Name, SHA256: rec.File.SHA256, Bytes: rec.File.Bytes, Stored: true})
	}
	it.Result, err = json.Marshal(resultOf(store, made))
	return err
}

// isWhole reports whether a store has a file as the ledger knows it.
func isWhole(ctx context.Context, store storage.Store, f ledger.File) (bool, error) {
	ok, err := holds(ctx, store, f)
	if errors.Is(err, storage.ErrNotExist) {
		return false, nil
	}
	return ok, err
}

// newestWhole are the records of the newest run of an item of which every output
// is there, in their order; nil when there is none. Any digest will do for "".
func newestWhole(ctx context.Context, store storage.Store, digest string, records []run.Record) ([]run.Record, error) {
	runs := map[string][]run.Record{}
	for _, rec := range records {
		if digest == "" || rec.Member.Digest == digest {
			runs[rec.Run] = append(runs[rec.Run], rec)
		}
	}
	ids := sortedKeys(runs)
	slices.Reverse(ids) // ids of runs sort by time
next:
	for _, id := range ids {
		made := runs[id]
		slices.SortFunc(made, func(a, b run.Record) int { return a.File.Output - b.File.Output })
		if made[0].File.Outputs == 0 || made[0].File.Outputs != len(made) {
			continue
		}
		for _, rec := range made {
			ok, err := isWhole(ctx, store, ledger.File{Name: rec.File.Name, SHA256: rec.File.SHA256, Bytes: rec.File.Bytes})
			if err != nil {
				return nil, err
			}
			if !ok {
				continue next
			}
		}
		return made, nil
	}
	return nil, nil
}

// resultOf is what the engine said of a run, as far as its records tell.
func resultOf(store storage.Store, made []run.Record) *run.Result {
	rec := made[0]
	res := &run.Result{
		ID: rec.Run, Workflow: rec.Workflow, Backend: rec.Backend, Status: run.Succeeded, Seed: rec.Seed,
		Parameters: rec.Parameters, PromptID: rec.PromptID, Warnings: append([]string{}, rec.Warnings...),
	}
	if rec.Character != "" {
		res.Character = &rec.Character
	}
	for _, rec := range made {
		f := rec.File
		res.Outputs = append(res.Outputs, run.Output{
			Name: f.Name, Path: store.Location(f.Name), Kind: kindOf(f.MediaType), MediaType: f.MediaType, Node: f.Node,
			Width: f.Width, Height: f.Height, Bytes: f.Bytes, SHA256: f.SHA256, Original: f.Original,
		})
	}
	return res
}
