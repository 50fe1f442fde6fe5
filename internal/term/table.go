package term

import (
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A Table prints rows on Out. On a terminal it is aligned, headed and wrapped
// to the width of the window; elsewhere it is a row per line with tabs between,
// without header, for other programs. Nothing is ever cut, and the words of the
// first column, or of those that Whole names, are not broken either: they are
// there to be typed. Cells are made safe by it and may carry marks of OutStyle.
type Table struct {
	streams *Streams
	talk    bool // it goes to Err
	headers []string
	rows    [][]string
	whole   []int
}

// columnGap is the space between two columns of a table.
const columnGap = 2

// NewTable starts a table. Headers are upper case by custom.
func NewTable(s *Streams, headers ...string) *Table {
	return &Table{streams: s, headers: headers, whole: []int{0}}
}

// Whole names the columns, from 0, that are not broken, however narrow the
// window is.
func (t *Table) Whole(columns ...int) *Table {
	t.whole = columns
	return t
}

// Talk makes it a table on Err: it is not the command's result.
func (t *Table) Talk() *Table {
	t.talk = true
	return t
}

func (t *Table) to() (w io.Writer, terminal bool, style Style) {
	if t.talk {
		return t.streams.Err, t.streams.ErrTTY, t.streams.ErrStyle()
	}
	return t.streams.Out, t.streams.OutTTY, t.streams.OutStyle()
}

// Row adds a row. Missing cells are empty.
func (t *Table) Row(cells ...string) {
	_, _, style := t.to()
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
	w, terminal, _ := t.to()
	if terminal {
		t.align(&b, rows)
	} else {
		for _, row := range rows {
			b.WriteString(strings.Join(row, "\t") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
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
	t.shrink(widths)
	if len(t.headers) > 0 {
		_, _, style := t.to()
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
// eight cells: a table of many columns rather runs over than becomes unreadable.
func (t *Table) shrink(widths []int) {
	total := columnGap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	const narrowest = 8
	for ; total > t.streams.Width; total-- {
		widest := -1
		for i, w := range widths {
			if !slices.Contains(t.whole, i) && w > narrowest && (widest < 0 || w >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

// writeRow prints the cells of a row side by side, each in as many lines as it
// needs.
func writeRow(b *strings.Builder, row []string, widths []int) {
	cells, height := make([][]string, len(row)), 1
	for i, cell := range row {
		cells[i] = cellLines(cell, widths[i])
		height = max(height, len(cells[i]))
	}
	for n := range height {
		var line strings.Builder
		gap := 0
		for i, lines := range cells {
			text := ""
			if n < len(lines) {
				text = strings.TrimRight(lines[n], " ")
			}
			if text != "" {
				line.WriteString(strings.Repeat(" ", gap) + text)
				gap = 0
			}
			gap += widths[i] - ansi.StringWidth(text) + columnGap
		}
		b.WriteString(line.String() + "\n")
	}
}

// cellLines breaks a cell between words, and a word only when it alone is too
// long: then behind a sign that parts it, if there is one.
func cellLines(cell string, width int) []string {
	if ansi.StringWidth(cell) <= width {
		return []string{cell}
	}
	if strings.Contains(cell, "\x1b[") {
		return strings.Split(ansi.Wrap(cell, width, ""), "\n")
	}
	lines := []string{""}
	for word := range strings.FieldsSeq(cell) {
		line := &lines[len(lines)-1]
		switch {
		case *line == "":
			*line = word
		case ansi.StringWidth(*line)+1+ansi.StringWidth(word) <= width:
			*line += " " + word
		default:
			lines = append(lines, word)
		}
		for last := lines[len(lines)-1]; ansi.StringWidth(last) > width; last = lines[len(lines)-1] {
			head := ansi.Truncate(last, width, "")
			if at := strings.LastIndexAny(head, "/-_=,"); at > 0 && at < len(head)-1 {
				head = head[:at+1]
			}
			if head == "" { // one sign is wider than the column
				break
			}
			lines = append(lines[:len(lines)-1], head, last[len(head):])
		}
	}
	return lines
}

// Pairs prints names with values, a line each: aligned and wrapped on a
// terminal, with a tab between elsewhere. Nothing is cut.
type Pairs struct {
	streams *Streams
	rows    []pair
}

type pair struct {
	name, value string
	whole       bool // it is never broken
}

// NewPairs starts a list of pairs.
func NewPairs(s *Streams) *Pairs { return &Pairs{streams: s} }

// Row adds a pair. A value may have several lines.
// A name may carry marks of OutStyle, as values may.
func (p *Pairs) Row(name, value string) {
	p.rows = append(p.rows, pair{name: p.streams.OutStyle().cell(name), value: value})
}

// Copied adds a pair whose value is there to be copied, a path or a command: it
// stays one line, however narrow the window is.
func (p *Pairs) Copied(name, value string) {
	p.rows = append(p.rows, pair{p.streams.OutStyle().cell(name), value, true})
}

// Flush prints the pairs.
func (p *Pairs) Flush() error {
	rows := p.rows
	p.rows = nil
	style := p.streams.OutStyle()
	width := 0
	for _, row := range rows {
		width = max(width, ansi.StringWidth(row.name))
	}
	indent := width + columnGap
	var b strings.Builder
	for _, row := range rows {
		name, value := row.name, row.value
		if !p.streams.OutTTY {
			b.WriteString(name + "\t" + style.cell(value) + "\n")
			continue
		}
		pad := strings.Repeat(" ", indent-ansi.StringWidth(name))
		if !strings.Contains(name, "\x1b[") {
			name = style.Faint(name)
		}
		b.WriteString(name + pad)
		limit := p.streams.Width - indent
		if row.whole {
			limit = 0
		}
		for i, line := range wrapped(style, value, limit) {
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
