// Package term is easel's side of the terminal: streams that know whether they
// are one, styles, tables, JSON output, progress, and pictures. It is the only
// package that imports lipgloss, progressbar, x/ansi and gojq, and it imports
// nothing of ours: callers hand it plain values.
//
// The rules it keeps: stdout is data and stderr is talk; nothing styled leaves
// for a stream that is not a terminal; no text of foreign origin reaches a
// terminal before Escape made it visible.
package term

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"charm.land/lipgloss/v2"
	"golang.org/x/term"
)

// Streams are the three standard streams of a process with what is known about
// them. The exported fields may be set before the first use.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer

	InTTY, OutTTY, ErrTTY bool

	Width, Height int // of the terminal in cells; 80 and 24 when there is none

	outColor, errColor bool
	quiet              bool
	getenv             func(string) string
	size               func() (width, height int) // asks again; nil when there is no terminal
	graphics           func() Graphics            // found once
}

// System returns the streams of this process. It honours NO_COLOR, TERM=dumb,
// CLICOLOR=0, CLICOLOR_FORCE and EASEL_FORCE_TTY, which makes stdout and stderr
// count as terminals; a number in it is their width.
func System() *Streams {
	s := fromFiles(os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	lipgloss.EnableLegacyWindowsANSI(os.Stdout)
	lipgloss.EnableLegacyWindowsANSI(os.Stderr)
	return s
}

// Test returns streams over buffers that are no terminals, 80 columns wide,
// without colour.
func Test() (s *Streams, in, out, err *bytes.Buffer) {
	in, out, err = &bytes.Buffer{}, &bytes.Buffer{}, &bytes.Buffer{}
	s = &Streams{In: in, Out: out, Err: err}
	s.settle(func(string) string { return "" })
	return s, in, out, err
}

func fromFiles(in, out, err *os.File, getenv func(string) string) *Streams {
	s := &Streams{
		In: in, Out: out, Err: err,
		InTTY: isTerminal(in), OutTTY: isTerminal(out), ErrTTY: isTerminal(err),
	}
	for _, f := range []*os.File{out, err} {
		if isTerminal(f) {
			s.size = sizeOf(f)
		}
	}
	s.settle(getenv)
	return s
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func sizeOf(f *os.File) func() (int, int) {
	return func() (int, int) {
		width, height, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0, 0
		}
		return width, height
	}
}

// settle decides size, colour and graphics from the environment.
func (s *Streams) settle(getenv func(string) string) {
	s.getenv = getenv
	s.measure()
	if force := getenv("EASEL_FORCE_TTY"); force != "" && force != "0" && force != "false" {
		s.OutTTY, s.ErrTTY = true, true
		if n, err := strconv.Atoi(force); err == nil && n > 1 {
			s.Width, s.size = n, nil
		}
	}
	if s.Width <= 0 {
		s.Width = 80
	}
	if s.Height <= 0 {
		s.Height = 24
	}
	s.outColor, s.errColor = s.OutTTY, s.ErrTTY
	force := getenv("CLICOLOR_FORCE")
	switch {
	case getenv("NO_COLOR") != "":
		s.SetColor(false)
	case force != "" && force != "0":
		s.SetColor(true)
	case getenv("TERM") == "dumb", getenv("CLICOLOR") == "0":
		s.SetColor(false)
	}
	s.graphics = sync.OnceValue(s.findGraphics)
}

// measure takes the terminal's present size, which changes when its window
// does.
func (s *Streams) measure() {
	if s.size == nil {
		return
	}
	if width, height := s.size(); width > 0 {
		s.Width, s.Height = width, height
	}
}

// SetColor turns colour and styles on or off for both output streams.
func (s *Streams) SetColor(on bool) { s.outColor, s.errColor = on, on }

// SetQuiet silences progress and notes; results and errors are still printed.
func (s *Streams) SetQuiet(quiet bool) { s.quiet = quiet }

// OutStyle styles text that goes to Out.
func (s *Streams) OutStyle() Style { return Style{on: s.outColor} }

// ErrStyle styles text that goes to Err.
func (s *Streams) ErrStyle() Style { return Style{on: s.errColor} }

// trueColor reports whether the terminal says that it shows 24-bit colours.
func (s *Streams) trueColor() bool {
	switch s.getenv("COLORTERM") {
	case "truecolor", "24bit", "yes":
		return true
	}
	return strings.HasSuffix(s.getenv("TERM"), "-direct")
}
