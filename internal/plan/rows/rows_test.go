package rows

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// seeds of the fuzzers: one of each kind, and what goes wrong in them.
func seeds(f *testing.F) {
	for format, texts := range map[Format][]string{
		CSV:   {"a,b\n1,2\n", "\xef\xbb\xbfa;b\r\n\"x;\ny\";2\r\n;;\n", "sep=;\na;b\n1;2", "a\n\"", "a,a\n1,2", ",\n1,2", "a,b\n1,2,3", "\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002\x00"},
		TSV:   {"a\tb\n\"1\t2\n", "a\t\n1\t"},
		JSONL: {"{\"a\": 1, \"b\": \"x\"}\n\"p\"\n", "{\"a\": 1, \"a\": 2}", "[1]", "{", "null"},
		JSON:  {"[{\"a\": 1}, \"x\", null]", "{}", "[[]]", "[{\"a\": {\"b\": 1}}]"},
		YAML:  {"- a: 1\n- b\n- c: [1, 2]\n", "a: 1", "- &x {a: 1}\n- *x\n"},
		TXT:   {"a\n\n b \r\n", "\xff"},
	} {
		for _, text := range texts {
			f.Add(string(format), []byte(text))
		}
	}
}

// FuzzDecode holds that every row fits its columns, knows its place and is text,
// or that the source is refused with a reason.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, format string, data []byte) {
		rows, err := Decode(Format(format), data)
		if err != nil {
			if bad, ok := errors.AsType[*Error](err); !ok || bad.Reason == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		last := 0
		for i := range rows {
			r := &rows[i]
			if len(r.Cells) != len(r.Columns.Names) || r.Number != i+1 {
				t.Fatalf("row %d: %d cells, %d columns, number %d", i, len(r.Cells), len(r.Columns.Names), r.Number)
			}
			if Format(format) != YAML && (r.Line < last || r.Line < 1) { // an alias stands where its anchor does
				t.Fatalf("row %d is in line %d, after line %d", r.Number, r.Line, last)
			}
			last = r.Line
			said := false
			for n := range r.Cells {
				if !utf8.ValidString(r.Text(n)) {
					t.Fatalf("row %d: %q", r.Number, r.Text(n))
				}
				said = said || r.Cells[n] != ""
			}
			if !said {
				t.Fatalf("row %d says nothing", r.Number)
			}
		}
	})
}

func TestColumnsAreShared(t *testing.T) {
	t.Parallel()
	rows, err := Decode(JSONL, []byte("{\"a\": 1}\n{\"b\": 1}\n{\"a\": 2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Columns != rows[2].Columns || rows[0].Columns == rows[1].Columns {
		t.Error("rows of one shape have columns of their own")
	}
}

// Tables of real spreadsheets.
func TestSpreadsheets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want string // cells of all rows
	}{
		"comma in a header of semicolons": {"\"a,b\";c\n1;2\n", "1|2"},
		"trailing separators":             {"a,b\n1,2,,\n", "1|2"},
		"a column without a name":         {"a,\n1,\n", "1|"},
		"rows that are short of text":     {"a,b\n , \n1,\n", "1|"},
		"spaces behind separators":        {"a, b\n1, 2\n", "1|2"},
		"lines in a cell":                 {"a\n\"x\ny\"\n", "x\ny"},
	} {
		rows, err := Decode(CSV, []byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, r := range rows {
			got = append(got, strings.Join(r.Cells, "|"))
		}
		if strings.Join(got, "/") != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Lines may end by a carriage return alone; what is no text says what it is.
func TestOfOtherPrograms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format Format
		data   string
		cells  string // of all rows
		wrong  string
		hint   string
	}{
		"CSV of the Mac":           {CSV, "a,b\r1,2\r3,4\r", "1 2 3 4", "", ""},
		"texts of the Mac":         {TXT, "one\rtwo", "one two", "", ""},
		"a return within a cell":   {CSV, "a,b\n\"1\r\",2\n", "1\r 2", "", ""},
		"a spreadsheet called CSV": {CSV, "PK\x03\x04\x14\x00\x06", "", "is a spreadsheet, or an archive", "save its sheet as CSV"},
		"an older one":             {TSV, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "", "is a spreadsheet", "save its sheet as CSV"},
		"a row that is short":      {CSV, "a,b\n1\n", "", "has 1 cell, but the header has 2", "is written too, empty"},
		"a row that is long":       {CSV, "a,b\n1,2,3\n", "", "has 3 cells, but the header has 2", "in quotes"},
	} {
		rows, err := Decode(c.format, []byte(c.data))
		if bad, ok := errors.AsType[*Error](err); ok != (c.wrong != "") || ok && (!strings.Contains(bad.Reason, c.wrong) || !strings.Contains(bad.Hint, c.hint)) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var cells []string
		for i := range rows {
			for n := range rows[i].Cells {
				cells = append(cells, rows[i].Text(n))
			}
		}
		if got := strings.Join(cells, " "); got != c.cells {
			t.Errorf("%s: %q, want %q", name, got, c.cells)
		}
	}
}
