package spool_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/memstore"
	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
)

// A noting store writes down how far a transfer is, and says what was written down
// before.
type noting struct {
	*moody
	mu    sync.Mutex
	found []string // at each Create
	files []string
}

func (n *noting) Create(ctx context.Context, o storage.Object) (storage.Writer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	before, _ := os.ReadFile(o.Progress)
	n.found = append(n.found, string(before))
	n.files = append(n.files, o.Progress)
	if err := os.WriteFile(o.Progress, []byte("half of it"), 0o600); err != nil {
		return nil, err
	}
	return n.moody.Create(ctx, o)
}

// What a place writes down of a transfer waits beside the output, is there for the
// process that delivers it, and ends with it.
func TestProgressWaitsToo(t *testing.T) {
	t.Parallel()
	opts, remote := options(t), &noting{moody: &moody{Store: memstore.New()}}
	remote.lose(errAway)
	first := wrap(t, remote, spool.Patient(opts))
	if put(t, first, "x.png", "x", false) == "" {
		t.Fatal("it does not wait")
	}
	first.Close()
	remote.lose(nil)
	if err := remote.Remove(t.Context(), "x.png"); err != nil { // the answer was lost, and so was the object
		t.Fatal(err)
	}
	second := wrap(t, remote, spool.Patient(spool.Options{Dir: opts.Dir, Limit: opts.Limit, Asked: true}))
	if err := second.Deliver(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if put(t, second, "y.png", "y", false) != "" {
		t.Error("y.png waits")
	}
	if len(remote.found) < 3 || remote.found[0] != "" || remote.found[1] != "half of it" || remote.found[len(remote.found)-1] != "" {
		t.Errorf("found %q in %q", remote.found, remote.files)
	}
	if left, err := filepath.Glob(filepath.Join(opts.Dir, "*", "*.progress")); len(left) > 0 || err != nil {
		t.Errorf("left %q, %v", left, err)
	}
}
