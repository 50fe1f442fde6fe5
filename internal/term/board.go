package term

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// A BoardState is where many runs stand together. Text in it must be safe for a
// terminal; see Escape.
type BoardState struct {
	Label   string // what runs: the name of the batch
	Done    int    // of Total, those that ended well
	Failed  int
	Total   int
	Rate    float64 // per second; 0 = not known
	ETA     time.Duration
	Elapsed time.Duration
	USD     *float64 // nil = not known
	Busy    *float64 // part of the time that backends computed, 0 to 1; nil = not known
	Runs    []State  // what runs at the moment
}

// A Board shows many runs on stderr: a bar for all and a line for each that runs. It
// may be used by several goroutines.
type Board interface {
	Set(BoardState)
	Note(text string)   // prints a line that stays
	Clear()             // takes away what does not stay, until the next Set
	Finish(text string) // Clear, then a last line unless empty
}

// NewBoard returns what fits stderr: lines that are redrawn on a terminal; elsewhere
// a plain line for each twentieth that is done and each half minute; nothing with
// SetQuiet.
func NewBoard(s *Streams) Board {
	switch {
	case s.quiet:
		return quietBoard{}
	case s.ErrTTY && s.getenv("TERM") != "dumb":
		return &board{streams: s, now: time.Now}
	}
	return &boardLines{streams: s, now: time.Now}
}

type quietBoard struct{}

func (quietBoard) Set(BoardState) {}
func (quietBoard) Note(string)    {}
func (quietBoard) Clear()         {}
func (quietBoard) Finish(string)  {}

// maxRunLines bounds the lines for runs: the rest is counted.
const maxRunLines = 8

// A board redraws lines of a terminal.
type board struct {
	streams *Streams
	now     func() time.Time

	mu    sync.Mutex
	state BoardState
	drawn time.Time
	rows  int // on the screen, the cursor in the last of them; 0 = none
}

func (b *board) Set(st BoardState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = st
	if now := b.now(); b.rows == 0 || now.Sub(b.drawn) >= frameTime {
		b.drawn = now
		b.send(b.frame())
	}
}

func (b *board) Note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	again := b.rows > 0
	out := b.erase() + text + "\n"
	if again {
		out += b.frame()
	}
	b.send(out)
}

func (b *board) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.send(b.erase())
}

func (b *board) Finish(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.erase()
	if text != "" {
		out += text + "\n"
	}
	b.send(out)
}

// frame draws the lines over those that are there.
func (b *board) frame() string {
	b.streams.measure()
	width := max(b.streams.Width-3, 1)
	lines := []string{b.state.bar(width)}
	for i, st := range b.state.Runs {
		if i == maxRunLines && len(b.state.Runs) > maxRunLines+1 {
			lines = append(lines, fmt.Sprintf("  and %d more", len(b.state.Runs)-i))
			break
		}
		lines = append(lines, "  "+st.line())
	}
	var out strings.Builder
	out.WriteString(b.home())
	for i, line := range lines {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString("\r" + ansi.Truncate(line, width, "…") + ansi.EraseLineRight)
	}
	if len(lines) < b.rows {
		out.WriteString(ansi.EraseScreenBelow)
	}
	b.rows = len(lines)
	return out.String()
}

// home moves the cursor into the first of the lines.
func (b *board) home() string {
	if b.rows > 1 {
		return "\r" + ansi.CursorUp(b.rows-1)
	}
	return "\r"
}

func (b *board) erase() string {
	if b.rows == 0 {
		return ""
	}
	out := b.home() + ansi.EraseScreenBelow
	b.rows = 0
	return out
}

func (b *board) send(out string) {
	if out != "" {
		_, _ = io.WriteString(b.streams.Err, out)
	}
}

// bar is the line for all: "products  ━━━━━─────  412/1000  2 failed  3.1/s  3 min left  $0.42  98 % busy".
func (st BoardState) bar(width int) string {
	text := strings.Join(st.facts(), "  ")
	if room := width - ansi.StringWidth(st.Label) - ansi.StringWidth(text) - 4; room >= 8 && st.Total > 0 {
		cells := min(barWidth, room)
		full := cells * (st.Done + st.Failed) / st.Total
		return st.Label + "  " + strings.Repeat("━", full) + strings.Repeat("─", cells-full) + "  " + text
	}
	return st.Label + "  " + text
}

// facts are what is said of all.
func (st BoardState) facts() []string {
	facts := []string{fmt.Sprintf("%d/%d", st.Done+st.Failed, st.Total)}
	if st.Failed > 0 {
		facts = append(facts, fmt.Sprintf("%d failed", st.Failed))
	}
	switch {
	case st.Rate >= 1:
		facts = append(facts, fmt.Sprintf("%.1f/s", st.Rate))
	case st.Rate > 0:
		facts = append(facts, fmt.Sprintf("%.1f/min", st.Rate*60))
	}
	switch left := st.Total - st.Done - st.Failed; {
	case st.ETA > 0 && left > 0:
		facts = append(facts, wholeSeconds(st.ETA+time.Second/2)+" left")
	case st.Elapsed >= time.Second:
		facts = append(facts, wholeSeconds(st.Elapsed))
	}
	if st.USD != nil {
		facts = append(facts, Money(*st.USD))
	}
	if st.Busy != nil {
		facts = append(facts, fmt.Sprintf("%.0f%% busy", *st.Busy*100))
	}
	return facts
}

// line is the line for one run: "sku-1  KSampler 5/20  25%".
func (st State) line() string {
	parts := []string{st.Label}
	if doing := st.doing(); doing != "" {
		parts = append(parts, doing)
	}
	if st.Fraction > 0 && !st.Queued {
		parts = append(parts, fmt.Sprintf("%d%%", st.percent()))
	}
	return strings.Join(parts, "  ")
}

// Money is an amount of dollars, with more digits where it is small.
func Money(usd float64) string {
	if usd > 0 && usd < 0.1 {
		return fmt.Sprintf("$%.4f", usd)
	}
	return fmt.Sprintf("$%.2f", usd)
}

// boardLines is a board for logs and pipes.
type boardLines struct {
	streams *Streams
	now     func() time.Time
	mu      sync.Mutex
	part    int // twentieths that were told
	told    time.Time
}

// quietFor is how long a log hears nothing at most.
const quietFor = 30 * time.Second

func (l *boardLines) Set(st BoardState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.told.IsZero() {
		l.told = now
	}
	part := 0
	if st.Total > 0 {
		part = 20 * (st.Done + st.Failed) / st.Total
	}
	if part == l.part && now.Sub(l.told) < quietFor || st.Done+st.Failed == st.Total {
		return
	}
	l.part, l.told = part, now
	l.print(st.Label + ": " + strings.Join(st.facts(), ", "))
}

func (l *boardLines) Note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.print(text)
}

func (l *boardLines) Clear() {}

func (l *boardLines) Finish(text string) {
	if text != "" {
		l.Note(text)
	}
}

func (l *boardLines) print(text string) { _, _ = io.WriteString(l.streams.Err, text+"\n") }
