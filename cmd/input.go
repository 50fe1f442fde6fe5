package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// maxInput bounds what is read from stdin or a URL as one input: 2 GiB.
const maxInput = 2 << 30

// maxFlagFile bounds a text or parameters that a flag takes from a file: 16 MiB.
const maxFlagFile = 16 << 20

// stdinOnce reads stdin for the one flag of a command that may have it.
type stdinOnce struct {
	in   io.Reader
	mu   sync.Mutex
	data []byte
	read bool
	user string
}

// bytes returns all of stdin. A second user is refused: there is one stdin.
func (s *stdinOnce) bytes(user string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read && s.user != user {
		return nil, usagef("put one of them into a file", "%s and %s both read stdin", s.user, user)
	}
	if !s.read {
		data, err := io.ReadAll(io.LimitReader(s.in, maxInput))
		if err != nil {
			return nil, fmt.Errorf("read stdin: %w", err)
		}
		s.data, s.read, s.user = data, true, user
	}
	return s.data, nil
}

// expandText reads the text of a flag: @FILE, - for stdin, @@ for a literal @.
func (a *app) expandText(flag, s string) (string, error) {
	switch {
	case s == "-":
		data, err := a.stdin.bytes(flag)
		return plainText(data), err
	case strings.HasPrefix(s, "@@"):
		return s[1:], nil
	case strings.HasPrefix(s, "@"):
		data, err := a.readFile(flag, s[1:])
		var bad *invalidError
		if errors.As(err, &bad) {
			bad.hint = "after " + flag + ", @ names a file; a literal @ is @@"
		}
		return plainText(data), err
	}
	return s, nil
}

// plainText is what a file says, without the byte order mark and the line end
// that editors write.
func plainText(data []byte) string {
	return strings.TrimRight(strings.TrimPrefix(string(data), "\ufeff"), "\r\n")
}

// readFile reads a small file that a flag names; - is stdin.
func (a *app) readFile(flag, name string) ([]byte, error) {
	if name == "-" {
		return a.stdin.bytes(flag)
	}
	fail := func(message string) ([]byte, error) {
		return nil, &invalidError{message, flag + " takes a file, or - for stdin"}
	}
	f, err := os.Open(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return fail("there is no file " + name)
	}
	if err != nil {
		return fail(fmt.Sprintf("%s cannot be read: %s", name, reasonOf(err)))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFlagFile+1))
	switch {
	case err != nil:
		return fail(fmt.Sprintf("%s cannot be read: %s", name, reasonOf(err)))
	case len(data) > maxFlagFile:
		return fail(fmt.Sprintf("%s is larger than %d MiB", name, maxFlagFile>>20))
	}
	return data, nil
}

// reasonOf is an error without the path that the message says already.
func reasonOf(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// openInput opens input files: paths, URLs, stdin, and the pictures that ship
// with the built-in workflows when no file of that name is there.
func (a *app) openInput(ctx context.Context) run.OpenInput {
	return func(name string) (io.ReadCloser, error) {
		switch {
		case name == "-":
			data, err := a.stdin.bytes("an input")
			return io.NopCloser(bytes.NewReader(data)), err
		case isURL(name):
			return fetchInput(ctx, name)
		}
		f, err := openFile(ctx, a.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			if shipped, e := workflows.Example(name); e == nil {
				return shipped, nil
			}
		}
		return f, err
	}
}

// openFile opens a file. What is none, a pipe for one, is waited for no longer
// than ctx, be it to open or to read.
func openFile(ctx context.Context, path string) (io.ReadCloser, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() || info.IsDir() {
		return os.Open(path)
	}
	f, err := await(ctx, func() (*os.File, error) { return os.Open(path) })
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{interruptible{ctx, f}, f}, nil
}

// An interruptible reader ends with ctx even where the system's read does not:
// at a terminal, or at a pipe that nobody writes to.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	own := make([]byte, len(p)) // a read that is given up may still write
	n, err := await(r.ctx, func() (int, error) { return r.in.Read(own) })
	return copy(p, own[:n]), err
}

// await returns what f does, or gives it up when ctx ends.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

func isURL(name string) bool {
	return strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://")
}

// fetchInput downloads an input that the user named by URL. No credentials of
// any backend go with it.
func fetchInput(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || req.URL.Host == "" {
		return nil, errors.New("it is not a web address")
	}
	client := &http.Client{Timeout: 5 * time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, errors.New(comfy.TransportReason(err))
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("the address answered %s", resp.Status)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxInput), resp.Body}, nil
}
