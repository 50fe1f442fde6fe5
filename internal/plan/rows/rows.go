// Package rows reads what a batch is made from: tables, lists of objects,
// prompts, pictures in a folder. It knows no parameters: a row is names and
// texts, with the place where each stands.
package rows

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of a source: far above any real one, low enough for the memory of a
// small machine.
const (
	MaxBytes   = 256 << 20
	MaxRows    = 1_000_000
	MaxColumns = 1_000
)

// A Format is how rows are written down.
type Format string

// The formats.
const (
	CSV   Format = "csv" // with , or ; between the cells, whichever the header has
	TSV   Format = "tsv"
	JSONL Format = "jsonl" // an object per line
	JSON  Format = "json"  // a list of objects
	YAML  Format = "yaml"  // likewise
	TXT   Format = "txt"   // a prompt per line
)

// Formats lists the formats that can be asked for.
func Formats() []Format { return []Format{CSV, TSV, JSONL, JSON, YAML, TXT} }

// Valid reports whether there is such a format.
func (f Format) Valid() bool { return slices.Contains(Formats(), f) }

// FormatOf tells the format by the name of a file; false for any other file.
func FormatOf(name string) (Format, bool) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return CSV, true
	case ".tsv", ".tab":
		return TSV, true
	case ".jsonl", ".ndjson":
		return JSONL, true
	case ".json":
		return JSON, true
	case ".yaml", ".yml":
		return YAML, true
	case ".txt":
		return TXT, true
	}
	return "", false
}

// IsSpreadsheet reports whether a file is one by its name: those are not read.
func IsSpreadsheet(name string) bool {
	return slices.Contains([]string{".xlsx", ".xls", ".xlsm", ".ods", ".numbers"}, strings.ToLower(filepath.Ext(name)))
}

// Columns are the names of the cells of rows, shared by all rows that have the
// same.
type Columns struct {
	Names []string
}

// Index is the place of a column, -1 where there is none of the name.
func (c *Columns) Index(name string) int { return slices.Index(c.Names, name) }

// A Row is one line of a table, or one object of a list. An empty cell says
// nothing: nothing was given.
type Row struct {
	Columns *Columns
	Cells   []string // one per column; JSON texts where JSON is set
	JSON    bool     // the cells have types already
	Number  int      // from 1, without the header and empty rows
	Line    int      // of the file, from 1; 0 = it has none
}

// Text is a cell as people read it: of a JSON text its content.
func (r *Row) Text(i int) string {
	cell := r.Cells[i]
	if !r.JSON || !strings.HasPrefix(cell, `"`) {
		return cell
	}
	var s string
	if json.Unmarshal([]byte(cell), &s) != nil {
		return cell
	}
	return s
}

// A Table is what one source holds.
type Table struct {
	File string // as messages name it
	Dir  string // what relative names in its cells are relative to; "" = where the command runs
	Rows []Row
	// Others counts files of a folder that are no pictures, videos or sounds.
	Others int
}

// An Error says what is wrong with a source, and where.
type Error struct {
	Row    int // 0 = not in a row
	Line   int // 0 = not known
	Column string
	Reason string
	Hint   string
}

func (e *Error) Error() string { return e.Reason }

func errorf(line int, format string, args ...any) *Error {
	return &Error{Line: line, Reason: fmt.Sprintf(format, args...)}
}

// A builder gathers rows and shares what they have in common.
type builder struct {
	rows   []Row
	shapes map[string]*Columns
}

// columns are the shared ones of these names.
func (b *builder) columns(names []string) *Columns {
	key := strings.Join(names, "\x00")
	if c := b.shapes[key]; c != nil {
		return c
	}
	if b.shapes == nil {
		b.shapes = map[string]*Columns{}
	}
	c := &Columns{Names: slices.Clone(names)}
	b.shapes[key] = c
	return c
}

// add takes a row, unless it says nothing.
func (b *builder) add(r Row) *Error {
	if !slices.ContainsFunc(r.Cells, func(c string) bool { return c != "" }) {
		return nil
	}
	r.Number = len(b.rows) + 1
	if r.Number > MaxRows {
		return &Error{Line: r.Line, Reason: fmt.Sprintf("has more than %d rows", MaxRows)}
	}
	b.rows = append(b.rows, r)
	return nil
}

// Decode reads rows. What is wrong is an *Error.
func Decode(format Format, data []byte) ([]Row, error) {
	if len(data) > MaxBytes {
		return nil, errorf(0, "is larger than %d MiB", MaxBytes>>20)
	}
	var rows []Row
	var err *Error
	switch format {
	case CSV, TSV:
		rows, err = decodeCSV(format, data)
	case JSONL:
		rows, err = decodeLines(data)
	case JSON, YAML:
		rows, err = decodeList(format, data)
	case TXT:
		rows, err = decodeTexts(data)
	default:
		err = errorf(0, "has the unknown format %q", format)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}
