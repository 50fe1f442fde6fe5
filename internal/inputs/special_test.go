//go:build linux

package inputs

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestDevicesAreRefused(t *testing.T) {
	t.Parallel()
	o := &Opener{Stdin: NewStdin(strings.NewReader(""))}
	var kind *KindError
	if _, err := o.Open(t.Context(), "/dev/zero"); !errors.As(err, &kind) || kind.Kind != "a device" {
		t.Errorf("error %v", err)
	}
	if _, err := o.ReadText(t.Context(), "--params", "/dev/zero"); !errors.As(err, &kind) {
		t.Errorf("as a text: %v", err)
	}
}

func TestAPipeMayBeOpenedTwice(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- os.WriteFile(pipe, []byte("a fox"), 0o600) }()
	o := &Opener{Dir: filepath.Dir(pipe), Stdin: NewStdin(strings.NewReader(""))}
	for range 2 {
		body, err := o.Open(t.Context(), "pipe")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != "a fox" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := errors.Join(<-done, o.Close()); err != nil {
		t.Error(err)
	}
}

// Nobody writes into the pipe: after a second the user hears of it, and the end
// of the command ends the wait.
func TestAPipeWithoutAWriter(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := ""
	o := &Opener{
		Dir: filepath.Dir(pipe), Stdin: NewStdin(strings.NewReader("")),
		Waiting: func(what string) { told = what; cancel() },
	}
	if _, err := o.Open(ctx, "pipe"); !errors.Is(err, context.Canceled) || told != "the pipe pipe, into which nothing writes" {
		t.Errorf("error %v, told %q", err, told)
	}
	if f, err := os.OpenFile(pipe, os.O_RDWR, 0); err == nil { // lets the given-up open go
		f.Close()
	}
}
