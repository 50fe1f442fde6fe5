package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Errors that callers tell apart.
var (
	ErrNotFound  = errors.New("no such run")
	ErrAmbiguous = errors.New("several runs match")
)

// NotFoundError means that no run of this machine matches. It is an ErrNotFound.
type NotFoundError struct {
	Name    string
	Nearest []string // ids, the likeliest first
}

func (e *NotFoundError) Error() string {
	if e.Name == Last {
		return "there are no runs of this machine yet"
	}
	return fmt.Sprintf("no run of this machine matches %q", e.Name)
}

// Is makes errors.Is(err, ErrNotFound) true.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// AmbiguousError means that a prefix fits more than one run. It is an ErrAmbiguous.
type AmbiguousError struct {
	Prefix     string
	Candidates []string // ids, newest first, at most 10
	More       bool     // there are others
}

func (e *AmbiguousError) Error() string {
	s := fmt.Sprintf("%q fits several runs: %s", e.Prefix, strings.Join(e.Candidates, ", "))
	if e.More {
		s += ", ..."
	}
	return s
}

// Is makes errors.Is(err, ErrAmbiguous) true.
func (e *AmbiguousError) Is(target error) bool { return target == ErrAmbiguous }

// CorruptError means that the file of a run cannot be read. It is never deleted by easel
// itself; the other runs are not affected.
type CorruptError struct {
	File string
	Err  error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("the record %s is damaged: %v", e.File, e.Err)
}
func (e *CorruptError) Unwrap() error { return e.Err }

// WriteError means that a record could not be written: the disk is full, or the
// folder refuses.
type WriteError struct {
	Run    string
	Folder string
	Err    error
}

func (e *WriteError) Error() string {
	reason := e.Err
	var path *fs.PathError
	if errors.As(e.Err, &path) { // the temporary name says nothing
		reason = path.Err
	}
	return fmt.Sprintf("record run %s in %s: %v", e.Run, e.Folder, reason)
}
func (e *WriteError) Unwrap() error { return e.Err }
