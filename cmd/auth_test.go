package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// typing runs a command line with a text on stdin.
func (a *account) typing(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	streams, _, out, errs := term.Test()
	streams.In = strings.NewReader(stdin)
	code = Execute(t.Context(), Process{Args: args, Dir: a.home, Streams: streams, Build: Build{Version: "0.0.0-test"}, Environ: a.env})
	if strings.Contains(out.String()+errs.String(), "SECRET") {
		t.Errorf("a secret shows: %s%s", out, errs)
	}
	return code, out.String(), errs.String()
}

// RunPod's key is kept in a file that only its owner can read, used from there, and
// never shown.
func TestAuthKeepsRunPodsKey(t *testing.T) {
	t.Parallel()
	a := newAccount(t, runpodtest.Options{})
	a.env = append(a.env, "RUNPOD_API_KEY=")
	if code, _, errs := a.easel(t, "runpod", "endpoints", "list"); code != problem.ExitAuth || !strings.Contains(errs, "easel auth set runpod") {
		t.Errorf("%d\n%s", code, errs)
	}
	file := filepath.Join(a.home, "config", "easel", "secrets.json")
	streams, _, _, _ := term.Test()
	streams.In = strings.NewReader(canary + "\n")
	if code := Execute(t.Context(), Process{Args: []string{"auth", "set", "runpod", "--file"}, Dir: a.home, Streams: streams, Environ: a.env}); code != 0 {
		t.Fatal(code)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if code, out, errs := a.easel(t, "runpod", "endpoints", "list"); code != 0 || !strings.Contains(out, "abc123") {
		t.Errorf("%d\n%s", code, errs)
	}
	if _, out, _ := a.easel(t, "auth", "list"); out != "runpod\tfile\tRunPod\n" {
		t.Error(out)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := a.easel(t, "runpod", "endpoints", "list"); code != problem.ExitAuth || !strings.Contains(errs, "chmod 600") {
		t.Errorf("%d\n%s", code, errs)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := a.easel(t, "auth", "remove", "runpod"); code != 0 {
		t.Error(code)
	}
	if code, _, errs := a.easel(t, "auth", "remove", "runpod"); code != problem.ExitUsage {
		t.Errorf("%d\n%s", code, errs)
	}
}

// A backend's token goes to the address that the backend had, and to no other.
func TestAuthOfABackendStaysWithItsAddress(t *testing.T) {
	t.Parallel()
	s, other := apiv2test.New(t, apiv2test.Options{Key: "SECRET"}), apiv2test.New(t, apiv2test.Options{Key: "SECRET"})
	a := newAccount(t, runpodtest.Options{})
	if code, _, errs := a.typing(t, "SECRET", "auth", "set", "studio", "--file"); code != problem.ExitUsage || !strings.Contains(errs, "nor a backend") {
		t.Errorf("%d\n%s", code, errs)
	}
	a.easel(t, "backends", "add", "studio", "comfy-api+"+s.URL)
	if code, _, errs := a.typing(t, "SECRET\n", "auth", "set", "studio", "--file"); code != 0 {
		t.Fatal(errs)
	}
	if code, _, errs := a.generate(t, "--backend", "studio"); code != 0 {
		t.Errorf("%d\n%s", code, errs)
	}
	a.easel(t, "backends", "remove", "studio")
	a.easel(t, "backends", "add", "studio", "comfy-api+"+other.URL)
	if code, _, errs := a.generate(t, "--backend", "studio"); code != problem.ExitAuth {
		t.Errorf("%d\n%s", code, errs)
	}
	for _, stdin := range []string{"", "two\nlines"} {
		if code, _, _ := a.typing(t, stdin, "auth", "set", "runpod", "--file"); code != problem.ExitUsage {
			t.Errorf("%q: %d", stdin, code)
		}
	}
}
