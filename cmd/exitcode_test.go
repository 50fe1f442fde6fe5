package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/exit-codes.md is what scripts are written by.
func TestExitCodesAreDocumented(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "docs", "exit-codes.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exitCodes {
		if row := fmt.Sprintf("\n| %d | %s |", e.code, e.meaning); !strings.Contains(string(data), row) {
			t.Errorf("docs/exit-codes.md has no row %q", row[1:])
		}
	}
}
