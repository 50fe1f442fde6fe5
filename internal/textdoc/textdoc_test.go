package textdoc

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// Deep documents are refused before a parser sees them, in any disguise.
func TestDepthIsBoundedBeforeParsing(t *testing.T) {
	const deep = 20_000
	for name, doc := range map[string]struct {
		format Format
		text   string
	}{
		"flow lists":              {YAML, "workflows: " + strings.Repeat("[", deep)},
		"flow maps":               {YAML, strings.Repeat("{a: ", deep)},
		"closed in quotes":        {YAML, "a: " + strings.Repeat(`["]",`, deep)},
		"closed in single quotes": {YAML, "a: " + strings.Repeat(`[']',`, deep)},
		"closed in remarks":       {YAML, "a: " + strings.Repeat("[ # ]\n ", deep)},
		"behind a quote in text":  {YAML, "a 'b: " + strings.Repeat("[", deep)},
		"dashes":                  {YAML, "a:\n " + strings.Repeat("- ", deep) + "x"},
		"question marks":          {YAML, strings.Repeat("? ", deep) + "x"},
		"tags":                    {YAML, strings.Repeat("!a ", deep) + "x"},
		"anchors":                 {YAML, strings.Repeat("&a ", deep) + "x"},
		"indentation":             {YAML, stairs(1400)},
		"JSON":                    {JSON, strings.Repeat("[", deep)},
		"JSON closed in texts":    {JSON, strings.Repeat(`["]",`, deep)},
		"JSON closed in remarks":  {JSON, strings.Repeat("[/*]*/", deep)},
		"JSON closed in lines":    {JSON, strings.Repeat("[//]\n", deep)},
	} {
		t.Run(name, func(t *testing.T) { // not parallel: memory is measured
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, e := Parse(doc.format, []byte(doc.text), Options{})
			runtime.ReadMemStats(&after)
			if e == nil || !strings.Contains(e.Message, "nested more than 1000 levels deep") || e.Line == 0 {
				t.Errorf("error %v", e)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 32<<20 {
				t.Errorf("%d MiB were allocated for %d KiB", got>>20, len(doc.text)>>10)
			}
		})
	}
}

func stairs(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// What people write is not deep, whatever signs their texts hold.
func TestUsualDocumentsAreNotTooDeep(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for range 1500 {
		b.WriteString("- text: it's [a {b}] 'c\n  list: [1, \"[\", '{', {a: \"]}\"}]\n  # [ it's {\n  n: 1 # [\n  note: >\n    - - {x}\n")
	}
	if _, e := Parse(YAML, []byte(strings.ReplaceAll(b.String(), `"[", '{', `, "")), Options{}); e != nil {
		t.Errorf("error %v", e)
	}
	if _, e := Parse(JSON, []byte("["+strings.Repeat("\"[[[[\", // [[\n", 1500)+"]"), Options{}); e != nil {
		t.Errorf("JSON: %v", e)
	}
}

func TestTooLargeDocuments(t *testing.T) {
	t.Parallel()
	for format, size := range map[Format]int{JSON: MaxBytes, YAML: maxYAML} {
		if _, e := Parse(format, bytes.Repeat([]byte{'1'}, size+1), Options{}); e == nil || !strings.HasPrefix(e.Message, "larger than ") {
			t.Errorf("error %v", e)
		}
	}
	if _, e := Parse(YAML, []byte("["+strings.Repeat("1,", 200_000)+"1]"), Options{}); e == nil || !strings.HasPrefix(e.Message, "more than ") {
		t.Errorf("many elements: %v", e)
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	units := utf16.Encode([]rune("a: ß\nb: 😀"))
	var little, big []byte
	for _, u := range units {
		little = append(little, byte(u), byte(u>>8))
		big = append(big, byte(u>>8), byte(u))
	}
	const text = "a: ß\nb: 😀"
	for _, tt := range []struct{ name, data, want, bad string }{
		{"UTF-8", text, text, ""},
		{"with a mark", "\xef\xbb\xbf" + text, text, ""},
		{"UTF-16, little end first", "\xff\xfe" + string(little), text, ""},
		{"UTF-16, big end first", "\xfe\xff" + string(big), text, ""},
		{"UTF-16 without a mark", string(little), "", "line 1, column 2: is not UTF-8 text but looks like UTF-16 without a mark"},
		{"half of a pair", "\xff\xfea\x00\x3d\xd8", "", "line 1, column 2: is not UTF-8 text but looks like UTF-16 that is damaged"},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", "", "line 1, column 1: is not UTF-8 text but looks like UTF-32"},
		{"Latin-1", "a: 1\nb: caf\xe9\n", "", "line 2, column 7: is not UTF-8 text but looks like Latin-1 or Windows-1252"},
		{"Latin-1 in words", "G\xe9n\xe9ral \xe0 c\xf4t\xe9", "", "line 1, column 2: is not UTF-8 text but looks like Latin-1 or Windows-1252"},
		{"Shift-JIS", "\x83e\x83X\x83g \x93\xfa\x96{", "", "line 1, column 1: is not UTF-8 text but looks like Shift-JIS"},
		{"GBK", "\xd6\xd0\xce\xc4 \xb9\xab\xcb\xbe", "", "line 1, column 1: is not UTF-8 text but looks like GBK, Big5 or another of two bytes a character"},
	} {
		got, e := UTF8([]byte(tt.data))
		bad := ""
		if e != nil {
			bad = e.Error()
		}
		if string(got) != tt.want || bad != tt.bad {
			t.Errorf("%s: %q, %s", tt.name, got, bad)
		}
	}
}

// Numbers that YAML writes in its own way are turned into JSON, or left as they
// are written.
func TestForeignNumbers(t *testing.T) {
	t.Parallel()
	v, e := Parse(YAML, []byte("a: 0x1f\nb: 0123\nc: 1_000\nd: 5\ne: 18446744073709551615"), Options{Verbatim: true})
	if e != nil {
		t.Fatal(e)
	}
	if diff := cmp.Diff(`{"a":0x1f,"b":0123,"c":1_000,"d":5,"e":18446744073709551615}`, string(v.Raw())); diff != "" {
		t.Error(diff)
	}
	if _, e := v.Plain(); e == nil || e.Line != 2 || !strings.Contains(e.Message, "0123 is another number in YAML 1.1") {
		t.Errorf("plain: %v", e)
	}
	v, e = Parse(YAML, []byte("a: 0x1f\nc: 1_000"), Options{})
	if e != nil || string(v.Raw()) != `{"a":31,"c":1000}` {
		t.Errorf("%s, %v", v.Raw(), e)
	}
}
