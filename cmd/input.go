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

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// maxInput bounds what is read from stdin or a URL as one input: 2 GiB.
const maxInput = 2 << 30

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
		return strings.TrimRight(string(data), "\r\n"), err
	case strings.HasPrefix(s, "@@"):
		return s[1:], nil
	case strings.HasPrefix(s, "@"):
		data, err := a.readFile(flag, s[1:])
		return strings.TrimRight(string(data), "\r\n"), err
	}
	return s, nil
}

// readFile reads a small file that a flag names; - is stdin.
func (a *app) readFile(flag, name string) ([]byte, error) {
	if name == "-" {
		return a.stdin.bytes(flag)
	}
	data, err := os.ReadFile(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &invalidError{"there is no file " + name, ""}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// openInput opens input files: paths, URLs, stdin, and the pictures that ship
// with the built-in workflows when no file of that name is there.
func (a *app) openInput(ctx context.Context) run.OpenInput {
	return func(name string) (io.ReadCloser, error) {
		switch {
		case name == "-":
			data, err := a.stdin.bytes("an input")
			return io.NopCloser(bytes.NewReader(data)), err
		case strings.HasPrefix(name, "https://"), strings.HasPrefix(name, "http://"):
			return fetchInput(ctx, name)
		}
		f, err := os.Open(a.path(name))
		if errors.Is(err, fs.ErrNotExist) {
			if shipped, e := workflows.Example(name); e == nil {
				return shipped, nil
			}
		}
		return f, err
	}
}

// fetchInput downloads an input that the user named by URL. No credentials of
// any backend go with it.
func fetchInput(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 5 * time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
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
