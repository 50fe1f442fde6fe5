package dirstore

import (
	"context"
	"path"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A group is objects whose folders are synced once for all of them. The bytes of
// each are on disk before it gets its name, as always.
type group struct {
	store *Store

	mu        sync.Mutex
	committed []committed
}

// A committed object has its name, in a folder that is not synced.
type committed struct {
	name     string
	replaced bool
}

// Group implements storage.Grouper.
func (s *Store) Group() storage.Group { return &group{store: s} }

func (g *group) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	return g.store.create(ctx, o, g)
}

func (g *group) add(name string, replaced bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.committed = append(g.committed, committed{name, replaced})
}

// Sync does what it can also when ctx has ended: the files are there.
func (g *group) Sync(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	files := g.committed
	g.committed = nil
	synced := map[string]error{}
	var first error
	for _, f := range files {
		dir := path.Dir(f.name)
		err, done := synced[dir]
		if !done {
			err = g.store.fs.SyncDir(dir)
			synced[dir] = err
		}
		if err == nil {
			continue
		}
		if !f.replaced {
			_ = g.store.fs.Remove(f.name)
		}
		if first == nil {
			first = g.store.fail("write", f.name, err)
		}
	}
	return first
}

var _ storage.Grouper = (*Store)(nil)
