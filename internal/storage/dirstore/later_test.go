package dirstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A folder that is missing is made by the first object and not before.
func TestMissingFolderIsMadeWithTheFirstObject(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "deep")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.Stat(t.Context(), "a.txt"); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("stat in a folder that is not there: %v", err)
	}
	for info, err := range s.List(t.Context(), "") {
		t.Errorf("listed %v, %v", info, err)
	}
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made too early: %v", err)
	}
	commit(t, s, "a.txt")
	if _, err := os.Stat(filepath.Join(dir, "a.txt")); err != nil {
		t.Error(err)
	}
}

// Several processes may begin in the same missing folder.
func TestMissingFolderIsMadeByManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "deep")
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		s, err := Open(dir)
		if err != nil {
			t.Error(err)
			continue
		}
		all.Go(func() {
			defer s.Close()
			commit(t, s, name)
		})
	}
	all.Wait()
	if found, err := os.ReadDir(dir); err != nil || len(found) != 6 {
		t.Errorf("%d files, %v; want 6", len(found), err)
	}
}

func TestFolderBelowAFileIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "sub")} {
		if _, err := Open(dir); err == nil {
			t.Errorf("opened %s", dir)
		}
	}
}

// A run must not begin whose outputs cannot be stored.
func TestLinkToNothingIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(t.TempDir(), "gone"), link); err != nil {
		t.Skip("links cannot be made here:", err)
	}
	for _, dir := range []string{link, filepath.Join(link, "sub")} {
		if _, err := Open(dir); err == nil {
			t.Errorf("opened %s", dir)
		}
	}
}

func commit(t *testing.T, s *Store, name string) {
	t.Helper()
	w, err := s.Create(t.Context(), storage.Object{})
	if err != nil {
		t.Error(err)
		return
	}
	defer w.Abort()
	if _, err := w.Commit(t.Context(), name); err != nil {
		t.Error(err)
	}
}
