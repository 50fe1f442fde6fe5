package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Somebody else changes the file while we do: both changes are in the end.
func TestEditLosesNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deep", "registry.json")
	add := func(word string) func([]byte) ([]byte, error) {
		return func(data []byte) ([]byte, error) { return append(bytes.Clone(data), word...), nil }
	}
	if err := Edit(file, Options{}, add("one ")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	tries := 0
	err := Edit(file, Options{}, func(data []byte) ([]byte, error) {
		if tries++; tries == 1 {
			if err := Edit(file, Options{}, add("two ")); err != nil {
				return nil, err
			}
		}
		return add("three ")(data)
	})
	if err != nil || tries != 2 {
		t.Fatalf("error %v after %d tries", err, tries)
	}
	data, err := os.ReadFile(file)
	if err != nil || string(data) != "one two three " {
		t.Errorf("file %q, %v", data, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	// A change that fails leaves the file, and no other one beside it.
	wrong := errors.New("no")
	if err := Edit(file, Options{}, func([]byte) ([]byte, error) { return nil, wrong }); !errors.Is(err, wrong) {
		t.Errorf("error %v", err)
	}
	err = Edit(file, Options{}, func(data []byte) ([]byte, error) {
		return append(bytes.Clone(data), 'y'), os.WriteFile(file, append(bytes.Clone(data), 'x'), 0o600)
	})
	if !errors.Is(err, ErrBusy) {
		t.Errorf("a file that never rests: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// The same of a file that is changed piece by piece, whatever the change reads of it.
func TestEditToLosesNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "deep", "assets.lock")
	add := func(word string, meanwhile func() error) func(io.Reader, io.Writer) error {
		return func(before io.Reader, after io.Writer) error {
			if _, err := io.Copy(after, before); err != nil {
				return err
			}
			_, err := io.WriteString(after, word)
			return errors.Join(err, meanwhile())
		}
	}
	tries := 0
	others := func() error {
		if tries++; tries == 1 {
			return os.WriteFile(file, []byte("one two "), 0o600)
		}
		return nil
	}
	if err := EditTo(file, Options{}, add("one ", func() error { return nil })); err != nil {
		t.Fatal(err)
	}
	if err := EditTo(file, Options{}, add("three ", others)); err != nil || tries != 2 {
		t.Fatalf("error %v after %d tries", err, tries)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "one two three " {
		t.Errorf("file %q, %v", data, err)
	}

	// What is the same is not written, and what fails changes nothing.
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := EditTo(file, Options{}, func(_ io.Reader, after io.Writer) error {
		_, err := io.WriteString(after, "one two three ")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	wrong := errors.New("no")
	if err := EditTo(file, Options{}, func(_ io.Reader, after io.Writer) error {
		_, err := io.WriteString(after, "half")
		return errors.Join(err, wrong)
	}); !errors.Is(err, wrong) {
		t.Errorf("error %v", err)
	}
	if after, err := os.Stat(file); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was written again (%v)", err)
	}
	n := 0
	never := func() error { n++; return os.WriteFile(file, fmt.Appendf(nil, "%d", n), 0o600) }
	if err := EditTo(file, Options{}, add("x", never)); !errors.Is(err, ErrBusy) {
		t.Errorf("a file that never rests: %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// A link to a file in somebody's repository stays one.
func TestEditKeepsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "mine.json"), filepath.Join(dir, "registry.json")
	if err := os.WriteFile(file, []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := Edit(link, Options{}, func([]byte) ([]byte, error) { return []byte("b"), nil }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	data, _ := os.ReadFile(file)
	if err != nil || info.Mode()&os.ModeSymlink == 0 || string(data) != "b" {
		t.Errorf("mode %v, %v, target %q", info.Mode(), err, data)
	}
}
