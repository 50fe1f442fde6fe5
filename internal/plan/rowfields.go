package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
)

// rowField begins a place in a text that a row fills: {row.title}.
const rowField = "{row."

// hasRowFields reports whether a row has to fill something in.
func hasRowFields(text string) bool { return strings.Contains(text, rowField) }

// usedColumns are the columns that a text takes from its row, each once. Of a
// name's template {row.sku:20} means the column sku.
func usedColumns(text string) []string {
	var names []string
	for rest := text; ; {
		_, after, ok := strings.Cut(rest, rowField)
		if !ok {
			return names
		}
		name, end, closed := strings.Cut(after, "}")
		if !closed {
			return names
		}
		name, _, _ = strings.Cut(name, ":")
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
		rest = end
	}
}

// fillRow puts the row's texts into a template.
func fillRow(text string, row *rows.Row) string {
	var b strings.Builder
	for rest := text; ; {
		before, after, ok := strings.Cut(rest, rowField)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, end, closed := strings.Cut(after, "}")
		if !closed {
			b.WriteString(rowField + after)
			return b.String()
		}
		b.WriteString(cellOf(row, name))
		rest = end
	}
}

// cellOf is the text of a row's cell, "" where it has none.
func cellOf(row *rows.Row, column string) string {
	if row == nil {
		return ""
	}
	if i := row.Columns.Index(column); i >= 0 {
		return row.Text(i)
	}
	return ""
}

// literalFields are cells that look like templates. A cell is data and is taken as it
// is written, which whoever wrote {row.title} into one has to be told.
type literalFields struct {
	first Position
	field string // the first one: "{row.title}"
	cells int
}

// look notes the cells of a row that look like templates. That in the column name is one.
func (l *literalFields) look(at Position, row *rows.Row, ignored func(column string) bool) {
	if row == nil {
		return
	}
	for i, cell := range row.Cells {
		if !strings.Contains(cell, rowField) {
			continue
		}
		column := row.Columns.Names[i]
		used := usedColumns(row.Text(i))
		if column == columnName || len(used) == 0 || ignored(column) {
			continue
		}
		if l.cells++; l.cells == 1 {
			l.first, l.field = at, rowField+used[0]+"}"
			l.first.Column = column
		}
	}
}

// note is what is said of them; "" = there are none.
func (l *literalFields) note() string {
	if l.cells == 0 {
		return ""
	}
	others := ""
	if l.cells > 1 {
		others = fmt.Sprintf(", as in %d cells in all", l.cells)
	}
	return l.first.Before(l.field+" stays as it is written"+others) +
		"; it is filled in where it stands in the prompt on the command line, in --set, in a sweep or in the defaults of a plan"
}
