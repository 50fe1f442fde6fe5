package term

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A Table prints rows on Out. On a terminal it is aligned, headed and cut to
// the width of the window; elsewhere it is a row per line with tabs between,
// without header and uncut, for other programs. Cells are made safe by it and
// may carry marks of OutStyle.
type Table struct {
	streams *Streams
	headers []string
	rows    [][]string
}

// columnGap is the space between two columns of a table.
const columnGap = 2

// NewTable starts a table. Headers are upper case by custom.
func NewTable(s *Streams, headers ...string) *Table {
	return &Table{streams: s, headers: headers}
}

// Row adds a row. Missing cells are empty.
func (t *Table) Row(cells ...string) {
	style := t.streams.OutStyle()
	row := make([]string, max(len(cells), len(t.headers)))
	for i, c := range cells {
		row[i] = style.cell(c)
	}
	t.rows = append(t.rows, row)
}

// Flush prints the table; one without rows prints nothing.
func (t *Table) Flush() error {
	rows := t.rows
	t.rows = nil
	if len(rows) == 0 {
		return nil
	}
	var b strings.Builder
	if t.streams.OutTTY {
		t.align(&b, rows)
	} else {
		for _, row := range rows {
			b.WriteString(strings.Join(row, "\t") + "\n")
		}
	}
	_, err := io.WriteString(t.streams.Out, b.String())
	return err
}

func (t *Table) align(b *strings.Builder, rows [][]string) {
	head := make([]string, len(rows[0]))
	copy(head, t.headers)
	var widths []int
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	shrink(widths, t.streams.Width)
	if len(t.headers) > 0 {
		style := t.streams.OutStyle()
		for i := range head {
			head[i] = style.Faint(head[i])
		}
		writeRow(b, head, widths)
	}
	for _, row := range rows {
		writeRow(b, row, widths)
	}
}

// shrink narrows the widest columns until the table fits, but none below
// eight cells: a table of many columns rather wraps than loses its words.
func shrink(widths []int, limit int) {
	total := columnGap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	const narrowest = 8
	for ; total > limit; total-- {
		widest := 0
		for i, w := range widths {
			if w >= widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			return
		}
		widths[widest]--
	}
}

func writeRow(b *strings.Builder, row []string, widths []int) {
	last := len(row) - 1
	for last > 0 && row[last] == "" {
		last--
	}
	for i, cell := range row[:last+1] {
		cell = ansi.Truncate(cell, widths[i], "…")
		b.WriteString(cell)
		if i < last {
			b.WriteString(strings.Repeat(" ", widths[i]-ansi.StringWidth(cell)+columnGap))
		}
	}
	b.WriteString("\n")
}

// Pairs prints names with values, a line each: aligned and wrapped on a
// terminal, with a tab between elsewhere. Nothing is cut.
type Pairs struct {
	streams *Streams
	rows    [][2]string
}

// NewPairs starts a list of pairs.
func NewPairs(s *Streams) *Pairs { return &Pairs{streams: s} }

// Row adds a pair. A value may have several lines.
func (p *Pairs) Row(name, value string) { p.rows = append(p.rows, [2]string{Escape(name), value}) }

// Flush prints the pairs.
func (p *Pairs) Flush() error {
	rows := p.rows
	p.rows = nil
	style := p.streams.OutStyle()
	width := 0
	for _, row := range rows {
		width = max(width, ansi.StringWidth(row[0]))
	}
	indent := width + columnGap
	var b strings.Builder
	for _, row := range rows {
		name, value := row[0], row[1]
		if !p.streams.OutTTY {
			b.WriteString(name + "\t" + style.cell(value) + "\n")
			continue
		}
		pad := strings.Repeat(" ", indent-ansi.StringWidth(name))
		b.WriteString(style.Faint(name) + pad)
		for i, line := range wrapped(style, value, p.streams.Width-indent) {
			if i > 0 {
				b.WriteString(strings.Repeat(" ", indent))
			}
			b.WriteString(line + "\n")
		}
	}
	_, err := io.WriteString(p.streams.Out, b.String())
	return err
}

// wrapped splits a value into lines no wider than limit.
func wrapped(style Style, value string, limit int) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(strings.TrimRight(value, "\r\n"), "\r\n", "\n"), "\n") {
		line = style.cell(line)
		if limit >= 20 {
			line = ansi.Wrap(line, limit, "")
		}
		lines = append(lines, strings.Split(line, "\n")...)
	}
	return lines
}
