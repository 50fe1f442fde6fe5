package provenance

import (
	"errors"
	"io/fs"
)

// An Error means that what made a file cannot be found out, or not be repeated.
type Error struct {
	Kind Kind
	File string // as the user named it
	Err  error  // why, where more is known
}

// A Kind says what an Error is about.
type Kind string

// Kinds of errors.
const (
	NoFile     Kind = "there is no such file"
	Unreadable Kind = "cannot be read"
	Folder     Kind = "is a folder"
	NotFetched Kind = "cannot be fetched"
	Damaged    Kind = "is damaged"
	Unknown    Kind = "nothing says what made it"
	TextOnly   Kind = "carries the text of its parameters, but no graph"
	EditorOnly Kind = "carries only the graph of ComfyUI's editor, which cannot run as it is"
	NoGraph    Kind = "cannot be run again: the workflow is not as it was, and no graph is recorded"
)

func (e *Error) Error() string {
	s := e.File + " " + string(e.Kind)
	switch e.Kind {
	case NoFile:
		return "there is no file " + e.File
	case Unknown:
		s = e.File + ": " + string(e.Kind)
		if e.Err != nil {
			return s + " (" + e.Err.Error() + ")"
		}
		return s
	}
	if path, ok := errors.AsType[*fs.PathError](e.Err); ok { // the name is said already
		return s + ": " + path.Err.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }
