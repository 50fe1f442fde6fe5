package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/registry"
)

// maxInputBytes bounds a video or a sound: 2 GiB. Servers take far less.
const maxInputBytes = 2 << 30

// A source is an input file as the user named it. It is read more than once
// and must be the same each time.
type source struct {
	param *registry.Parameter
	name  string // "-" is stdin
	open  func() (io.ReadCloser, error)
}

// source finds the file: in the FS of the value, else where the user said.
func (r *Runner) source(ctx context.Context, v registry.Value, name string) source {
	s := source{param: v.Param, name: name, open: func() (io.ReadCloser, error) { return r.OpenInput(ctx, name) }}
	if v.FS != nil {
		s.open = func() (io.ReadCloser, error) { return v.FS.Open(name) }
	}
	return s
}

// label is the name for people: of an address without what may be a secret.
func (s source) label() string {
	if s.name == "-" {
		return "from stdin"
	}
	return shownName(s.name)
}

// path is the name under which another process finds the file.
func (s source) path(body io.Reader) string {
	if f, ok := body.(*os.File); ok {
		if abs, err := filepath.Abs(f.Name()); err == nil {
			return abs
		}
	}
	return s.name
}

// bad is an error about the file.
func (s source) bad(reason, hint string, err error) error {
	return &InputError{Parameter: s.param.Name, File: s.label(), Reason: reason, Hint: hint, Err: err}
}

// start opens the file.
func (s source) start() (io.ReadCloser, error) {
	body, err := s.open()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, s.bad("there is no such file", "", err)
	case err != nil:
		return nil, s.unreadable(err)
	}
	if f, ok := body.(interface{ Stat() (fs.FileInfo, error) }); ok {
		info, err := f.Stat()
		switch {
		case err != nil:
		case info.IsDir():
			body.Close()
			return nil, s.bad("is a folder", "name one file in it", nil)
		case info.Mode().IsRegular() && info.Size() > s.limit():
			body.Close()
			return nil, s.bad(fmt.Sprintf("is larger than %d MiB", s.limit()>>20), "", nil)
		}
	}
	return body, nil
}

// limit is how many bytes of the file are read.
func (s source) limit() int64 {
	if s.param.Type == registry.TypeVideo || s.param.Type == registry.TypeAudio {
		return maxInputBytes
	}
	return media.MaxBytes
}

func (s source) unreadable(err error) error {
	reason := "cannot be read: "
	var path *fs.PathError
	if errors.As(err, &path) {
		return s.bad(reason+path.Err.Error(), "", err) // the name is said already
	}
	return s.bad(reason+err.Error(), "", err)
}

// A seen file is what reading it once has shown.
type seen struct {
	sha256 string
	media.Report
}

// look reads the whole file once, in constant memory.
func (s source) look(ctx context.Context) (seen, error) {
	body, err := s.start()
	if err != nil {
		return seen{}, err
	}
	defer body.Close()
	sum, check := sha256.New(), media.NewChecker()
	limit := s.limit()
	n, err := io.Copy(io.MultiWriter(sum, check), io.LimitReader(contextReader{ctx, body}, limit+1))
	switch {
	case ctx.Err() != nil:
		return seen{}, context.Cause(ctx)
	case err != nil:
		return seen{}, s.unreadable(err)
	case n == 0:
		return seen{}, s.bad("is empty", "", nil)
	case n > limit:
		return seen{}, s.bad(fmt.Sprintf("is larger than %d MiB", limit>>20), "", nil)
	}
	return seen{hex.EncodeToString(sum.Sum(nil)), check.Report()}, nil
}

// Identify reads an input file of a value whole and returns its SHA-256 as
// lowercase hex. One that is of the wrong kind or damaged is an *InputError.
func (r *Runner) Identify(ctx context.Context, v registry.Value, name string) (string, error) {
	s := r.source(ctx, v, name)
	found, err := s.look(ctx)
	if err != nil {
		return "", err
	}
	return found.sha256, s.fits(found.Report)
}

// reopen opens the file to send it. The reader fails at the end when the
// content is not what look has seen: its name on the server is its hash.
func (s source) reopen(sha string) (io.ReadCloser, error) {
	body, err := s.start()
	if err != nil {
		return nil, err
	}
	return &sameReader{body: body, sum: sha256.New(), want: sha, source: s}, nil
}

type sameReader struct {
	body   io.ReadCloser
	sum    hash.Hash
	want   string
	source source
}

func (r *sameReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(r.sum.Sum(nil)) != r.want {
		return n, r.source.bad("changed while it was being sent", "run the command again", nil)
	}
	return n, err
}

func (r *sameReader) Close() error { return r.body.Close() }

// A contextReader stops when its context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
