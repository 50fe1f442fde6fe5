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
	write("project/windows.txt", "\xff\xfer\x00o\x00t\x00\n\x00")
	write("project/latin.txt", "rot\ncaf\xe9\n")
	write("project/two words/a+b.txt", "plus\n")
	write("project/zoo.yaml", "animals:\n  - fox\n  - {text: dog, weight: 2}\n  - 0.5::cat\nnested:\n  deep: [one, two]\nnumber: 5\n")
	write("project/sub/pack.json", `{"k": {"m": ["p", "q"]}}`)
	write("project/plain.json", `["yes", "no"]`)
	write("project/broken.yaml", "k: [unclosed")
	w := Wildcards{filepath.Join(dir, "project"), filepath.Join(dir, "nowhere"), filepath.Join(dir, "user")}
	for name, want := range map[string][]string{
		"place": {"forest", "beach"}, "animals/bird": {"hen"}, "windows": {"rot"}, "two words/a+b": {"plus"},
		"animals": {"fox", "2::dog", "0.5::cat"}, "nested/deep": {"one", "two"}, "sub/k/m": {"p", "q"}, "plain": {"yes", "no"},
		"nest*/*": {"one", "two"}, "**/*b*": {"hen", "plus"},
	} {
		got, err := w.Lines(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	if _, err := w.Lines("latin"); err == nil || !strings.Contains(err.Error(), "latin.txt:2 is not UTF-8 text but looks like Latin-1") {
		t.Errorf("Latin-1: %v", err)
	}
	for _, name := range []string{"../secret", "nothing", "animals/none", "number", "zoo"} {
		if lines, err := w.Lines(name); err == nil {
			t.Errorf("%s: got %q, want an error", name, lines)
		}
	}
	if _, err := w.Lines("unclosed"); err == nil || !strings.Contains(err.Error(), "broken.yaml") {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := w.Lines("plase"); err == nil || !strings.Contains(err.Error(), "__place__") {
		t.Errorf("a typing error: %v, want the nearest name", err)
	}
}
