package rows

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// promptColumn is the column of a source that holds texts only.
const promptColumn = "prompt"

// decodeTexts reads a prompt per line.
func decodeTexts(data []byte) ([]Row, *Error) {
	text, bad := utf8Text(data)
	if bad != nil {
		return nil, bad
	}
	var b builder
	columns := b.columns([]string{promptColumn})
	line := 0
	for each := range bytes.Lines(text) {
		line++
		if bad := b.add(Row{Columns: columns, Cells: []string{string(bytes.TrimSpace(each))}, Line: line}); bad != nil {
			return nil, bad
		}
	}
	return b.rows, nil
}

// decodeLines reads an object per line; a text alone is a prompt.
func decodeLines(data []byte) ([]Row, *Error) {
	text, bad := utf8Text(data)
	if bad != nil {
		return nil, bad
	}
	var b builder
	line := 0
	for each := range bytes.Lines(text) {
		line++
		each = bytes.TrimSpace(each)
		if len(each) == 0 {
			continue
		}
		v, e := textdoc.Parse(textdoc.JSON, each, textdoc.Options{})
		if e != nil {
			return nil, &Error{Row: len(b.rows) + 1, Line: line, Reason: "is no JSON: " + e.Message, Hint: "each line of JSON lines is one object"}
		}
		if bad := b.addValue(v, line); bad != nil {
			return nil, bad
		}
	}
	return b.rows, nil
}

// decodeList reads a list of objects. A text in it is a prompt.
func decodeList(format Format, data []byte) ([]Row, *Error) {
	language := textdoc.JSON
	if format == YAML {
		language = textdoc.YAML
	}
	v, e := textdoc.Parse(language, data, textdoc.Options{})
	if e != nil {
		return nil, &Error{Line: e.Line, Reason: e.Message, Hint: e.Hint}
	}
	if v.IsNull() {
		return nil, nil
	}
	return OfList(v)
}

// OfList are the rows of a list that was read before. What is wrong is an *Error.
func OfList(v textdoc.Value) ([]Row, *Error) {
	if v.Kind != textdoc.List {
		return nil, errorf(v.Line, "must be a list of objects, each with names and values")
	}
	var b builder
	for _, item := range v.Items {
		if bad := b.addValue(item, item.Line); bad != nil {
			return nil, bad
		}
	}
	return b.rows, nil
}

// addValue adds what one element of a list says.
func (b *builder) addValue(v textdoc.Value, line int) *Error {
	number := len(b.rows) + 1
	if text, ok := v.Text(); ok {
		if strings.TrimSpace(text) == "" {
			return nil
		}
		return b.add(Row{Columns: b.columns([]string{promptColumn}), Cells: []string{string(v.Scalar)}, JSON: true, Line: line})
	}
	if v.Kind != textdoc.Object {
		return &Error{Row: number, Line: line, Reason: "must be an object of names and values"}
	}
	if len(v.Members) > MaxColumns {
		return &Error{Row: number, Line: line, Reason: fmt.Sprintf("has more than %d names", MaxColumns)}
	}
	names, cells := make([]string, len(v.Members)), make([]string, len(v.Members))
	for i, m := range v.Members {
		if slices.Contains(names[:i], m.Name) {
			return &Error{Row: number, Line: line, Column: m.Name, Reason: fmt.Sprintf("%q is there twice", m.Name)}
		}
		names[i] = m.Name
		if !m.Value.IsNull() {
			cells[i] = string(m.Value.Raw())
		}
	}
	return b.add(Row{Columns: b.columns(names), Cells: cells, JSON: true, Line: line})
}
