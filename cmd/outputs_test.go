package cmd

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// A mistyped folder is no empty one.
func TestFoldersThatAreNotThere(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{"outputs", "list", "otputs"}, {"outputs", "copy", "otputs", "copy"}, {"verify", "otputs"}} {
		if code, _, errs := runEasel(t, words...); code != problem.ExitInvalid || !strings.Contains(errs, "otputs: there is no such file or folder") {
			t.Errorf("%q: exit %d, stderr %q", words, code, errs)
		}
	}
	if code, out, errs := runEasel(t, "outputs", "list"); code != problem.ExitOK || out != "" {
		t.Errorf("before the first run: exit %d, %q, stderr %q", code, out, errs)
	}
}
