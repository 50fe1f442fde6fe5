package graphfile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// An Error means that a file holds no graph that can be used.
type Error struct {
	Name         string // as the user named the file
	Line, Column int    // from 1, where they are known
	Kind         Kind
	Err          error // why, where more is known
}

// A Kind says what is wrong with a file.
type Kind string

// Kinds of errors.
const (
	Empty     Kind = "is empty"
	TooLarge  Kind = "is too large for a graph"
	Encoding  Kind = "is in another encoding than UTF-8"
	NotJSON   Kind = "is not an API-format graph, nor a file of the editor" // a text without one in it
	Broken    Kind = "holds a graph that is broken"
	NoGraph   Kind = "carries no graph" // a picture or the like
	Damaged   Kind = "carries no graph that can be read"
	Packed    Kind = "is compressed"
	Clipboard Kind = "holds templates of the editor's clipboard, and no workflow"
	NoNodes   Kind = "has no node that could run" // a file of the editor
	Unusable  Kind = "cannot be converted"        // a file of the editor
)

func (e *Error) Error() string {
	s := e.Name
	if e.Line > 0 {
		s += fmt.Sprintf(":%d:%d:", e.Line, e.Column)
	}
	if text, ok := errors.AsType[*textdoc.Error](e.Err); ok && e.Kind == Encoding {
		return s + " " + text.Message
	}
	s += " " + string(e.Kind)
	if e.Kind == Packed {
		return s + " " + e.Err.Error()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// A MissingError means that nodes of an editor's file cannot be converted,
// because nothing defines their classes and leaving them out would change what
// the graph makes.
type MissingError struct {
	Name   string // of the file
	From   string // whose definitions were asked: an address, a file; "" when there were none
	Nodes  []editor.Origin
	Reason string
}

func (e *MissingError) Error() string {
	var classes []string
	for i, n := range e.Nodes {
		if i == 5 {
			classes = append(classes, fmt.Sprintf("and %d more", len(e.Nodes)-i))
			break
		}
		s := "node " + n.Path + " (" + n.Class
		if n.Title != "" && n.Title != n.Class {
			s += fmt.Sprintf(", %q", n.Title)
		}
		if n.Pack != "" {
			s += ", of " + n.Pack
		}
		classes = append(classes, s+")")
	}
	return e.Name + " cannot be converted: " + strings.Join(classes, ", ") + ": " + e.Reason
}
