package plan

import (
	"fmt"
	"strings"
)

// A Position is where something stands in a source or plan file.
type Position struct {
	File   string // as the user named it, "-" for stdin; "" = nowhere: flags
	Row    int    // from 1, without the header; of a plan file the item. 0 = not in a row
	Line   int    // of the file, from 1; 0 = not known
	Column string // "" = the whole row
	Sweep  string // the point of a sweep that gave what is wrong: "steps=2000"; "" = none did
}

// String names the place as people read it: "products.csv, row 3 (line 4), column steps".
func (p Position) String() string {
	var parts []string
	switch {
	case p.File == "-":
		parts = append(parts, "stdin")
	case p.File != "":
		parts = append(parts, p.File)
	}
	switch {
	case p.Row > 0 && p.Line > 0 && p.Line != p.Row:
		parts = append(parts, fmt.Sprintf("row %d (line %d)", p.Row, p.Line))
	case p.Row > 0:
		parts = append(parts, fmt.Sprintf("row %d", p.Row))
	case p.Line > 0:
		parts = append(parts, fmt.Sprintf("line %d", p.Line))
	}
	if p.Column != "" {
		parts = append(parts, "column "+p.Column)
	}
	if p.Sweep != "" {
		parts = append(parts, "sweep "+p.Sweep)
	}
	return strings.Join(parts, ", ")
}

// A RowError says where in a plan something is wrong. Err says what.
type RowError struct {
	At  Position
	Err error
}

func (e *RowError) Error() string {
	return e.At.Before(e.Err.Error())
}

// Before puts the place before what is said of it. What is wrong with a file as a
// whole is a verb: it has no rows.
func (p Position) Before(text string) string {
	switch at := p.String(); {
	case at == "":
		return text
	case at == p.File && (strings.HasPrefix(text, "has ") || strings.HasPrefix(text, "is ")):
		return at + " " + text
	default:
		return at + ": " + text
	}
}

func (e *RowError) Unwrap() error { return e.Err }

// A BatchError is all that is wrong with a plan, in its order.
type BatchError struct {
	Rows []*RowError // the first of them, at most MostRowErrors
	More int         // how many there are besides
}

// MostRowErrors bounds the mistakes of a plan that are kept.
const MostRowErrors = 1000

func (e *BatchError) Error() string {
	if n := len(e.Rows) + e.More; n > 1 {
		return fmt.Sprintf("%s (and %d more)", e.Rows[0], n-1)
	}
	return e.Rows[0].Error()
}

// Unwrap returns the errors of the rows.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, len(e.Rows))
	for i, r := range e.Rows {
		errs[i] = r
	}
	return errs
}

func (e *BatchError) add(at Position, err error) {
	if len(e.Rows) >= MostRowErrors {
		e.More++
		return
	}
	e.Rows = append(e.Rows, &RowError{At: at, Err: err})
}

// A FactError is one thing that is wrong with a plan, with what helps.
type FactError struct {
	Reason  string
	Nearest []string // names that may have been meant
	Hint    string
}

func (e *FactError) Error() string { return e.Reason }

func factf(hint, format string, args ...any) error {
	return &FactError{Reason: fmt.Sprintf(format, args...), Hint: hint}
}

// A SourceError means that a source of rows cannot be read.
type SourceError struct {
	File string
	Err  error
}

func (e *SourceError) Error() string { return fmt.Sprintf("%s cannot be read: %v", e.File, e.Err) }

func (e *SourceError) Unwrap() error { return e.Err }

// A SweepError means values of a sweep that cannot be read.
type SweepError struct {
	Name, Text string
	Reason     string
}

func (e *SweepError) Error() string {
	return fmt.Sprintf("the sweep %s=%s %s", e.Name, e.Text, e.Reason)
}

// A ColumnError means a column that is no parameter of what its rows run.
type ColumnError struct {
	Column  string
	Nearest []string
}

func (e *ColumnError) Error() string { return fmt.Sprintf("there is no parameter %q", e.Column) }

// A SkippedError means that rows with mistakes were left out, as was asked for.
type SkippedError struct{ Rows int }

func (e *SkippedError) Error() string {
	if e.Rows == 1 {
		return "1 row with mistakes was left out"
	}
	return fmt.Sprintf("%d rows with mistakes were left out", e.Rows)
}
