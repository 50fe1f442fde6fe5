package sources

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/registry"
)

// TestLive: a changed file is read at the next look, one that cannot be read leaves
// the registry of before and is told, and Reload does not wait for a look.
func TestLive(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "registry.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	now := time.Now()
	broken, loads := errors.New("broken"), 0
	var told []error
	l := &Live{
		Files: []string{file}, Now: func() time.Time { return now }, Say: func(err error) { told = append(told, err) },
		Load: func() (*registry.Registry, error) {
			loads++
			if text, err := os.ReadFile(file); err != nil || string(text) == "broken" {
				return nil, errors.Join(broken, err)
			}
			return &registry.Registry{}, nil
		},
	}
	look := func() *registry.Registry {
		t.Helper()
		reg, err := l.Registry()
		if err != nil || reg == nil {
			t.Fatal(reg, err)
		}
		return reg
	}
	first := look()
	now = now.Add(lookEvery)
	if look() != first || loads != 1 {
		t.Errorf("what did not change was read %d times", loads)
	}
	write("another")
	if look() != first {
		t.Error("it was looked again too soon")
	}
	now = now.Add(lookEvery)
	second := look()
	if second == first || len(told) != 1 || told[0] != nil {
		t.Errorf("the change was not seen, or not told: %v", told)
	}
	write("broken")
	now = now.Add(lookEvery)
	if look() != second || len(told) != 2 || !errors.Is(told[1], broken) {
		t.Errorf("a broken file: %v", told)
	}
	if err := l.Reload(); !errors.Is(err, broken) || look() != second {
		t.Errorf("reloading a broken file: %v", err)
	}
	write("mended")
	if err := l.Reload(); err != nil || look() == second {
		t.Errorf("the mended file was not read at once: %v", err)
	}
	if (&Live{Load: l.Load}).Reload() != nil {
		t.Error("without files to look at it does not read")
	}
}
