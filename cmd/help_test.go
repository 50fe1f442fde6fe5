package cmd

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// runEasel executes one command line in process, with folders of its own.
func runEasel(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	streams, _, out, errs := term.Test()
	home := t.TempDir()
	code = Execute(t.Context(), Process{
		Args: args, Dir: home, Streams: streams, Build: Build{Version: "0.0.0-test"},
		Environ: []string{
			"HOME=" + home, "XDG_CONFIG_HOME=" + home + "/config",
			"XDG_DATA_HOME=" + home + "/data", "XDG_CACHE_HOME=" + home + "/cache",
		},
	})
	return code, out.String(), errs.String()
}

// golden compares with testdata/NAME.golden, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./cmd -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-golden +now; go test ./cmd -update rewrites it):\n%s", name, diff)
	}
}

// noWideLines checks that help fits a terminal of usual width. Commands are
// there to be copied and are not broken.
func noWideLines(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); len(line) > 80 && !strings.HasPrefix(line, "  easel ") {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

// commandPaths lists every command as the words a user types.
func commandPaths(t *testing.T) [][]string {
	t.Helper()
	streams, _, _, _ := term.Test()
	root, err := newRootCmd(newApp(t.Context(), streams, Build{}, t.TempDir(), nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	paths := [][]string{{}}
	var walk func(c *cobra.Command, at []string)
	walk = func(c *cobra.Command, at []string) {
		for _, sub := range c.Commands() {
			if sub.Hidden {
				continue
			}
			path := append(append([]string{}, at...), sub.Name())
			paths = append(paths, path)
			walk(sub, path)
		}
	}
	walk(root, nil)
	return paths
}

func TestEveryCommandHasHelpWithExamples(t *testing.T) {
	t.Parallel()
	for _, path := range commandPaths(t) {
		name := strings.Join(append([]string{"easel"}, path...), "_")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runEasel(t, append(path, "--help")...)
			if code != problem.ExitOK || errs != "" {
				t.Fatalf("exit %d, stderr %q", code, errs)
			}
			if !strings.Contains(out, "Examples\n  easel ") && !strings.Contains(out, "Examples\n  source ") {
				t.Error("the help has no example that begins with easel")
			}
			noWideLines(t, out)
			golden(t, "help/"+name, out)
		})
	}
}

// Help fits a narrow window. Commands and JSON are there to be copied.
func TestHelpFitsANarrowWindow(t *testing.T) {
	t.Parallel()
	pages := [][]string{{"generate", "qwen_inpaint", "--help"}}
	for _, path := range commandPaths(t) {
		pages = append(pages, append(path, "--help"))
	}
	for _, topic := range helpTopics() {
		pages = append(pages, []string{"help", topic.name})
	}
	const narrow = 60
	for _, args := range pages {
		streams, _, out, _ := term.Test()
		streams.Width = narrow
		home := t.TempDir()
		Execute(t.Context(), Process{Args: args, Dir: home, Streams: streams, Environ: []string{"HOME=" + home}})
		for line := range strings.Lines(out.String()) {
			line = strings.TrimRight(line, "\n")
			if words := strings.TrimSpace(line); len(line) > narrow && !strings.HasPrefix(line, "  easel ") && !strings.HasPrefix(words, `"`) {
				t.Errorf("easel %s: %d columns: %s", strings.Join(args, " "), len(line), line)
			}
		}
	}
}

func TestHelpOfAWorkflowShowsItsParameters(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"flux_single", "qwen_single", "qwen_inpaint"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runEasel(t, "generate", id, "--help")
			if code != problem.ExitOK {
				t.Fatalf("exit %d, stderr %q", code, errs)
			}
			noWideLines(t, out)
			golden(t, "help/workflow_"+id, out)
		})
	}
}

func TestHelpOfABatchShowsTheParametersOfItsWorkflow(t *testing.T) {
	t.Parallel()
	code, out, errs := runEasel(t, "batch", "flux_single", "--help")
	if code != problem.ExitOK || !strings.Contains(out, "\nSampling\n      --steps int") || !strings.Contains(out, "      --from FILE|DIR|GLOB") {
		t.Errorf("exit %d, stderr %q, says\n%s", code, errs, out)
	}
	if code, _, errs := runEasel(t, "batch", "flux_single", "--size", "3"); code != problem.ExitUsage || !strings.Contains(errs, "easel batch flux_single --help") {
		t.Errorf("exit %d, stderr %q", code, errs)
	}
}

func TestHelpTopics(t *testing.T) {
	t.Parallel()
	for _, topic := range helpTopics() {
		t.Run(topic.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runEasel(t, "help", topic.name)
			if code != problem.ExitOK {
				t.Fatalf("exit %d, stderr %q", code, errs)
			}
			noWideLines(t, out)
			golden(t, "help/topic_"+topic.name, out)
		})
	}
	if code, _, errs := runEasel(t, "help", "exit-code"); code != problem.ExitUsage || !strings.Contains(errs, "did you mean exit-codes?") {
		t.Errorf("exit %d, stderr %q", code, errs)
	}
}
