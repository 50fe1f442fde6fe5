package drill

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// SIGHUP has a server read its registry files anew, also those that do not look changed;
// files that cannot be read leave the registry of before, and nothing that runs ends.
func TestServeReloadsOnHangup(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	s := newServing(m, "emulator", "--log-level", "info")
	s.start()
	file := filepath.Join(m.dir, "registry.json")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(text string) {
		t.Helper()
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chtimes(file, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
	}
	described := func() string {
		var wf struct{ Description string }
		s.get("/api/v1/workflows/drill", &wf)
		return wf.Description
	}
	if got := described(); got != "d" {
		t.Fatalf("the workflow is described %q", got)
	}
	rewrite(strings.Replace(quick, `"description": "d"`, `"description": "e"`, 1))
	if got := described(); got != "d" {
		t.Fatalf("a file of the same size and time is read without being asked to: %q", got)
	}
	s.proc.signal(syscall.SIGHUP)
	s.proc.expect(s.proc.stderr, "the registry was read anew")
	if got := described(); got != "e" {
		t.Errorf("after SIGHUP the workflow is described %q", got)
	}
	rewrite("{" + strings.Repeat(" ", len(quick)-1))
	s.proc.signal(syscall.SIGHUP)
	s.proc.expect(s.proc.stderr, "cannot be read: the one of before stays")
	if got := described(); got != "e" {
		t.Errorf("after a file that cannot be read it is described %q", got)
	}
	if status, answer := s.try(http.MethodPost, "/api/v1/generate?wait=60", map[string]any{"workflow_id": "drill"}, nil); status != http.StatusOK {
		t.Errorf("a job is answered %d %s", status, answer)
	}
	s.proc.signal(syscall.SIGTERM)
	if exit := s.proc.wait(); exit != 0 {
		t.Errorf("exit %d\n%s", exit, s.proc.stderr)
	}
}
