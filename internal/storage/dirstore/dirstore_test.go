package dirstore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, t.TempDir()) })
}

// The way of file systems without a rename that refuses to replace.
func TestConformanceByLink(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.Store {
		s := open(t, t.TempDir())
		s.fs = linking{s.fs.(rooted)}
		return s
	})
}

type linking struct{ rooted }

func (l linking) Publish(from, to string) error { return publishByLink(l.root, from, to) }

func TestOpenMakesTheFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "er")
	s := open(t, dir)
	storagetest.Put(t, s, "sub/x.txt", "x")
	if want := filepath.Join(dir, "sub", "x.txt"); s.Location("sub/x.txt") != want {
		t.Errorf("location %q, want %q", s.Location("sub/x.txt"), want)
	}
	if data, err := os.ReadFile(s.Location("sub/x.txt")); string(data) != "x" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}

func TestOpenFailures(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{plain, filepath.Join(plain, "below")} {
		var typed *storage.Error
		if _, err := Open(dir); !errors.As(err, &typed) {
			t.Errorf("open %s: %v", dir, err)
		}
	}
}

func TestReadOnlyFolderIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() <= 0 {
		t.Skip("permissions do not bind this user")
	}
	dir := t.TempDir()
	s := open(t, dir)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), storage.Object{}); !errors.Is(err, storage.ErrRefused) {
		t.Errorf("create: %v", err)
	}
}

// P-F8: a folder that is swapped for a link leads nowhere.
func TestSwappedFolderDoesNotEscape(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir, outside := t.TempDir(), t.TempDir()
	s := open(t, dir)
	storagetest.Put(t, s, "sub/a", "a")
	w, err := s.Create(t.Context(), storage.Object{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	io.WriteString(w, "b")
	if err := os.Rename(filepath.Join(dir, "sub"), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	var typed *storage.Error
	for _, name := range []string{"sub/b", "sub/deep/b"} {
		w, err := s.Create(t.Context(), storage.Object{Replace: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Commit(t.Context(), name); !errors.As(err, &typed) {
			t.Errorf("commit through a link: %v", err)
		}
	}
	if _, err := w.Commit(t.Context(), "sub/b"); !errors.As(err, &typed) {
		t.Errorf("commit through a link: %v", err)
	}
	if found, _ := os.ReadDir(outside); len(found) > 0 {
		t.Errorf("outside: %v", found)
	}
	if names := storagetest.Names(t, s, ""); !slices.Equal(names, []string{"moved/a"}) {
		t.Errorf("inside: %q", names)
	}
	wantNoTemporaries(t, dir)
}

// P-F8: the folder is removed while an object is being written.
func TestRemovedFolder(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("open folders cannot be removed")
	}
	dir := filepath.Join(t.TempDir(), "out")
	s := open(t, dir)
	w, err := s.Create(t.Context(), storage.Object{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	var typed *storage.Error
	if _, err := w.Commit(t.Context(), "x"); !errors.As(err, &typed) {
		t.Errorf("commit: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is back: %v", err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	age := func(name string, age time.Duration) {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(p, then, then); err != nil {
			t.Fatal(err)
		}
	}
	age(".easel-old.part", 25*time.Hour)
	age(".easel-young.part", 23*time.Hour)
	age("mine.part", 1000*time.Hour)
	age(".easel-notes", 1000*time.Hour)
	s := open(t, dir)
	s.sweep.running.Wait()
	var left []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{".easel-notes", ".easel-young.part", "mine.part"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
	if names := storagetest.Names(t, s, ""); !slices.Equal(names, []string{".easel-notes", "mine.part"}) {
		t.Errorf("listed %q", names)
	}
}

func wantNoTemporaries(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if isTemporary(e.Name()) {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}
