package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// report prints an error once, for people and with --json for programs.
func (a *app) report(err error) int {
	var reported *reportedError
	if errors.As(err, &reported) {
		return reported.exit
	}
	f := explain(err)
	if f.Message != "" {
		a.printFailure(f)
	}
	return f.Exit
}

// printFailure writes an error to stderr, and with --json to stdout too.
func (a *app) printFailure(f problem.Problem) {
	if a.global.json {
		defer a.printJSONError(f)
	}
	st := a.streams.ErrStyle()
	w := a.streams.Err
	message, problems := f.Message, f.Problems
	more := max(0, len(problems)-mostShown)
	problems = problems[:len(problems)-more]
	if len(problems) == 1 && strings.HasSuffix(message, problems[0].Message) {
		message, problems = message+allowed(problems[0]), nil
	}
	fmt.Fprintf(w, "%s %s\n", st.Bad("error:"), term.EscapeMultiline(message))
	for _, p := range problems {
		line := "  " + p.Message + allowed(p)
		if help := problem.Advice(p); help != "" {
			line += "; " + help
		}
		fmt.Fprintln(w, term.Escape(line))
	}
	if more > 0 {
		fmt.Fprintf(w, "  and %d more; --json lists them\n", more)
	}
	if f.Hint != "" {
		fmt.Fprintf(w, "%s %s\n", st.Faint("hint:"), term.Escape(f.Hint))
	}
}

// mostShown bounds the problems that people are shown: a table may have one per row.
const mostShown = 20

func allowed(p registry.Problem) string {
	if p.Allowed == "" {
		return ""
	}
	return " (allowed: " + p.Allowed + ")"
}

// note says something on stderr unless --quiet.
func (a *app) note(format string, args ...any) {
	if !a.global.quiet {
		fmt.Fprintln(a.streams.Err, term.Escape(fmt.Sprintf(format, args...)))
	}
}

// eachOf does something with all of a list, and tells what fails with one. It ends
// at once when it was stopped, or when there is only one.
func eachOf[T any](ctx context.Context, list []T, do func(T) error, tell func(T, error)) error {
	var first error
	failed := 0
	for _, item := range list {
		err := do(item)
		if err == nil {
			continue
		}
		if ctx.Err() != nil || len(list) == 1 {
			return err
		}
		if first == nil {
			first = err
		}
		failed++
		tell(item, err)
	}
	if failed > 0 {
		return &problem.PartialError{Runs: len(list), Failed: failed, First: first}
	}
	return nil
}
