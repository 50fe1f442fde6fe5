package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWildcards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("project/place.txt", "\ufeff# places\r\nforest\r\n\r\n  beach  \r\n")
	write("user/place.txt", "hidden by the project's\n")
	write("user/animals/bird.txt", "hen\n")
	write("secret.txt", "outside\n")
	w := Wildcards{filepath.Join(dir, "project"), filepath.Join(dir, "nowhere"), filepath.Join(dir, "user")}
	for name, want := range map[string][]string{"place": {"forest", "beach"}, "animals/bird": {"hen"}} {
		got, err := w.Lines(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	for _, name := range []string{"../secret", "nothing", "animals"} {
		if lines, err := w.Lines(name); err == nil {
			t.Errorf("%s: got %q, want an error", name, lines)
		}
	}
	if _, err := w.Lines("plase"); err == nil || !strings.Contains(err.Error(), "__place__") {
		t.Errorf("a typing error: %v, want the nearest name", err)
	}
}
