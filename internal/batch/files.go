package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
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
	if info.Size != f.Bytes {
		return false, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == f.SHA256, nil
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
	it.ticket, it.owned = t, t.Owned
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
