package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A helpPage is a help text as it is written: to stdout, since it is what the
// user asked for.
type helpPage struct {
	w     io.Writer
	style term.Style
	width int // of a line, in cells
}

// Lines of help are as wide as the terminal within these bounds; 80 elsewhere.
const (
	minHelpWidth = 40
	maxHelpWidth = 100
)

func (a *app) helpPage() helpPage {
	return helpPage{a.streams.Out, a.streams.OutStyle(), min(max(a.streams.Width, minHelpWidth), maxHelpWidth)}
}

// text prints prose. Where a paragraph has a line too long it flows anew, and the second column of a list stays one; commands and JSON are there to
// be copied and stay as they are.
func (p helpPage) text(text string) {
	for _, line := range p.flowing(strings.TrimSpace(text)) {
		body := strings.TrimLeft(line, " ")
		switch indent := len(line) - len(body); {
		case len(line) <= p.width, indent > 0 && strings.HasPrefix(body, "easel "), strings.HasPrefix(body, `"`):
			fmt.Fprintln(p.w, line)
		case indent == 0:
			fmt.Fprintln(p.w, strings.Join(wrap(line, p.width), "\n"))
		default:
			p.listed(line[:indent], body)
		}
	}
}

// lines prints lines that are no paragraph.
func (p helpPage) lines(text string) {
	for line := range strings.Lines(text) {
		p.text(line)
	}
}

// flowing joins the lines of each paragraph that has one too long.
func (p helpPage) flowing(text string) []string {
	var out, paragraph []string
	flush := func() {
		if slices.ContainsFunc(paragraph, func(line string) bool { return len(line) > p.width }) {
			paragraph = []string{strings.Join(paragraph, " ")}
		}
		out, paragraph = append(out, paragraph...), nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' {
			flush()
			out = append(out, line)
			continue
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return out
}

// listed prints a line of a list: a term, and behind two spaces what it means.
func (p helpPage) listed(indent, body string) {
	term, meaning, found := strings.Cut(body, "  ")
	if !found {
		term, meaning = "", body
	}
	meaning = strings.TrimLeft(meaning, " ")
	left := len(indent) + len(body) - len(meaning)
	if left > p.width/2 { // too little is left beside it
		fmt.Fprintln(p.w, indent+term)
		left = len(indent) + 2
		term = ""
	}
	for i, line := range wrap(meaning, p.width-left) {
		if i > 0 || term == "" {
			fmt.Fprintln(p.w, strings.Repeat(" ", left)+line)
			continue
		}
		fmt.Fprintf(p.w, "%-*s%s\n", left, indent+term, line)
	}
}

func (p helpPage) title(title string) { fmt.Fprintf(p.w, "\n%s\n", p.style.Bold(title)) }

// maxHelpTerm is how wide the left column of rows gets; what is wider stands on
// a line of its own.
const maxHelpTerm = 28

// termWidth is that of the left column on this page.
func (p helpPage) termWidth() int { return min(maxHelpTerm, p.width*2/5) }

// rows prints terms with what they mean, in two columns.
func (p helpPage) rows(title string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	left := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r[0]); n <= p.termWidth() {
			left = max(left, n)
		}
	}
	p.title(title)
	for _, r := range rows {
		term := r[0]
		if utf8.RuneCountInString(term) > left {
			fmt.Fprintf(p.w, "  %s\n", term)
			term = ""
		}
		for _, line := range wrap(r[1], p.width-left-4) {
			fmt.Fprintf(p.w, "  %-*s  %s\n", left, term, line)
			term = ""
		}
	}
}

// wrap breaks a text into lines of at most width cells where a word allows it.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		line := &lines[len(lines)-1]
		switch {
		case *line == "":
			*line = word
		case utf8.RuneCountInString(*line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, word)
		default:
			*line += " " + word
		}
	}
	return lines
}
