package jobs

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// A ConnectError means that a database cannot be used at all. Its words hold no
// password.
type ConnectError struct {
	Address string // as it may be shown
	Reason  string
	Login   bool // it answers, and refuses who asks
	Absent  bool // it answers, and there is no database of this name
	File    bool // it is a file
	Err     error
}

func (e *ConnectError) Error() string {
	what := "the database " + e.Address + " "
	switch {
	case e.File:
		return what + "cannot be opened: " + e.Reason
	case e.Login:
		return what + "refuses the login: " + e.Reason
	case e.Absent:
		return what + "is not there: " + e.Reason
	}
	return what + "does not answer: " + e.Reason
}

func (e *ConnectError) Unwrap() error { return e.Err }

// Connecting is the error of opening or first asking a database, as a
// *ConnectError where it is one of those.
func Connecting(address string, err error) error {
	if err == nil {
		return nil
	}
	out := &ConnectError{Address: Shown(address), Err: err}
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		out.Address = path
		at, isPath := errors.AsType[*fs.PathError](err)
		switch {
		case isPath:
			out.Reason = at.Err.Error()
		case strings.Contains(err.Error(), "unable to open database file"):
			out.Reason = "the folder cannot be written to"
		case strings.Contains(err.Error(), "file is not a database"):
			out.Reason = "the file is no SQLite database"
		case strings.Contains(err.Error(), "readonly database"):
			out.Reason = "the file cannot be written to"
		default:
			return err
		}
		out.File = true
		return out
	}
	var connect *pgconn.ConnectError
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		out.Reason = pg.Message
		switch {
		case strings.HasPrefix(pg.Code, "28"), pg.Code == "42501":
			out.Login = true
		case pg.Code == "3D000":
			out.Absent = true
		case !errors.As(err, &connect):
			return err
		}
		return out
	}
	if !errors.As(err, &connect) {
		return err
	}
	out.Reason = "no connection"
	var dns *net.DNSError
	var system syscall.Errno
	switch {
	case errors.As(err, &dns):
		out.Reason = "there is no host " + dns.Name
	case errors.As(err, &system):
		out.Reason = system.Error()
	case errors.Is(err, context.DeadlineExceeded):
		out.Reason = "no answer in time"
	}
	return out
}
