package term

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func onTerminal(width int) *Streams {
	s, _, _, _ := Test()
	s.OutTTY, s.ErrTTY, s.Width = true, true, width
	return s
}

func outOf(s *Streams) string {
	return s.Out.(*bytes.Buffer).String()
}

func TestTable(t *testing.T) {
	t.Parallel()
	fill := func(s *Streams) error {
		tb := NewTable(s, "ID", "NAME", "NOTE")
		tb.Row("flux", "灯台", "")
		tb.Row("qwen_edit", "a\tname\nof two lines", s.OutStyle().Good("ready")+" \x1b[8mhidden")
		tb.Row("short")
		return tb.Flush()
	}
	s, _, out, _ := Test()
	if err := fill(s); err != nil {
		t.Fatal(err)
	}
	want := "flux\t灯台\t\nqwen_edit\ta\\tname\\nof two lines\tready \\x1b[8mhidden\nshort\t\t\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("piped (-want +got):\n%s", diff)
	}

	s = onTerminal(80)
	if err := fill(s); err != nil {
		t.Fatal(err)
	}
	want = "ID         NAME                   NOTE\n" +
		"flux       灯台\n" +
		"qwen_edit  a\\tname\\nof two lines  ready \\x1b[8mhidden\n" +
		"short\n"
	if diff := cmp.Diff(want, outOf(s)); diff != "" {
		t.Errorf("terminal (-want +got):\n%s", diff)
	}

	s = onTerminal(30)
	s.SetColor(true)
	if err := fill(s); err != nil {
		t.Fatal(err)
	}
	want = "\x1b[2mID\x1b[m         \x1b[2mNAME\x1b[m       \x1b[2mNOTE\x1b[m\n" +
		"flux       灯台\n" +
		"qwen_edit  a\\tname\\n  \x1b[32mready\x1b[m\n" +
		"           of two     \\x1b[8mh\n" +
		"           lines      idden\n" +
		"short\n"
	if diff := cmp.Diff(want, outOf(s)); diff != "" {
		t.Errorf("narrow and in colour (-want +got):\n%s", diff)
	}
}

func TestTableWithoutRowsPrintsNothing(t *testing.T) {
	t.Parallel()
	s := onTerminal(80)
	if err := NewTable(s, "ID").Flush(); err != nil || outOf(s) != "" {
		t.Errorf("printed %q, error %v", outOf(s), err)
	}
}

func TestTableCutsNothing(t *testing.T) {
	t.Parallel()
	s := onTerminal(20)
	tb := NewTable(s)
	tb.Row("12345678901", "12345678901", "12345678901")
	if err := tb.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := outOf(s), "12345678901  12345678  12345678\n             901       901\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	s = onTerminal(20)
	tb = NewTable(s).Whole(1)
	tb.Row("one two three", "12345678901")
	if err := tb.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := outOf(s), "one two   12345678901\nthree\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPairsKeepMarks(t *testing.T) {
	t.Parallel()
	s := onTerminal(40)
	s.SetColor(true)
	p := NewPairs(s)
	p.Row(s.OutStyle().Bad("problem"), "no login")
	p.Row("a\x1b[2Jb", "x")
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := outOf(s), "\x1b[31mproblem\x1b[m    no login\n\x1b[2ma\\x1b[2Jb\x1b[m  x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	fill := func(s *Streams) error {
		p := NewPairs(s)
		p.Row("id", "flux")
		p.Row("description", "one two three four five\r\nsix\x1b[2J\n")
		p.Copied("next", "easel generate @fav 'a fox'")
		return p.Flush()
	}
	s, _, out, _ := Test()
	if err := fill(s); err != nil {
		t.Fatal(err)
	}
	if want := "id\tflux\ndescription\tone two three four five\\r\\nsix\\x1b[2J\\n\nnext\teasel generate @fav 'a fox'\n"; out.String() != want {
		t.Errorf("piped %q", out)
	}
	s = onTerminal(34)
	if err := fill(s); err != nil {
		t.Fatal(err)
	}
	want := "id           flux\n" +
		"description  one two three four\n" +
		"             five\n" +
		"             six\\x1b[2J\n" +
		"next         easel generate @fav 'a fox'\n"
	if diff := cmp.Diff(want, outOf(s)); diff != "" {
		t.Errorf("terminal (-want +got):\n%s", diff)
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestWriteErrorsAreReported(t *testing.T) {
	t.Parallel()
	s, _, _, _ := Test()
	s.Out = brokenPipe{}
	tb := NewTable(s)
	tb.Row("a")
	p := NewPairs(s)
	p.Row("a", "b")
	j, err := NewJSONPrinter(s, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{tb.Flush(), p.Flush(), j.Print(1)} {
		if !errors.Is(err, errPipe) {
			t.Errorf("got %v", err)
		}
	}
}
