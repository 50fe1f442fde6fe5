package cmd

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// A value behind a switch would be painted, and the switch would be on.
func TestASwitchTakesNoWord(t *testing.T) {
	t.Parallel()
	for line, hint := range map[string]string{
		"generate qwen_edit fox -i a.png --dry-run --turbo false": "write --turbo=false",
		"generate flux_single fox --dry-run true":                 "write --dry-run=true",
		"generate flux_single --dry-run --prompt true":            "",
		"generate flux_single --dry-run -- --json true":           "",
		"generate flux_single --dry-run=true true":                "",
	} {
		code, _, errs := runEasel(t, strings.Fields(line)...)
		if hint == "" && code != problem.ExitOK || hint != "" && (code != problem.ExitUsage || !strings.Contains(errs, "hint: "+hint)) {
			t.Errorf("%s: exit %d: %s", line, code, errs)
		}
	}
}
