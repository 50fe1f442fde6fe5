package term

import (
	"fmt"
	"image"
	"strings"
	"time"
)

// State is where a run stands. Text in it must be safe for a terminal; see
// Escape.
type State struct {
	Label       string // what runs: "flux_single 2/4"
	Node        string // what it does at the moment
	Step, Steps int    // of that; Steps is 0 when unknown

	Fraction float64 // of the whole, 0 to 1
	Queued   bool    // waits, with Position runs ahead
	Position int

	ETA     time.Duration // 0 when unknown
	Elapsed time.Duration
}

// Progress shows how something goes on, on stderr. It may be used by several
// goroutines.
type Progress interface {
	Set(State)           // shows where it stands now
	Note(text string)    // prints a line that stays
	Picture(image.Image) // shows a preview in place of the one before, where the terminal can
	Clear()              // takes away what does not stay, until the next Set
	Finish(text string)  // Clear, then a last line unless empty
}

// NewProgress returns what fits stderr: a bar on a terminal; elsewhere a plain
// line when the node or the place in the queue changes and for each quarter
// that is done; nothing with SetQuiet.
func NewProgress(s *Streams) Progress {
	switch {
	case s.quiet:
		return silence{}
	case s.ErrTTY && s.getenv("TERM") != "dumb":
		return newBar(s, time.Now)
	}
	return &lines{streams: s}
}

// NewNotes returns a progress of notes alone, for a terminal that shows
// something else meanwhile; nothing with SetQuiet.
func NewNotes(s *Streams) Progress {
	if s.quiet {
		return silence{}
	}
	return notes{lines: &lines{streams: s}}
}

// notes prints what stays and nothing of where a run stands.
type notes struct{ *lines }

func (notes) Set(State) {}

type silence struct{}

func (silence) Set(State)           {}
func (silence) Note(string)         {}
func (silence) Picture(image.Image) {}
func (silence) Clear()              {}
func (silence) Finish(string)       {}

// doing says what a run does: "queued, 2 ahead", "KSampler 5/20".
func (st State) doing() string {
	switch {
	case st.Queued && st.Position > 0:
		return fmt.Sprintf("queued, %d ahead", st.Position)
	case st.Queued:
		return "queued"
	case st.Steps > 0:
		return strings.TrimSpace(fmt.Sprintf("%s %d/%d", st.Node, st.Step, st.Steps))
	}
	return st.Node
}

// percent is what is done of the whole, at most 99: the end is a result, not
// a figure.
func (st State) percent() int { return max(0, min(99, int(st.Fraction*100))) }
