package config

import (
	"fmt"
	"strings"
)

// A Problem is one mistake in a file.
type Problem struct {
	Line, Column int    // from 1; 0 when unknown
	Key          string // "backends.studio.url"
	Message      string
	Nearest      string // the key that was probably meant, or ""
}

// FileError means that a settings file has mistakes; all of them are listed.
type FileError struct {
	Path     string
	Problems []Problem
	Err      error // of a file that could not be read at all
}

func (e *FileError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(e.Path)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteString(": " + p.Message)
		if p.Nearest != "" {
			fmt.Fprintf(&b, "; did you mean %q?", p.Nearest)
		}
	}
	return b.String()
}

func (e *FileError) Unwrap() error { return e.Err }

// ExposedError means that the user's file holds secrets and that other users of
// the machine can read it. Nothing is read from it until that is mended.
type ExposedError struct{ Path string }

func (e *ExposedError) Error() string { return e.Path + " holds secrets and other users can read it" }

// Hint is the command that mends it.
func (e *ExposedError) Hint() string { return "chmod 600 " + e.Path }

// ValueError means that a variable, flag or new setting has a value that does not fit.
type ValueError struct {
	Source  string // EASEL_PREVIEW, --timeout, or the key
	Value   string
	Message string // what fits
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s is %q: %s", e.Source, e.Value, e.Message)
}

// KeyError means that there is no such setting.
type KeyError struct {
	Key     string
	Nearest string // the setting that was probably meant, or ""
}

func (e *KeyError) Error() string {
	if e.Nearest != "" {
		return fmt.Sprintf("unknown setting %q; did you mean %q?", e.Key, e.Nearest)
	}
	return fmt.Sprintf("unknown setting %q", e.Key)
}

// Hint is the command that lists the settings.
func (e *KeyError) Hint() string { return "easel config list shows every setting" }
