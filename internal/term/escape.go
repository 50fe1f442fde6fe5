package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes text of foreign origin safe to print on one line: control
// characters, escape sequences, line ends, bytes that are not UTF-8, and the
// invisible characters that reorder or hide text become visible escapes. It
// leaves its own result unchanged, so escaping twice does no harm.
func Escape(s string) string { return escape(s, func(rune) bool { return false }) }

// OneLine is Escape for text that may have several lines and gets one: line
// ends and tabs become spaces.
func OneLine(s string) string { return Escape(strings.Join(strings.Fields(s), " ")) }

// EscapeMultiline is Escape for text of several lines: line ends and tabs
// stay, a carriage return before a line end goes.
func EscapeMultiline(s string) string {
	if strings.Contains(s, "\r\n") {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	return escape(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

func escape(s string, keep func(rune) bool) string {
	first := strings.IndexFunc(s, func(r rune) bool { return unsafeRune(r) && !keep(r) })
	if first < 0 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:first])
	for i := first; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !unsafeRune(r) || keep(r):
			b.WriteString(s[i : i+size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	return b.String()
}

// unsafeRune reports whether r could drive a terminal or deceive a reader.
// U+FFFD stands for invalid bytes here and is looked at by the caller.
func unsafeRune(r rune) bool {
	switch {
	case r < 0x20 || r == 0x7f:
		return true
	case r < 0x7f:
		return false
	case r == '\u200c' || r == '\u200d': // joiners, which scripts and emoji need
		return false
	case r == utf8.RuneError:
		return true
	}
	// Cc has C1; Cf the bidirectional controls of U+202A-202E and 2066-2069,
	// zero-width marks and tags.
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
