package cmd

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"workflow ids", []string{"generate", ""}, []string{"flux_single", "qwen_single"}},
		{"parameter flags", []string{"generate", "flux_single", "--st"}, []string{"--steps"}},
		{"easel's own flags", []string{"generate", "flux_single", "--seed-m"}, []string{"--seed-mode\thow --count goes on with the seed: increment|random|fixed\n"}},
		{"words of a flag", []string{"generate", "flux_single", "--seed-mode", ""}, []string{"increment", "random", "fixed"}},
		{"backends", []string{"generate", "flux_single", "--backend", ""}, []string{"emulator"}},
		{"characters", []string{"generate", "qwen_single", "--character", ""}, []string{"milan"}},
		{"ids for show", []string{"workflows", "show", "flux"}, []string{"flux_single"}},
		{"categories", []string{"workflows", "list", "--category", ""}, []string{"editing", "video"}},
		{"families", []string{"workflows", "list", "--family", ""}, []string{"flux", "qwen"}},
		{"words of a setting", []string{"config", "set", "preview", ""}, []string{"auto", "always", "never"}},
		{"levels", []string{"workflows", "list", "--log-level", ""}, []string{"debug", "warn"}},
		{"help", []string{"help", ""}, []string{"exit-codes", "generate"}},
		{"config keys", []string{"config", "get", ""}, []string{"backend", "out"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runEasel(t, append([]string{"__complete"}, tt.args...)...)
			if code != problem.ExitOK {
				t.Fatalf("exit %d, stderr %q", code, errs)
			}
			for _, want := range tt.want {
				if !strings.Contains("\n"+out, "\n"+want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
		})
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, out, errs := runEasel(t, "completion", shell)
		if code != problem.ExitOK || !strings.Contains(out, "easel") {
			t.Errorf("%s: exit %d, stderr %q", shell, code, errs)
		}
	}
	if code, _, errs := runEasel(t, "completion", "tcsh"); code != problem.ExitUsage || !strings.Contains(errs, "hint: it is bash") {
		t.Errorf("tcsh: exit %d, stderr %q", code, errs)
	}
}
