package registry

import "github.com/seed-7d77cb5c/easel/internal/textdoc"

// Files are read by package textdoc; here stands what its types are called.
type (
	value  = textdoc.Value
	member = textdoc.Member
)

// parseDocument reads a file: YAML if the name says so, else JSON in which
// comments and trailing commas are allowed. One that says nothing is an error.
func parseDocument(name string, data []byte) (value, *FileError) {
	v, e := textdoc.Parse(textdoc.FormatOf(name), data, textdoc.Options{})
	if e != nil {
		return value{}, fileError(e)
	}
	if v.Kind == textdoc.Scalar && v.Scalar == nil {
		return value{}, &FileError{Message: "the file is empty"}
	}
	return v, nil
}

func fileError(e *textdoc.Error) *FileError {
	return &FileError{Line: e.Line, Column: e.Column, Message: e.Message, Hint: e.Hint, Err: e.Err}
}
