package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// An id may look like a file; a file in a folder never looks like an id.
func TestIDWithADot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"registry.json": `{"workflows":{"blank.1":{"workflow_path":"g.json"}}}`,
		"g.json":        `{"1":{"class_type":"EmptyImage","inputs":{}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for word, exit := range map[string]int{"blank.1": problem.ExitOK, "./blank.1": problem.ExitInvalid, "blank.2": problem.ExitInvalid} {
		if code, _, errs := runEasel(t, "generate", word, "--registry", dir, "--dry-run"); code != exit {
			t.Errorf("%s: exit %d, want %d: %s", word, code, exit, errs)
		}
	}
	if code, _, errs := runEasel(t, "generate", filepath.Join(dir, "g.json"), "--registry", "none.json", "--dry-run"); code != problem.ExitOK {
		t.Errorf("a file with a broken registry: exit %d: %s", code, errs)
	}
}

// WORKFLOW is found behind flags that only it declares, whatever their values.
func TestFlagsBeforeTheWorkflow(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"generate --seed -1 flux_single fox --dry-run", "generate --steps 3 --count 2 flux_single fox --dry-run",
		"generate --lora-strength -.5 --lora a flux_single fox --dry-run", "generate --set seed=-1 -n 1 flux_single fox --dry-run",
	} {
		if code, _, errs := runEasel(t, strings.Fields(line)...); code != problem.ExitOK {
			t.Errorf("%s: exit %d: %s", line, code, errs)
		}
	}
}
