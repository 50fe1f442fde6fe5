package problem

import (
	"cmp"
	"fmt"
)

// A UsageError means that the command line, a setting or a request has a form
// that easel does not have.
type UsageError struct {
	Message string
	Hint    string
}

func (e *UsageError) Error() string { return e.Message }

// Usagef makes a *UsageError.
func Usagef(hint, format string, args ...any) error {
	return &UsageError{Message: fmt.Sprintf(format, args...), Hint: hint}
}

// An InvalidError means an input or a combination of them that cannot run.
type InvalidError struct {
	Message string
	Hint    string
}

func (e *InvalidError) Error() string { return e.Message }

// Invalidf makes an *InvalidError.
func Invalidf(hint, format string, args ...any) error {
	return &InvalidError{Message: fmt.Sprintf(format, args...), Hint: hint}
}

// A ServiceError means that something else than a backend does not answer, or
// refuses the login: a database, a server of easel.
type ServiceError struct {
	Message string
	Hint    string
	Login   bool // it answers, and refuses who asks
}

func (e *ServiceError) Error() string { return e.Message }

// An OutOfDateError means that something does not fit any more, or not yet, what
// it was made of: a workflow and its file, or the server that it was made for.
type OutOfDateError struct {
	Message string
	Hint    string
}

func (e *OutOfDateError) Error() string { return e.Message }

// A SignalError is the cause of a context that a signal ended.
type SignalError struct {
	Name string // SIGINT
	Exit int
}

func (e *SignalError) Error() string { return "stopped by " + e.Name }

// A DamageError means that stored files are not as they were made.
type DamageError struct {
	Files    int
	Hint     string
	Requeued bool // they are planned again
}

func (e *DamageError) Error() string {
	n := fmt.Sprintf("%d files are", e.Files)
	if e.Files == 1 {
		n = "1 file is"
	}
	if e.Requeued {
		return n + " still missing"
	}
	return n + " damaged or missing"
}

// A PartialError sums runs up that were asked for together: some failed, or some
// have not all their outputs, which is exit 3; or all failed, which is the
// first one's code. Each has been reported by itself.
type PartialError struct {
	Runs, Failed int
	First        error  // nil when none failed
	What         string // what they are; "" = runs
}

func (e *PartialError) Error() string {
	if e.Failed == 0 {
		return "some outputs are missing"
	}
	return fmt.Sprintf("%d of %d %s failed", e.Failed, e.Runs, cmp.Or(e.What, "runs"))
}

// A LimitError means that what somebody allowed is used up. Code is of the limit.
type LimitError struct {
	Code    string
	Message string
}

func (e *LimitError) Error() string { return e.Message }
