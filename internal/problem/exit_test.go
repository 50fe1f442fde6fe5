package problem

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/exit-codes.md is what scripts are written by: it has each exit code with
// its meaning, and each code in the row of its exit code.
func TestCodesAreDocumented(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "exit-codes.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int]string{}
	for _, e := range ExitCodes() {
		start := fmt.Sprintf("\n| %d | %s |", e.Code, e.Meaning)
		_, rest, found := strings.Cut(string(data), start)
		if !found {
			t.Errorf("docs/exit-codes.md has no row %q", start[1:])
		}
		rows[e.Code], _, _ = strings.Cut(rest, "\n")
	}
	for _, k := range Kinds() {
		if !strings.Contains(rows[k.Exit], "`"+k.Code+"`") {
			t.Errorf("docs/exit-codes.md: the row of exit code %d has no `%s`", k.Exit, k.Code)
		}
	}
}

// A code that is used but has no row would be told as another failure.
func TestEachKindIsFound(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if kind(k.Code) != k || seen[k.Code] {
			t.Errorf("%s: found as %+v", k.Code, kind(k.Code))
		}
		seen[k.Code] = true
	}
}
