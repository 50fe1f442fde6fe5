package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

func TestShellQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":       "plain",
		"":            `""`,
		"two words":   `"two words"`,
		"costs $5":    `'costs $5'`,
		"it's $5":     `'it'\''s $5'`,
		"a=b,c:d@e/f": "a=b,c:d@e/f",
	} {
		if got := problem.ShellQuote(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

// Every built-in workflow shows an example as a command, which asks for the same.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	reg, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "built-in"})
	if err != nil {
		t.Fatal(err)
	}
	for _, wf := range reg.Workflows() {
		t.Run(wf.ID, func(t *testing.T) {
			t.Parallel()
			line := exampleCommand(wf.ID, wf)
			args := splitShell(t, strings.TrimPrefix(line, "easel "))
			code, typed, errs := runEasel(t, append(args, "--dry-run", "--jq", ".parameters | del(.seed)")...)
			if code != problem.ExitOK {
				t.Fatalf("%s\nexit %d: %s", line, code, errs)
			}
			request := filepath.Join(t.TempDir(), "request.json")
			if err := os.WriteFile(request, wf.ExamplePayload, 0o600); err != nil {
				t.Fatal(err)
			}
			_, asked, _ := runEasel(t, "generate", wf.ID, "--request", request, "--dry-run", "--jq", ".parameters | del(.seed)")
			if diff := cmp.Diff(asked, typed); diff != "" {
				t.Errorf("%s\nmeans something else than the example (-request +command):\n%s", line, diff)
			}
		})
	}
}

// splitShell undoes shellQuote.
func splitShell(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	var word strings.Builder
	open, quote := false, rune(0)
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, open = r, true
		case quote == 0 && r == ' ':
			if open {
				words, open = append(words, word.String()), false
				word.Reset()
			}
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words
}

func TestCountGivesEachRunItsSeed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode string
		want []string
	}{
		{"increment", []string{"18446744073709551614", "18446744073709551615", "0"}},
		{"fixed", []string{"18446744073709551614", "18446744073709551614", "18446744073709551614"}},
	} {
		code, out, errs := runEasel(t, "generate", "flux_single", "a fox", "--count", "3", "--seed", "18446744073709551614",
			"--seed-mode", tt.mode, "--dry-run", "--jq", ".seed")
		if code != problem.ExitOK {
			t.Fatalf("exit %d: %s", code, errs)
		}
		if diff := cmp.Diff(tt.want, strings.Fields(out)); diff != "" {
			t.Errorf("%s: seeds (-want +got):\n%s", tt.mode, diff)
		}
	}
}

