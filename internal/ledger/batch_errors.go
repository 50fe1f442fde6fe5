package ledger

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A DamagedError means a ledger of a batch that is not as easel left it: cut,
// overwritten, or a part of it gone. Nothing in it is believed until it is rebuilt.
type DamagedError struct {
	File string
	Err  error

	certain bool // it is the content that is wrong, and not that it cannot be read
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the ledger %s is damaged: %v", e.File, e.Err)
}
func (e *DamagedError) Unwrap() error { return e.Err }

// A NewerError means a ledger that a newer easel has written.
type NewerError struct {
	File string
	Form int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the ledger %s was written by a newer easel (form %d, this one knows %d)", e.File, e.Form, batchForm)
}

// An UnknownItemError means that a batch has no item of an id.
type UnknownItemError struct {
	Item    string
	Nearest []string // ids that may have been meant
}

func (e *UnknownItemError) Error() string { return "the batch has no item " + e.Item }

// A LockedError means that another process holds the lock of a batch.
type LockedError struct {
	File  string
	Owner Owner // zero when that is not known
}

func (e *LockedError) Error() string {
	s := "the batch is being run by another easel"
	if e.Owner.PID > 0 {
		s += fmt.Sprintf(", process %d", e.Owner.PID)
	}
	if e.Owner.Host != "" {
		s += " on " + e.Owner.Host
	}
	if !e.Owner.Since.IsZero() {
		s += " since " + e.Owner.Since.Local().Format("2006-01-02 15:04:05")
	}
	return s
}

// damaged says of an error of the database whether the ledger is damaged. Others,
// and nil, are given back as they are: that the database is busy, full, cannot be read
// or refuses a statement says nothing of what is in it.
func damaged(file string, err error) error {
	var known *DamagedError
	var newer *NewerError
	var failed *sqlite.Error
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &newer):
		return err
	case errors.As(err, &failed):
		switch failed.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT:
			return &DamagedError{File: file, Err: err, certain: true}
		case sqlite3.SQLITE_ERROR:
			if strings.Contains(failed.Error(), "no such ") { // a table or a column is gone
				return &DamagedError{File: file, Err: err, certain: true}
			}
		}
		return err
	}
	return &DamagedError{File: file, Err: err, certain: true}
}
