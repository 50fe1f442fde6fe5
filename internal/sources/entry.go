package sources

import (
	"encoding/json"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Section is one of the lists of entries in a registry file.
type Section string

// The sections of a registry file; a characters file has the second.
const (
	Workflows  Section = "workflows"
	Characters Section = "characters"
)

// style is how entries are written: a parameter stands in one line, and a
// section stays when its last entry goes, since an empty file is none.
func style() textdoc.Style { return textdoc.Style{Inline: true, KeepEmpty: true} }

// setEntry is the text of a file with one entry set. Errors of this file's
// functions are *registry.FileError.
func setEntry(name string, data []byte, section Section, id string, entry json.RawMessage) ([]byte, error) {
	v, e := textdoc.Parse(textdoc.JSON, entry, textdoc.Options{})
	if e != nil {
		return nil, fileError(name, e)
	}
	if err := checkSection(name, data, section); err != nil {
		return nil, err
	}
	changed, e := textdoc.Set(textdoc.FormatOf(name), data, []string{string(section), id}, v, style())
	return changed, fileError(name, e)
}

// removeEntry is the text of a file without an entry; found is false when there
// is none of that id.
func removeEntry(name string, data []byte, section Section, id string) (changed []byte, found bool, err error) {
	changed, found, e := textdoc.Remove(textdoc.FormatOf(name), data, []string{string(section), id}, style())
	return changed, found, fileError(name, e)
}

// hasEntry reports whether a file has an entry of this id.
func hasEntry(name string, data []byte, section Section, id string) (bool, error) {
	root, e := textdoc.Parse(textdoc.FormatOf(name), data, textdoc.Options{Verbatim: true})
	if e != nil {
		return false, fileError(name, e)
	}
	list, _ := root.Get(string(section))
	_, has := list.Get(id)
	return has, nil
}

// checkSection refuses to write over a section that holds something else than
// entries.
func checkSection(name string, data []byte, section Section) error {
	root, e := textdoc.Parse(textdoc.FormatOf(name), data, textdoc.Options{Verbatim: true})
	if e != nil {
		return fileError(name, e)
	}
	if list, has := root.Get(string(section)); has && list.Kind != textdoc.Object && !list.IsNull() {
		return &registry.FileError{Path: name, Line: list.Line, Column: list.Col, Message: string(section) + " is not an object of entries"}
	}
	return nil
}

func fileError(name string, e *textdoc.Error) error {
	if e == nil {
		return nil
	}
	return &registry.FileError{Path: name, Line: e.Line, Column: e.Column, Message: e.Message, Hint: e.Hint, Err: e.Err}
}
