package dirstore

import (
	"errors"
	"io/fs"
	"os"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

var (
	errNotFolder = errors.New("is a file and not a folder")
	errDangling  = errors.New("is a link to a folder that does not exist")
)

func (s *Store) fail(op, name string, err error) error { return failure(op, s.Location(name), err) }

// failure says what failed where, in the kinds of package storage.
func failure(op, location string, err error) error {
	var known *storage.Error
	if errors.As(err, &known) {
		return err
	}
	return &storage.Error{Op: op, Location: location, Err: classify(err), Temporary: isPassing(err)}
}

func classify(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &kindError{storage.ErrNotExist, err}
	case isFull(err):
		return &kindError{storage.ErrFull, err}
	case errors.Is(err, fs.ErrPermission), isRefused(err):
		return &kindError{storage.ErrRefused, err}
	}
	return bare(err)
}

// A kindError reads as the kind and unwraps to both, so that callers can ask
// for storage.ErrFull as well as for the system's own error.
type kindError struct{ kind, cause error }

func (e *kindError) Error() string   { return e.kind.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.cause} }

// bare drops the operation and path that the system added: ours say more.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
