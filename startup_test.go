package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// buildEasel builds the binary as a release is built, once per call.
func buildEasel(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the binary; not with -short")
	}
	exe := filepath.Join(t.TempDir(), "easel")
	if runtime.GOOS == "windows" {
		exe += ".exe"
	}
	c := exec.Command("go", "build", "-trimpath", "-o", exe, ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return exe
}

// initAllocations is the limit on what all packages together may allocate
// before main: start-up stays in single milliseconds as long as this holds.
// Raise it only with a reason; gojq, huma, cobra and viper cost 6,000 of it, the
// tables of regions in the AWS SDK 4,000, which is 0.7 ms, and the MCP SDK 900, which
// is 0.6 ms: half of it encoding/gob, by which it writes cursors, then the tables of
// its schemas.
const initAllocations = 12000

// Start-up time is kept by its causes and not by a clock: which packages are
// linked, and what they do before main.
func TestPackageInitStaysSmall(t *testing.T) {
	t.Parallel()
	c := exec.Command(buildEasel(t), "version")
	c.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	line := regexp.MustCompile(`(?m)^init (\S+) @.*, (\d+) allocs$`)
	total := 0
	for _, m := range line.FindAllStringSubmatch(stderr.String(), -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		total += n
		if strings.HasPrefix(m[1], "github.com/seed-7d77cb5c/easel") && n > 100 {
			t.Errorf("package %s allocates %d times before main", m[1], n)
		}
	}
	if total == 0 {
		t.Fatalf("no init lines in the trace:\n%s", stderr.Bytes())
	}
	if total > initAllocations {
		t.Errorf("packages allocate %d times before main, the limit is %d:\n%s", total, initAllocations, stderr.Bytes())
	}
}

// TestLinkedPackages pins what is linked outside the standard library, so that
// a heavy dependency cannot arrive unseen.
func TestLinkedPackages(t *testing.T) {
	t.Parallel()
	c := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Join(slices.Sorted(strings.Lines(string(out))), "")
	file := filepath.Join("testdata", "linked-packages.golden")
	if *update {
		if err := os.WriteFile(file, []byte(packages), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), packages); diff != "" {
		t.Errorf("linked packages changed (-pinned +now; go test -run TestLinkedPackages -update . rewrites the list):\n%s", diff)
	}
}
