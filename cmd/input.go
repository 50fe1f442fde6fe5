package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// newInputs makes the opener of what the user gives: files, web addresses,
// stdin, and the pictures that ship with the built-in workflows.
func (a *app) newInputs() *inputs.Opener {
	return &inputs.Opener{
		Dir: a.dir, Stdin: inputs.NewStdin(a.streams.In), Shipped: a.shippedExample(),
		Waiting: func(what string) { a.note("waiting for %s", what) },
	}
}

// expandText reads the text of a flag: @FILE, - for stdin, @@ for a literal @.
func (a *app) expandText(flag, s string) (string, error) {
	switch {
	case s == "-":
		return a.readText(flag, s)
	case strings.HasPrefix(s, "@@"):
		return s[1:], nil
	case strings.HasPrefix(s, "@"):
		text, err := a.readText(flag, s[1:])
		var bad *invalidError
		if errors.As(err, &bad) && bad.hint == readHint(flag) {
			bad.hint = "after " + flag + ", @ names a file; a literal @ is @@"
		}
		return text, err
	}
	return s, nil
}

// shippedExample opens a picture that the built-in examples use, and says so
// once: the user may have meant a file of that name.
func (a *app) shippedExample() func(name string) (fs.File, error) {
	var told sync.Map
	return func(name string) (fs.File, error) {
		file, err := workflows.Example(name)
		if _, again := told.LoadOrStore(name, true); err == nil && !again {
			a.note("note: %s is not here: the example picture of that name is used", name)
		}
		return file, err
	}
}

// readText reads what a file says, without the byte order mark and the line end
// that editors write.
func (a *app) readText(flag, name string) (string, error) {
	data, err := a.readFile(flag, name)
	if err != nil {
		return "", err
	}
	text, foreign := textdoc.UTF8(data)
	if foreign != nil {
		return "", &invalidError{fmt.Sprintf("%s:%d %s", name, foreign.Line, foreign.Message), foreign.Hint}
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// readFile reads a small file that a flag names; - is stdin.
func (a *app) readFile(flag, name string) ([]byte, error) {
	data, err := a.inputs.ReadText(a.ctx, flag, name)
	if err == nil || name == "-" {
		return data, err
	}
	message := name + " cannot be read: " + reasonOf(err).Error()
	if _, large := errors.AsType[*inputs.SizeError](err); large {
		message = name + " " + err.Error()
	}
	switch {
	case errors.Is(err, a.ctx.Err()) && a.ctx.Err() != nil:
		return nil, err
	case errors.Is(err, fs.ErrNotExist):
		message = "there is no file " + name
	}
	return nil, &invalidError{message, readHint(flag)}
}

func readHint(flag string) string { return flag + " takes a file, or - for stdin" }

// reasonOf is an error without the path that the message says already.
func reasonOf(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
