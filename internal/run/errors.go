package run

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// StoppedError means that the run was given up, by a signal or a time limit.
type StoppedError struct {
	Run         string
	Why         error // context.Canceled, *comfy.TimeoutError
	Unconfirmed error // nil: the backend confirmed that the run is gone
	Late        bool  // what it computes there may go on to its end, and be billed
}

func (e *StoppedError) Error() string {
	what := "run " + e.Run + " was cancelled"
	var timeout *comfy.TimeoutError
	if errors.As(e.Why, &timeout) {
		what = fmt.Sprintf("%s took longer than %s, was cancelled", timeout.What, timeout.After)
	}
	switch {
	case e.Unconfirmed == nil && e.Late:
		return what + " and removed from the backend; a worker that had begun may compute to the end, which is billed"
	case e.Unconfirmed == nil:
		return what + " and removed from the backend"
	case errors.Is(e.Unconfirmed, context.DeadlineExceeded):
		return what + ", but the backend did not confirm it in time"
	}
	return what + ", but the backend did not confirm it: " + e.Unconfirmed.Error()
}
func (e *StoppedError) Unwrap() error { return e.Why }

// InputError means that an input file cannot be used.
type InputError struct {
	Parameter string
	File      string
	Reason    string
	Hint      string
	Replace   bool // it is of a recorded run: another file can be given for the parameter
	Err       error
}

func (e *InputError) Error() string {
	subject := e.Parameter
	if e.File != "" {
		subject += " " + e.File
	}
	if verb, _, _ := strings.Cut(e.Reason, " "); verb == "is" || verb == "has" || verb == "cannot" {
		return subject + " " + e.Reason
	}
	return subject + ": " + e.Reason
}
func (e *InputError) Unwrap() error { return e.Err }

// FailedError means that a node raised while the run executed. Parameter is the one
// whose value the failing node takes, "" when there is none or several.
type FailedError struct {
	Parameter string
	Err       *comfy.NodeError
}

func (e *FailedError) Error() string { return e.Err.Error() }
func (e *FailedError) Unwrap() error { return e.Err }

// IncompleteError means that the run ended, but what it should have left is not there.
type IncompleteError struct {
	Reason string
	Err    error
}

func (e *IncompleteError) Error() string { return e.Reason }
func (e *IncompleteError) Unwrap() error { return e.Err }

// UnmaskableError means that a mask was drawn for a workflow that takes none.
type UnmaskableError struct{ Workflow string }

func (e *UnmaskableError) Error() string { return "workflow " + e.Workflow + " takes no mask" }

// OutputNameError means that a file name promises a kind of picture that the run
// does not make and that nothing is converted to.
type OutputNameError struct {
	Name string
	Made string // what the run makes: "PNG"
}

func (e *OutputNameError) Error() string {
	return fmt.Sprintf("%s cannot be made: the workflow makes %s, and easel converts pictures to JPEG and PNG only", e.Name, e.Made)
}

// MissingMaskError means that, among other things, a mask was neither given nor
// drawn.
type MissingMaskError struct {
	Parameter string
	Err       *registry.ValuesError
}

func (e *MissingMaskError) Error() string { return e.Err.Error() }
func (e *MissingMaskError) Unwrap() error { return e.Err }

// UncollectedError means that the collecting ended and not the run: a question
// about it was refused, its outputs could not be fetched or stored, or the user
// gave up meanwhile. The run stays open, and Resume goes on with it.
type UncollectedError struct {
	Run   string
	Ended bool  // the backend said that the run is done: its outputs wait there
	Err   error // *storage.Error, *comfy.AuthError, ...
}

func (e *UncollectedError) Error() string { return e.Err.Error() }
func (e *UncollectedError) Unwrap() error { return e.Err }

// uncollected is an *UncollectedError where the backend outlives this process;
// elsewhere, in the embedded emulator, what was not stored is gone.
func (r *Runner) uncollected(t *Ticket, ended bool, err error) error {
	if r.Backend.Can().Ephemeral {
		return err
	}
	return &UncollectedError{Run: t.Run, Ended: ended, Err: err}
}

// UnrecordedError means that the backend has taken a run, and the history cannot
// be written any more. What was made is stored all the same.
type UnrecordedError struct {
	Run   string
	Ended bool // it is the end of the run that was not written down
	Err   error
}

func (e *UnrecordedError) Error() string {
	if e.Ended {
		return "the run has ended, but that could not be written down: " + e.Err.Error()
	}
	return "the run was accepted, but that could not be written down: " + e.Err.Error()
}
func (e *UnrecordedError) Unwrap() error { return e.Err }
