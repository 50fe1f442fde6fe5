package dirstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A syncCounter counts how often folders are synced, and can make that fail.
type syncCounter struct {
	folder
	mu   sync.Mutex
	n    int
	fail error
}

func (c *syncCounter) SyncDir(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.fail != nil {
		return c.fail
	}
	return c.folder.SyncDir(name)
}

func counted(t *testing.T) (*Store, *syncCounter) {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := &syncCounter{folder: s.fs}
	s.fs = c
	return s, c
}

func putIn(ctx context.Context, g storage.Group, name, text string, replace bool) error {
	w, err := g.Create(ctx, storage.Object{Name: name, Replace: replace})
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	_, err = w.Commit(ctx, name)
	return err
}

// The objects of a group cost one sync of their folder, and are visible before it.
func TestGroupSyncsOnce(t *testing.T) {
	t.Parallel()
	s, c := counted(t)
	g := s.Group()
	var going sync.WaitGroup
	for i := range 50 {
		going.Go(func() {
			if err := putIn(t.Context(), g, fmt.Sprintf("%d.png", i), "x", false); err != nil {
				t.Error(err)
			}
		})
	}
	going.Wait()
	if c.n != 0 {
		t.Errorf("%d syncs before the group's", c.n)
	}
	if _, err := s.Stat(t.Context(), "49.png"); err != nil {
		t.Error(err)
	}
	if err := g.Sync(t.Context()); err != nil || c.n != 1 {
		t.Errorf("%d syncs, %v", c.n, err)
	}
	if err := g.Sync(t.Context()); err != nil || c.n != 1 {
		t.Errorf("nothing was left to sync: %d syncs, %v", c.n, err)
	}
}

// When the folder cannot be synced, names are taken back that replaced nothing.
func TestGroupThatCannotBeSynced(t *testing.T) {
	t.Parallel()
	s, c := counted(t)
	if err := putIn(t.Context(), s.Group(), "old.png", "old", false); err != nil {
		t.Fatal(err)
	}
	g := s.Group()
	for name, replace := range map[string]bool{"old.png": true, "new.png": false} {
		if err := putIn(t.Context(), g, name, "new", replace); err != nil {
			t.Fatal(err)
		}
	}
	c.fail = syscall.EIO
	var failed *storage.Error
	if err := g.Sync(t.Context()); !errors.As(err, &failed) {
		t.Fatalf("%v", err)
	}
	if _, err := s.Stat(t.Context(), "new.png"); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("new.png: %v", err)
	}
	if _, err := s.Stat(t.Context(), "old.png"); err != nil {
		t.Errorf("old.png: %v", err)
	}
}
