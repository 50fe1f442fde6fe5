package term

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want, multiline string }{
		{"plain", "a lighthouse, 灯台 – ok", "a lighthouse, 灯台 – ok", ""},
		{"empty", "", "", ""},
		{"colour", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`, ""},
		{"title", "\x1b]0;owned\a", `\x1b]0;owned\x07`, ""},
		{"C1 sequence", "a\u009b31m", `a\u009b31m`, ""},
		{"raw C1 byte", "a\x9b31m", `a\x9b31m`, ""},
		{"not UTF-8", "a\xffb\xc3", `a\xffb\xc3`, ""},
		{"replacement character", "a\ufffdb", `a\ufffdb`, ""},
		{"lines", "a\nb\tc\r\nd\re", `a\nb\tc\r\nd\re`, "a\nb\tc\nd\\re"},
		{"bidirectional", "a\u202etxt\u2066b\u2069\u200f", `a\u202etxt\u2066b\u2069\u200f`, ""},
		{"line separators", "a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\u0085d`, ""},
		{"zero width and tags", "a\u200bb\ufeffc\U000e0041", `a\u200bb\ufeffc\U000e0041`, ""},
		{"emoji with joiner", "👩\u200d🎨", "👩\u200d🎨", ""},
		{"delete", "a\x7f\x00", `a\x7f\x00`, ""},
		{"backslash", `C:\new`, `C:\new`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Escape(tt.in); got != tt.want {
				t.Errorf("Escape = %q, want %q", got, tt.want)
			}
			want := tt.multiline
			if want == "" {
				want = tt.want
			}
			if got := EscapeMultiline(tt.in); got != want {
				t.Errorf("EscapeMultiline = %q, want %q", got, want)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b[2J\x1b]52;c;aGk=\x07\u202e\u009b\x80\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, unsafeRune) {
			t.Errorf("Escape(%q) = %q is not safe", s, got)
		}
		if Escape(got) != got {
			t.Errorf("Escape(%q) changes its own result %q", s, got)
		}
		cell := Style{on: true}.cell(s)
		rest := cell
		for {
			_, after, found := strings.Cut(rest, "\x1b")
			if !found {
				break
			}
			if !strings.HasPrefix(after, "[") || markLen(after[1:]) == 0 {
				t.Fatalf("cell(%q) = %q lets a control sequence through", s, cell)
			}
			rest = after
		}
	})
}
