// Package inputs opens what a user gives: files, web addresses, stdin. Each
// stream is read once and bounded, so that it may be opened as often as a run
// needs it.
package inputs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// MaxText bounds a text or parameters that are read whole: 16 MiB.
const MaxText = 16 << 20

// Patience is how long a pipe or a terminal may say nothing before the user is
// told what is waited for.
const Patience = time.Second

// An Opener opens the inputs of one command by the names the user gives: paths,
// web addresses, and - for stdin. Close it when the command ends.
type Opener struct {
	Dir   string // what relative paths are relative to
	Stdin *Stdin

	// Shipped opens what comes with the program, when no file of that name is
	// there. Nil ships nothing.
	Shipped func(name string) (fs.File, error)

	// Waiting is told what an input is waited for that has not come for a
	// second. Nil waits without a word.
	Waiting func(what string)

	mu      sync.Mutex
	streams map[string]*spool // of pipes and web addresses, by name
}

// Open opens an input at its beginning, each time.
func (o *Opener) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	switch {
	case name == "-":
		return o.Stdin.open(ctx, "an input")
	case IsURL(name):
		return o.stream(ctx, name, func() (io.ReadCloser, error) { return Fetch(ctx, name) })
	}
	path := o.path(name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Shipped != nil:
		if shipped, e := o.Shipped(name); e == nil {
			return shipped, nil
		}
		return nil, err
	case err != nil:
		return nil, err
	case info.Mode().IsRegular(), info.IsDir():
		return os.Open(path)
	case info.Mode()&fs.ModeNamedPipe != 0:
		return o.stream(ctx, path, func() (io.ReadCloser, error) { return o.openPipe(ctx, path, name) })
	}
	return nil, &KindError{Name: name, Kind: kindOf(info.Mode())}
}

func (o *Opener) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(o.Dir, name)
}

// openPipe opens a pipe, which has a writer then, and reads it no longer than
// ctx.
func (o *Opener) openPipe(ctx context.Context, path, name string) (io.ReadCloser, error) {
	quiet := time.AfterFunc(Patience, func() {
		if o.Waiting != nil {
			o.Waiting("the pipe " + name + ", into which nothing writes")
		}
	})
	defer quiet.Stop()
	f, err := await(ctx, func() (*os.File, error) { return os.Open(path) })
	if err != nil {
		return nil, err
	}
	return readCloser{Interruptible(ctx, f), f}, nil
}

// stream opens a stream that can be read only once; it is kept until Close.
func (o *Opener) stream(_ context.Context, key string, open func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.streams[key]
	if s == nil {
		body, err := open()
		if err != nil {
			return nil, err
		}
		if o.streams == nil {
			o.streams = map[string]*spool{}
		}
		s = newSpool(body)
		o.streams[key] = s
	}
	return s.open(), nil
}

// ReadText reads a file whole that is small, or stdin, which user has then.
func (o *Opener) ReadText(ctx context.Context, user, name string) ([]byte, error) {
	if name == "-" {
		return o.Stdin.Bytes(ctx, user)
	}
	body, err := (&Opener{Dir: o.Dir, Stdin: o.Stdin, Waiting: o.Waiting}).Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return readText(body)
}

func readText(body io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, MaxText+1))
	if err == nil && len(data) > MaxText {
		return nil, &SizeError{Limit: MaxText}
	}
	return data, err
}

// Close ends what is still being read, and removes what was kept of it.
func (o *Opener) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	for _, s := range o.streams {
		err = errors.Join(err, s.close())
	}
	o.streams = nil
	return errors.Join(err, o.Stdin.close())
}

// A KindError means that a name is that of something which is no file to read.
type KindError struct {
	Name string
	Kind string // "a device"
}

func (e *KindError) Error() string { return "it is " + e.Kind + " and not a file" }

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "something special"
}

// A SizeError means that an input is larger than what is read.
type SizeError struct{ Limit int64 }

func (e *SizeError) Error() string { return fmt.Sprintf("is larger than %d MiB", e.Limit>>20) }

// IsURL reports whether a name is a web address.
func IsURL(name string) bool {
	return strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://")
}

// IsFile reports whether a path is that of a regular file.
func IsFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

type readCloser struct {
	io.Reader
	io.Closer
}
