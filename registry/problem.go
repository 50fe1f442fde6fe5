package registry

import (
	"fmt"
	"strings"
)

// A Problem is one thing wrong with the values given, or with an entry.
type Problem struct {
	Parameter string   `json:"parameter,omitempty"`
	Message   string   `json:"message"`           // "Parameter 'steps' below minimum 1"
	Allowed   string   `json:"allowed,omitempty"` // "1 to 100", "euler, ddim, ..."
	Nearest   []string `json:"nearest,omitempty"`
	Hint      string   `json:"hint,omitempty"`
	List      string   `json:"-"` // the command that lists what is allowed, where there is one

	// Where the value stands, if it is from a table: the registry fills none in.
	File   string `json:"file,omitempty"`
	Row    int    `json:"row,omitempty"` // from 1
	Column string `json:"column,omitempty"`
}

// ValuesError means that values do not fit a workflow. It lists every problem found.
type ValuesError struct {
	Workflow string
	Problems []Problem
}

func (e *ValuesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "workflow %s: %s", e.Workflow, e.Problems[0].Message)
	if n := len(e.Problems) - 1; n > 0 {
		fmt.Fprintf(&b, " (and %d more)", n)
	}
	return b.String()
}

// UnknownWorkflowError means that no source has this id.
type UnknownWorkflowError struct {
	ID      string
	Nearest []string
}

func (e *UnknownWorkflowError) Error() string { return fmt.Sprintf("unknown workflow %q", e.ID) }

// UnknownCharacterError means that no source has this character.
type UnknownCharacterError struct {
	ID      string
	Nearest []string
}

func (e *UnknownCharacterError) Error() string { return fmt.Sprintf("unknown character %q", e.ID) }

// FileError means that a registry or graph file cannot be used. Line and Column count
// from 1; 0 = not known.
type FileError struct {
	Path         string
	Line, Column int
	Message      string
	Hint         string
	Err          error
}

func (e *FileError) Error() string {
	s := e.Path
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
		if e.Column > 0 {
			s += fmt.Sprintf(":%d", e.Column)
		}
	}
	if verb, _, _ := strings.Cut(e.Message, " "); e.Line == 0 && (verb == "is" || verb == "has" || verb == "carries" || verb == "cannot") {
		return s + " " + e.Message
	}
	return s + ": " + e.Message
}
func (e *FileError) Unwrap() error { return e.Err }
