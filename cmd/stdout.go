package cmd

import (
	"errors"
	"io"
	"syscall"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A checkedOut is stdout. It remembers that a write failed, so that a command
// whose result was lost does not exit 0. When its reader has gone, as after
// `| head -1`, it calls gone: the command ends as by a signal.
type checkedOut struct {
	to   io.Writer
	gone func(error)
	err  error
}

func (w *checkedOut) Write(data []byte) (int, error) {
	n, err := w.to.Write(data)
	if err == nil {
		return n, nil
	}
	w.err = &storage.Error{Op: "write", Location: "stdout", Err: reasonOf(err)}
	if errors.Is(err, syscall.EPIPE) {
		w.err = &problem.SignalError{Name: "SIGPIPE", Exit: problem.ExitPipe}
		w.gone(w.err)
	}
	return n, w.err
}

// checkQuery refuses a --jq that cannot be read, before anything is done.
func (a *app) checkQuery() error {
	_, err := a.printer()
	return err
}

// printJSON prints one value as --json and --jq ask.
func (a *app) printJSON(v any) error {
	p, err := a.printer()
	if err != nil {
		return err
	}
	return p.Print(v)
}

// printJSONError prints an error as the last line of stdout. An expression of
// --jq is made for results: it prints what it finds in the error object, and
// nothing where it finds nothing.
func (a *app) printJSONError(f problem.Problem) {
	p, err := a.printer()
	if err != nil {
		return
	}
	found := *p
	found.SkipNull = true
	_ = found.Print(map[string]problem.Problem{"error": f})
}
