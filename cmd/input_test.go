package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A command that waits for input that never comes ends with the signal.
func TestAStuckInputDoesNotHoldASignal(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"generate", "flux_single", "--prompt", "-"},
		{"generate", "flux_single", "--params", "-"},
		{"generate", "qwen_single", "a fox", "--image", "-"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			silent, hold := io.Pipe()
			defer hold.Close()
			streams, _, _, errs := term.Test()
			streams.In = readerFunc(func(p []byte) (int, error) {
				cancel(&problem.SignalError{Name: "SIGINT", Exit: problem.ExitInterrupt}) // the user gives up
				return silent.Read(p)
			})
			dir := t.TempDir()
			code := Execute(ctx, Process{Args: append(args, "--out", dir), Dir: dir, Streams: streams, Environ: []string{"HOME=" + dir, "EASEL_BACKEND=emulator"}})
			if code != problem.ExitInterrupt {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestTextOfAFlag(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"p.txt": "a fox\n", "notepad.txt": "\xef\xbb\xbfa fox\r\n", "large.txt": strings.Repeat("x", inputs.MaxText+1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	streams, _, _, _ := term.Test()
	a := newApp(t.Context(), streams, Build{}, dir, nil)
	for _, tt := range []struct{ given, want, bad string }{
		{"a fox", "a fox", ""},
		{"@@home", "@home", ""},
		{"@p.txt", "a fox", ""},
		{"@notepad.txt", "a fox", ""},
		{"@none.txt", "", "there is no file none.txt"},
		{"@.", "", ". cannot be read: "},
		{"@large.txt", "", "large.txt is larger than 16 MiB"},
	} {
		got, err := a.expandText("--prompt", tt.given)
		if tt.bad == "" && err != nil || tt.bad != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.bad)) {
			t.Errorf("%s: error %v, want %q", tt.given, err, tt.bad)
		}
		if err == nil && got != tt.want {
			t.Errorf("%s: %q, want %q", tt.given, got, tt.want)
		}
		var invalid *invalidError
		if err != nil && (!errors.As(err, &invalid) || !strings.Contains(invalid.hint, "@@")) {
			t.Errorf("%s: hint of %#v", tt.given, err)
		}
	}
}
