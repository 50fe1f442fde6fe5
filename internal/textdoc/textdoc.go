// Package textdoc reads and edits the documents that people write: JSON with
// comments, and YAML. There is one reader for registries, settings, parameters
// and requests, and what it reads is bounded before it is parsed: a document may
// have come with a cloned project. An edit changes the text of one entry and
// leaves everything else as it stands.
package textdoc

import (
	"bytes"
	"fmt"
	"strings"
)

// MaxBytes is how large a document may be; YAML may be an eighth of it.
const MaxBytes = 8 << 20

// Limits of a document: far above any real one, low enough that a hostile one
// cannot exhaust the stack or the memory.
const (
	maxYAML     = MaxBytes / 8 // its parser takes some hundred bytes for each of the file
	maxNesting  = 1000
	maxParts    = 1 << 17 // of YAML: commas, brackets and lines
	maxElements = 1 << 20 // with aliases counted where they stand
)

// A Format is a language of documents.
type Format uint8

// The formats.
const (
	JSON Format = iota
	YAML
)

// FormatOf tells the format by the name of a file: YAML if it says so.
func FormatOf(name string) Format {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		return YAML
	}
	return JSON
}

// An Error says what is wrong with a document, and where.
type Error struct {
	Line, Column int // from 1; 0 when unknown
	Message      string
	Hint         string
	Err          error // of the parser, if it is its
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	}
	return e.Message
}

// Unwrap returns the parser's error.
func (e *Error) Unwrap() error { return e.Err }

// Options of reading.
type Options struct {
	// Verbatim leaves numbers that JSON writes in another way (0x1f, 0123) as
	// they are written, as Foreign values. Else they are turned into JSON, or
	// refused where YAML 1.1 and 1.2 read them as different numbers.
	Verbatim bool
}

// parts counts what may begin an element.
func parts(data []byte) int {
	n := 0
	for _, c := range data {
		if c == ',' || c == '[' || c == '{' || c == '\n' {
			n++
		}
	}
	return n
}

// Parse reads a document. One that says nothing is a scalar without text, for
// which IsNull is true.
func Parse(f Format, data []byte, opts Options) (Value, *Error) {
	limit := MaxBytes
	if f == YAML {
		limit = maxYAML
	}
	if len(data) > limit {
		return Value{}, &Error{Message: fmt.Sprintf("larger than %d MiB", limit>>20)}
	}
	data, e := UTF8(data)
	if e != nil {
		return Value{}, e
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return Value{}, nil
	}
	if at := tooDeep(f, data); at >= 0 {
		line, col := position(data, at)
		return Value{}, &Error{Line: line, Column: col, Message: fmt.Sprintf("nested more than %d levels deep", maxNesting)}
	}
	if f == YAML {
		if parts(data) > maxParts {
			return Value{}, &Error{Message: fmt.Sprintf("more than %d elements", maxParts)}
		}
		return parseYAML(data, opts)
	}
	return parseJSON(data)
}
