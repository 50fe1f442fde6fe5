package cmd

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

func newOutputsCmd(a *app) *cobra.Command {
	return group("outputs", "What is stored in a folder or a bucket",
		"  easel outputs list s3://art/today\n  easel outputs copy outputs/ s3://art/today",
		newOutputsListCmd(a),
		newOutputsCopyCmd(a),
		newOutputsDeleteCmd(a),
	)
}

// A shelf is what an address of stored outputs stands for: a store, and in it one
// object or all.
type shelf struct {
	store storage.Store
	name  string // of the one object; "" = all
}

// openShelf opens what a user's word names: a folder or a bucket with all that is
// below a prefix, or one object. A slash at the end says that it is not one object.
func (a *app) openShelf(ctx context.Context, word string) (*shelf, error) {
	if err := stores.Check(word); err != nil {
		return nil, err
	}
	at, name := filepath.Dir(word), filepath.Base(word)
	place, _, _ := strings.Cut(word, "?")
	slash := strings.HasSuffix(place, "/") || strings.HasSuffix(word, string(filepath.Separator))
	if stores.IsRemote(word) {
		at, name = stores.Within(word)
	}
	if name != "" && !slash && storage.CheckName(name) == nil {
		st, err := a.openDirect(a.shown(at))
		if err != nil && !errors.Is(err, storage.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			_, err = st.Stat(ctx, name)
			if err == nil {
				return &shelf{st, name}, nil
			}
			st.Close()
			if !errors.Is(err, storage.ErrNotExist) {
				return nil, err
			}
		}
	}
	st, err := a.openDirect(a.shown(word))
	if err != nil {
		return nil, err
	}
	return &shelf{store: st}, nil
}

// checkThere refuses a folder or file that is not there: an empty list, or no damage in
// it, would hide a mistyped name.
func (a *app) checkThere(word string) error {
	if stores.IsRemote(word) {
		return nil
	}
	if _, err := os.Stat(a.path(word)); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return &invalidError{word + ": there is no such file or folder", problem.NearestFile(a.path(word), "easel outputs list shows what is where outputs usually go")}
}

// objects are what lies on the shelf, in name order.
func (s *shelf) objects(ctx context.Context) iter.Seq2[storage.Info, error] {
	if s.name == "" {
		return s.store.List(ctx, "")
	}
	return func(yield func(storage.Info, error) bool) { yield(s.store.Stat(ctx, s.name)) }
}

// isKept reports whether an object is what easel keeps beside outputs: a record,
// or the memory of a batch.
func isKept(name string) bool {
	_, isRecord := cutRecord(name)
	return isRecord || isMemory(name)
}

// isMemory reports whether an object is of what easel keeps of batches.
func isMemory(name string) bool { return strings.Contains("/"+name, "/.easel/") }

// cutRecord is the name of the output that a record belongs to.
func cutRecord(name string) (string, bool) { return strings.CutSuffix(name, run.RecordSuffix) }

// matches reports whether an object is among those that --match asks for: by its
// name, or by the last part of it.
func matches(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	whole, _ := path.Match(pattern, name)
	last, _ := path.Match(pattern, path.Base(name))
	return whole || last
}

// checkPattern refuses a --match that cannot be read.
func checkPattern(pattern string) error {
	if _, err := path.Match(pattern, "x"); err != nil {
		return usagef("'*.png' is one", "--match %s cannot be read: %s", pattern, err)
	}
	return nil
}
