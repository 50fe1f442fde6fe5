package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// isLocal reports whether outputs go into a folder of this machine.
func isLocal(out string) bool { return filepath.IsAbs(out) }

// missing reports whether a store says that it does not have a file.
func missing(ctx context.Context, store storage.Store, name string) bool {
	_, err := store.Stat(ctx, name)
	return errors.Is(err, storage.ErrNotExist)
}

// holds reports whether a store has a file with this content.
func holds(ctx context.Context, store storage.Store, f ledger.File) (bool, error) {
	body, info, err := store.Open(ctx, f.Name)
	if err != nil {
		return false, err
	}
	defer body.Close()
	if f.Bytes > 0 && info.Size != f.Bytes { // a lock file does not say it
		return false, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == f.SHA256, nil
}

// filesOf are the files that a run has left, with the records beside them.
func (s *scheduler) filesOf(t *run.Ticket, res *run.Result) ([]ledger.File, error) {
	var files []ledger.File
	for _, o := range res.Outputs {
		files = append(files, ledger.File{Name: o.Name, SHA256: o.SHA256, Bytes: o.Bytes, Stored: true})
		if !t.Sidecar {
			continue
		}
		name := o.Name + run.RecordSuffix
		sum, n, err := digestOf(s.ctx, s.o.Prepare.Store, name)
		if err != nil {
			return nil, err
		}
		if o.RecordSHA256 != "" && o.RecordSHA256 != sum {
			return nil, &storage.Error{Op: "read", Location: s.o.Prepare.Store.Location(name), Err: errChanged}
		}
		files = append(files, ledger.File{Name: name, SHA256: sum, Bytes: n, Stored: true})
	}
	return files, nil
}

var errChanged = errors.New("it is not what was written a moment ago")

// sortedKeys are the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// nameOutputs says of outputs that were read back how the store calls them: by their
// content, for a result does not say it.
func nameOutputs(res *run.Result, files []ledger.File) {
	used := map[string]bool{}
	for i := range res.Outputs {
		o := &res.Outputs[i]
		for _, f := range files {
			if f.SHA256 == o.SHA256 && !used[f.Name] {
				o.Name, used[f.Name] = f.Name, true
				break
			}
		}
	}
}

// removeSuperseded removes what an item left under names that it does not use any
// more, unless somebody has edited it.
func (s *scheduler) removeSuperseded(it *item, files []ledger.File) {
	store := s.o.Prepare.Store
	for _, own := range it.owned {
		if slices.ContainsFunc(files, func(f ledger.File) bool { return f.Name == own.Name }) {
			continue
		}
		info, err := store.Stat(s.ctx, own.Name)
		if err != nil {
			continue
		}
		if same, err := holds(s.ctx, store, ledger.File{Name: own.Name, SHA256: own.SHA256, Bytes: info.Size}); err == nil && same {
			_ = store.Remove(s.ctx, own.Name) // what stays is said to be foreign by verify
			_ = store.Remove(s.ctx, own.Name+run.RecordSuffix)
		}
	}
}

// finishStored commits an item whose files were all on disk when the process
// ended, without asking anybody.
func (s *scheduler) finishStored(_ context.Context, it *item) error {
	data, err := s.o.Ledger.Result(it.ID)
	if err != nil {
		return err
	}
	var res run.Result
	if err := json.Unmarshal(data, &res); err != nil {
		return err
	}
	ticket, err := s.o.Ledger.Ticket(it.ID)
	if err != nil {
		return err
	}
	t, err := run.OpenTicket(ticket)
	if err != nil {
		return err
	}
	files, err := s.o.Ledger.Files(it.ID)
	if err != nil {
		return err
	}
	nameOutputs(&res, files)
	it.ticket, it.owned, it.earlier = t, t.Owned, true
	s.mu.Lock()
	s.sum.Adopted++
	s.active++
	s.mu.Unlock()
	if res.Status != run.Succeeded {
		s.fail(it, &res, &run.IncompleteError{Reason: partial(&res)})
		return nil
	}
	if err := s.commit(it, t, &res); err != nil {
		return err
	}
	s.ended(it, Outcome{Item: it.Item, Result: &res})
	return nil
}
