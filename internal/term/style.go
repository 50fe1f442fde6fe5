package term

import (
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// A Style marks words for one stream. The zero Style marks nothing, so that
// its results are right wherever it is used. Colours are those of the
// terminal's own sixteen, which its theme keeps readable.
type Style struct{ on bool }

// Bold is for headings and names.
func (st Style) Bold(s string) string { return st.render(lipgloss.NewStyle().Bold(true), s) }

// Faint is for what can be skipped.
func (st Style) Faint(s string) string { return st.render(lipgloss.NewStyle().Faint(true), s) }

// Accent is for what can be typed or followed.
func (st Style) Accent(s string) string { return st.render(foreground(lipgloss.Cyan), s) }

// Good is for what is right or ready.
func (st Style) Good(s string) string { return st.render(foreground(lipgloss.Green), s) }

// Warn is for what may need a hand.
func (st Style) Warn(s string) string { return st.render(foreground(lipgloss.Yellow), s) }

// Bad is for errors.
func (st Style) Bad(s string) string { return st.render(foreground(lipgloss.Red), s) }

func foreground(c ansi.BasicColor) lipgloss.Style { return lipgloss.NewStyle().Foreground(c) }

func (st Style) render(style lipgloss.Style, s string) string {
	if !st.on || s == "" {
		return s
	}
	return style.Render(s)
}

// cell makes text for one table cell safe. Text of foreign origin loses every
// control sequence; the marks that a Style made stay.
func (st Style) cell(s string) string {
	if !st.on || !strings.Contains(s, "\x1b[") {
		return Escape(s)
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(Escape(before))
		if !found {
			return b.String()
		}
		if n := markLen(rest); n > 0 {
			b.WriteString("\x1b[" + rest[:n])
			s = rest[n:]
		} else {
			b.WriteString(`\x1b[`)
			s = rest
		}
	}
}

// markLen is the length of a mark's parameters at the start of s, or 0. Only
// bold, faint, the six plain colours and the reset that ends them are marks:
// nothing that hides text.
func markLen(s string) int {
	for _, mark := range []string{"m", "0m", "1m", "2m", "31m", "32m", "33m", "36m"} {
		if strings.HasPrefix(s, mark) {
			return len(mark)
		}
	}
	return 0
}
