package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/term"
)

const cardGraph = `{"1": {"class_type": "EmptyImage", "inputs": {"width": 32, "height": 32, "batch_size": 1, "color": 255}},
 "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}}`

// Whoever sits at a terminal chooses the parameters; nobody is asked elsewhere.
func TestImportAsks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		typed    string
		terminal bool
		want     []string // of the entry's parameters, "" = nothing was imported
		said     string
	}{
		"as they are":   {"\n", true, []string{"width", "height", "batch_size", "color"}, "Enter imports these."},
		"without some":  {"2-3\n\n", true, []string{"width", "color"}, ""},
		"with another":  {"4 shade=EmptyImage.color\n\n", true, []string{"shade", "width", "height", "batch_size"}, ""},
		"all values":    {"?\n\n", true, []string{"width", "height", "batch_size", "color"}, "  EmptyImage.color=255"},
		"a mistake":     {"9\nsteps=KSampler.steps\n1\n\n", true, []string{"height", "batch_size", "color"}, "is no number from 1 to 4"},
		"left":          {"q\n", true, nil, "nothing is imported"},
		"nobody there":  {"", true, nil, "nothing is imported"},
		"no terminal":   {"2\n\n", false, []string{"width", "height", "batch_size", "color"}, "imported into"},
		"cut off later": {"1\n", true, nil, "nothing is imported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "card.json"), []byte(cardGraph), 0o600); err != nil {
				t.Fatal(err)
			}
			streams, in, _, errs := term.Test()
			streams.InTTY, streams.ErrTTY = tc.terminal, tc.terminal
			in.WriteString(tc.typed)
			code := Execute(t.Context(), Process{
				Args: []string{"workflows", "import", "card.json", "--project", "--backend", "emulator"},
				Dir:  dir, Streams: streams, Environ: []string{"HOME=" + dir},
			})
			if code != 0 {
				t.Fatalf("exit %d: %s", code, errs)
			}
			if !strings.Contains(errs.String(), tc.said) {
				t.Errorf("%q is not said in %s", tc.said, errs)
			}
			entry, err := os.ReadFile(filepath.Join(dir, "workflows", "registry.json"))
			if (err == nil) != (tc.want != nil) {
				t.Fatalf("the registry: %v", err)
			}
			at := 0
			for _, name := range tc.want {
				next := strings.Index(string(entry)[at:], `"`+name+`": {`)
				if next < 0 {
					t.Fatalf("%s is not there, or not in its place:\n%s", name, entry)
				}
				at += next
			}
			if got := strings.Count(string(entry), `"bind"`); got != len(tc.want) {
				t.Errorf("%d parameters, want %d", got, len(tc.want))
			}
		})
	}
}