// The exit code of every kind of mistake that needs no backend.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		exit int
		says string
	}{
		{"generate", problem.ExitUsage, "needs a workflow"},
		{"generate flux_singel x", problem.ExitInvalid, "did you mean flux_single"},
		{"generate flux_single x --no-such", problem.ExitUsage, "unknown flag --no-such"},
		{"generate flux_single x --steps 0 --dry-run", problem.ExitInvalid, "Parameter 'steps' below minimum 1"},
		{"generate flux_single x --steps 1e3 --dry-run", problem.ExitInvalid, "must be int"},
		{"generate flux_single x --set nothing --dry-run", problem.ExitUsage, "has no name=value"},
		{"generate flux_single x --set NoSuch.steps=3 --dry-run", problem.ExitInvalid, "NoSuch"},
		{"generate flux_single x --count 0", problem.ExitUsage, "--count must be at least 1"},
		{"generate --count 1e9 flux_single x --width 256", problem.ExitUsage, "--count takes a whole number"},
		{"generate flux_single x --timeout -1s", problem.ExitUsage, "--timeout must not be negative"},
		{"generate flux_single x --reconnect=-5s", problem.ExitUsage, "--reconnect must not be negative"},
		{"emulate --step-time -1s", problem.ExitUsage, "--step-time must not be negative"},
		{"config set timeout -1s", problem.ExitUsage, "unknown flag -1"},
		{"generate flux_single x -i a.png", problem.ExitInvalid, "has no image"},
		{"generate flux_single x --count 1000000000 --dry-run", problem.ExitUsage, "at most 10000 runs"},
		{"generate flux_single x --seed-mode up", problem.ExitUsage, "unknown --seed-mode"},
		{"generate flux_single x --provenance all", problem.ExitUsage, "unknown --provenance"},
		{"generate flux_single x --name {nme} --dry-run", problem.ExitUsage, "{nme}"},
		{"generate flux_single x --out - --json", problem.ExitUsage, "both write to stdout"},
		{"generate flux_single x --out=", problem.ExitUsage, "--out is empty"},
		{"generate flux_single x --out gs://bucket/art", problem.ExitUsage, "no store of the form gs://"},
		{"generate flux_single x --out s3:///art", problem.ExitUsage, "names no bucket"},
		{"generate flux_single x --out a.png --count 2", problem.ExitInvalid, "one file"},
		{"generate flux_single x --out - --count 2", problem.ExitUsage, "takes one output"},
		{"generate flux_single x --character milna --dry-run", problem.ExitInvalid, "did you mean milan"},
		{"generate @nothing x", problem.ExitInvalid, "unknown preset @nothing"},
		{"generate server:mine x --backend emulator", problem.ExitInvalid, "unknown workflow \"server:mine\""},
		{"generate ./ x", problem.ExitInvalid, "./ is a folder and not a file"},
		{"generate ./none.json x", problem.ExitInvalid, "there is no such file"},
		{"generate flux_single x --backend none", problem.ExitUsage, "unknown backend"},
		{"generate flux_single x --backend a,b", problem.ExitUsage, "unknown backend \"a\""},
		{"generate flux_single x --backend comfy-cloud", problem.ExitAuth, "set COMFY_API_KEY"},
		{"generate flux_single x --backend http://127.0.0.1:1", problem.ExitUnreachable, "connection refused"},
		{"generate flux_single x --backend emulator?speed=2", problem.ExitUsage, "unknown emulator option"},
		{"generate flux_single x --backend emulator?fault=status=prompt:413", problem.ExitInvalid, "hint: give a smaller file"},
		{"workflows list --jq .[", problem.ExitUsage, "jq"},
		{"workflows lst", problem.ExitUsage, "did you mean list"},
		{"workflows show nope", problem.ExitInvalid, "unknown workflow"},
		{"workflows list --registry none.json", problem.ExitInvalid, "no such registry"},
		{"history show nope", problem.ExitInvalid, "matches"},
		{"config get nope", problem.ExitUsage, "unknown setting"},
		{"jobs list --server http://127.0.0.1:1", problem.ExitUnreachable, "is easel serve running there?"},
		{"nonsense", problem.ExitUsage, "unknown command"},
		{"nonsense --help", problem.ExitUsage, "unknown command"},
		{"help nonsense", problem.ExitUsage, "unknown command"},
		{"workflows lst --help", problem.ExitUsage, "did you mean list"},
		{"help workflows lst", problem.ExitUsage, "did you mean list"},
		{"inspect none.png", problem.ExitInvalid, "there is no file none.png"},
		{"backends use nope", problem.ExitUsage, "unknown backend"},
		{"backends add emulator http://x:1", problem.ExitUsage, "cannot be the name"},
		{"backends add a http://", problem.ExitUsage, "http://: "},
		{"backends add a http://h/?x=1", problem.ExitUsage, "query"},
		{"backends add a user@host", problem.ExitUsage, "is not an address"},
		{"emulate --fault nope", problem.ExitUsage, "nope"},
		{"emulate --listen x", problem.ExitUsage, "--listen takes HOST:PORT, not \"x\""},
		{"emulate --listen :99999", problem.ExitUsage, "--listen takes HOST:PORT"},
		{"emulate --listen 127.0.0.1:x", problem.ExitUsage, "--listen takes HOST:PORT"},
		{"generate flux_single x --backend emulator?step-time=x", problem.ExitUsage, "\"x\" is no duration like 50ms"},
		{"generate flux_single x --backend emulator?strict-models=maybe", problem.ExitUsage, "neither true nor false"},
		{"generate flux_single x --backend emulator?fault=zz", problem.ExitUsage, "hint: easel emulate --fault help"},
		{"generate flux_single x --backend http://h:port", problem.ExitUsage, "backend http://h:port: "},
		{"generate qwen_single x --backend emulator -i http://127.0.0.1:1/a.png", problem.ExitInvalid, "cannot be read: connection refused"},
		{"generate qwen_single x --backend emulator -i http://[::1", problem.ExitInvalid, "it is not a web address"},
		{"inspect http://127.0.0.1:1/a.png", problem.ExitInvalid, "cannot be fetched: connection refused"},
		{"inspect .", problem.ExitInvalid, ". is a folder"},
		{"history list --limit -3", problem.ExitUsage, "--limit must not be negative"},
		{"history prune --keep -3", problem.ExitUsage, "hint: --keep 0"},
		{"config set backend ftp://x", problem.ExitUsage, "unknown form of a backend: ftp://"},
		{"config set backend emulator,emulator", problem.ExitUsage, "twice"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			code, _, errs := runEasel(t, strings.Fields(tt.args)...)
			if code != tt.exit {
				t.Errorf("exit %d, want %d: %s", code, tt.exit, errs)
			}
			if !strings.Contains(errs, tt.says) {
				t.Errorf("stderr does not say %q:\n%s", tt.says, errs)
			}
			if strings.Count(errs, "error:") != 1 {
				t.Errorf("not exactly one error:\n%s", errs)
			}
		})
	}
}

// With --json the last line of stdout is the error, with the same exit code.
func TestErrorObject(t *testing.T) {
	t.Parallel()
	code, out, _ := runEasel(t, "generate", "flux_single", "x", "--steps", "0", "--width", "9", "--dry-run", "--json")
	var got struct {
		Error struct {
			Code      string
			Exit      int
			Parameter string
			Problems  []struct{ Parameter, Allowed string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	e := got.Error
	if e.Exit != code || e.Exit != problem.ExitInvalid || e.Code != "invalid_parameter" || len(e.Problems) != 2 {
		t.Errorf("exit %d, error %+v", code, e)
	}
	for i, want := range []string{"width 256 to 2048", "steps 1 to 100"} {
		if got := fmt.Sprintf("%s %s", e.Problems[i].Parameter, e.Problems[i].Allowed); got != want {
			t.Errorf("problem %d: %s, want %s", i, got, want)
		}
	}
}
