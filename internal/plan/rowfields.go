package plan

import (
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
