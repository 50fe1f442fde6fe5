package cmd

import (
	"errors"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func usagef(hint, format string, args ...any) error { return problem.Usagef(hint, format, args...) }

// An invalidError is a problem.InvalidError.
type invalidError struct {
	message string
	hint    string
}

func (e *invalidError) Error() string { return e.message }
func (e *invalidError) Unwrap() error { return &problem.InvalidError{Message: e.message, Hint: e.hint} }

// reportedError carries an exit code for a failure that has been printed.
type reportedError struct{ exit int }

func (e *reportedError) Error() string { return "already reported" }

// explain says what an error is. A wrong --jq, which only the command line can
// have, is a matter of usage.
func explain(err error) problem.Problem {
	if query, ok := errors.AsType[*term.QueryError](err); ok {
		err = problem.Usagef("see the jq manual for the language of --jq", "%s", query)
	}
	return problem.Of(err)
}

// text is nil for a fact that is not there: null in JSON.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
