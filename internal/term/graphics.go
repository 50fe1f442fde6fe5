package term

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
)

// Graphics is a way to show pictures in a terminal.
type Graphics int

// The ways, from none to the best. Sixel, iTerm2 and kitty show pixels.
const (
	NoGraphics Graphics = iota
	HalfBlocks          // two coloured pixels in each cell
	Sixel
	ITerm2
	Kitty
)

func (g Graphics) String() string {
	names := []string{"none", "half blocks", "sixel", "iTerm2", "kitty"}
	if g < 0 || int(g) >= len(names) {
		return "unknown"
	}
	return names[g]
}

// queryTime is how long a terminal may take to say what it is. Over a slow
// line the answer is late and half blocks are used.
const queryTime = 100 * time.Millisecond

// Graphics says how pictures can be shown on stderr, where previews go. It
// reads the environment, and when that says nothing it asks the terminal,
// once.
func (s *Streams) Graphics() Graphics { return s.graphics() }

func (s *Streams) findGraphics() Graphics {
	if !s.ErrTTY || s.getenv("TERM") == "dumb" {
		return NoGraphics
	}
	g, sure := graphicsByEnv(s.getenv)
	if !sure && s.InTTY && s.size != nil && asksSixel() {
		g = Sixel
	}
	if g == HalfBlocks && !s.errColor {
		return NoGraphics // they are nothing but colour
	}
	return g
}

// graphicsByEnv tells terminals by the variables they set. It is sure when
// asking the terminal would add nothing, or would ask a multiplexer, which
// passes pictures on only if it was set up to.
func graphicsByEnv(getenv func(string) string) (g Graphics, sure bool) {
	termName := getenv("TERM")
	is := func(name string, values ...string) bool { return slices.Contains(values, getenv(name)) }
	switch {
	case getenv("TMUX") != "", getenv("STY") != "", getenv("ZELLIJ") != "",
		strings.HasPrefix(termName, "tmux"), strings.HasPrefix(termName, "screen"):
		return HalfBlocks, true
	case is("TERM_PROGRAM", "iTerm.app", "WezTerm", "mintty"), is("LC_TERMINAL", "iTerm2"):
		return ITerm2, true
	case getenv("KITTY_WINDOW_ID") != "", is("TERM_PROGRAM", "ghostty"),
		termName == "xterm-kitty", termName == "xterm-ghostty":
		return Kitty, true
	case strings.HasPrefix(termName, "foot"), strings.HasPrefix(termName, "mlterm"), strings.HasPrefix(termName, "yaft"):
		return Sixel, true
	case is("TERM_PROGRAM", "Apple_Terminal"), termName == "linux":
		return HalfBlocks, true
	}
	return HalfBlocks, false
}

// asksSixel asks the terminal of this process whether it draws sixels.
func asksSixel() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false // there is none, or this is Windows
	}
	defer tty.Close()
	return querySixel(tty, queryTime)
}

// querySixel sends the primary device attributes request (DA1) and looks for
// attribute 4 in the answer. Where the system cannot limit how long a read of
// a terminal takes, it does not ask.
func querySixel(tty *os.File, limit time.Duration) bool {
	if err := tty.SetDeadline(time.Now().Add(limit)); err != nil {
		return false
	}
	raw, err := tty.SyscallConn() // Fd would make reads ignore the deadline
	if err != nil {
		return false
	}
	var before *term.State
	control := func(f func(fd int)) { _ = raw.Control(func(fd uintptr) { f(int(fd)) }) }
	control(func(fd int) { before, err = term.MakeRaw(fd) })
	if err != nil || before == nil {
		return false
	}
	defer control(func(fd int) { _ = term.Restore(fd, before) })
	if _, err := tty.WriteString("\x1b[c"); err != nil {
		return false
	}
	var answer []byte
	buf := make([]byte, 64)
	for len(answer) < 1024 {
		n, err := tty.Read(buf)
		answer = append(answer, buf[:n]...)
		if attributes, ok := deviceAttributes(answer); ok {
			return slices.Contains(attributes, "4")
		}
		if err != nil {
			break
		}
	}
	return false
}

// deviceAttributes finds a complete DA1 answer, ESC [ ? 62 ; 4 ; 22 c, in what
// a terminal sent, among whatever was typed meanwhile.
func deviceAttributes(b []byte) ([]string, bool) {
	_, rest, found := bytes.Cut(b, []byte("\x1b[?"))
	if !found {
		return nil, false
	}
	list, _, found := bytes.Cut(rest, []byte("c"))
	if !found {
		return nil, false
	}
	return strings.Split(string(list), ";"), true
}
