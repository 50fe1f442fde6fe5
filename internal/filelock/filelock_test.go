package filelock

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestOneHolds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("a second one: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Error(err)
	}
	again, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
	if _, err := Try(filepath.Join(path, "none")); err == nil || errors.Is(err, ErrHeld) {
		t.Errorf("a lock that cannot be: %v", err)
	}
}
