package rows

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// What spreadsheets begin with: a ZIP archive, and the file of Excel before 2007.
const (
	zipMagic = "PK\x03\x04"
	xlsMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
)

// utf8Text is a text as UTF-8 without its byte order mark. Excel for the Mac may end
// lines by a carriage return alone.
func utf8Text(data []byte) ([]byte, *Error) {
	if bytes.HasPrefix(data, []byte(zipMagic)) || bytes.HasPrefix(data, []byte(xlsMagic)) {
		return nil, &Error{Reason: "is a spreadsheet, or an archive, whatever its name says", Hint: "save its sheet as CSV, in UTF-8"}
	}
	text, foreign := textdoc.UTF8(data)
	if foreign != nil {
		return nil, &Error{Line: foreign.Line, Reason: foreign.Message, Hint: foreign.Hint}
	}
	if bytes.IndexByte(text, '\n') < 0 {
		text = bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'})
	}
	return text, nil
}

// decodeCSV reads a table with a header, as spreadsheets save it.
func decodeCSV(format Format, data []byte) ([]Row, *Error) {
	text, bad := utf8Text(data)
	if bad != nil {
		return nil, bad
	}
	comma, text, skipped := separator(format, text)
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = comma, -1, comma != '\t'
	r.LazyQuotes = format == TSV // most programs that write it quote nothing
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errorf(0, "is empty: the first line names the columns")
	}
	if err != nil {
		return nil, csvError(err, text, skipped)
	}
	header, bad = columnNames(header)
	if bad != nil {
		line, _ := r.FieldPos(0)
		bad.Line = line + skipped
		return nil, bad
	}
	var b builder
	columns := b.columns(header)
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return b.rows, nil
		}
		if err != nil {
			return nil, csvError(err, text, skipped)
		}
		line, _ := r.FieldPos(0)
		row := Row{Columns: columns, Cells: cells, Line: line + skipped}
		if bad := row.fit(len(b.rows) + 1); bad != nil {
			return nil, bad
		}
		if bad := b.add(row); bad != nil {
			return nil, bad
		}
	}
}

// separator says what separates the cells: what the header has most of, outside
// of quotes. Excel may say it in a line of its own: sep=;
func separator(format Format, text []byte) (comma rune, rest []byte, skipped int) {
	if format == TSV {
		return '\t', text, 0
	}
	first, after, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	if sep, ok := bytes.CutPrefix(first, []byte("sep=")); ok && len(sep) == 1 && bytes.ContainsAny(sep, ",;\t|") {
		return rune(sep[0]), after, 1
	}
	counts := map[byte]int{}
	quoted := false
	for _, c := range first {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted:
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte(";\t") {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best), text, 0
}

// columnNames are the names in a header. A column without a name is known as ""
// and must be empty.
func columnNames(header []string) ([]string, *Error) {
	if len(header) > MaxColumns {
		return nil, errorf(0, "has more than %d columns", MaxColumns)
	}
	names := make([]string, len(header))
	for i, name := range header {
		name = strings.TrimSpace(name)
		if name != "" && slices.Contains(names[:i], name) {
			return nil, &Error{Column: name, Reason: fmt.Sprintf("the column %q is there twice", name)}
		}
		names[i] = name
	}
	if !slices.ContainsFunc(names, func(n string) bool { return n != "" }) {
		return nil, errorf(0, "has no header: the first line names the columns")
	}
	return names, nil
}

// fit refuses a row with other cells than the header has: what it says may be
// in the wrong column. Cells of spaces are empty.
func (r *Row) fit(number int) *Error {
	for i, cell := range r.Cells {
		if strings.TrimSpace(cell) == "" {
			r.Cells[i] = ""
		}
	}
	names := r.Columns.Names
	for len(r.Cells) > len(names) && r.Cells[len(r.Cells)-1] == "" {
		r.Cells = r.Cells[:len(r.Cells)-1]
	}
	if len(r.Cells) == 1 && r.Cells[0] == "" { // a line of spaces
		r.Cells = make([]string, len(names))
	}
	if len(r.Cells) != len(names) {
		cells, hint := "cells", "a cell that holds the separator or a line break is written in quotes"
		if len(r.Cells) == 1 {
			cells = "cell"
		}
		if len(r.Cells) < len(names) {
			hint = "a cell that is not given is written too, empty; one that holds the separator or a line break in quotes"
		}
		return &Error{
			Row: number, Line: r.Line, Reason: fmt.Sprintf("has %d %s, but the header has %d", len(r.Cells), cells, len(names)), Hint: hint,
		}
	}
	for i, name := range names {
		if name == "" && r.Cells[i] != "" {
			return &Error{Row: number, Line: r.Line, Reason: fmt.Sprintf("cell %d (%.20q) stands under no name in the header", i+1, r.Cells[i])}
		}
	}
	return nil
}

// csvError says what is wrong with a text behind so many lines.
func csvError(err error, text []byte, skipped int) *Error {
	parse, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return errorf(0, "cannot be read: %v", err)
	}
	reason := "is no CSV: " + parse.Err.Error()
	hint := ""
	switch {
	case errors.Is(parse.Err, csv.ErrQuote) && opensQuote(text, parse.StartLine, parse.Line):
		reason = "opens a quote that is never closed"
		hint = `a cell with quotes in it is written "like ""this"""`
	case errors.Is(parse.Err, csv.ErrBareQuote), errors.Is(parse.Err, csv.ErrQuote):
		reason = fmt.Sprintf("has a quote where none can be, at character %d", parse.Column)
		hint = `a cell with quotes in it is written "like ""this"""`
	}
	return &Error{Line: parse.StartLine + skipped, Reason: reason, Hint: hint}
}

// opensQuote reports whether a record that begins in a line was read to the end of
// the text, which is line last, for want of a quote.
func opensQuote(text []byte, begins, last int) bool {
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	return last == len(lines) && bytes.Count(bytes.Join(lines[begins-1:], nil), []byte{'"'})%2 == 1
}
