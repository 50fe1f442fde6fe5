package inputs

import (
	"context"
	"errors"
	"io"
	"os"
)

// A File is an input that can be read at any place. Close it when done.
type File struct {
	io.ReaderAt
	io.Closer
	Size int64
}

// OpenAt opens an input to be read at any place. What can be read only once is
// read to its end first, up to 2 GiB, which does not stay in memory. user is
// who has stdin then.
func (o *Opener) OpenAt(ctx context.Context, user, name string) (*File, error) {
	var body io.ReadCloser
	var err error
	if name == "-" {
		body, err = o.Stdin.open(ctx, user)
	} else {
		body, err = o.Open(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	switch body := body.(type) {
	case *os.File:
		info, err := body.Stat()
		if err == nil && info.IsDir() {
			err = &KindError{Name: name, Kind: "a folder"}
		}
		if err != nil {
			_ = body.Close()
			return nil, err
		}
		return &File{body, body, info.Size()}, nil
	case *spoolReader:
		size, err := io.Copy(io.Discard, body)
		return &File{body.spool, body, size}, err
	}
	defer body.Close()
	s := newSpool(io.NopCloser(body))
	size, err := io.Copy(io.Discard, s.open())
	return &File{s, closer(s.close), size}, err
}

// ReadAt reads a part of what is kept.
func (s *spool) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	for n < len(p) {
		got, err := s.readAt(p[n:], at+int64(n))
		n += got
		if err != nil && (got == 0 || !errors.Is(err, io.EOF)) {
			return n, err
		}
	}
	return n, nil
}

type closer func() error

func (c closer) Close() error { return c() }
