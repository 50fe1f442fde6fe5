package term

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/schollz/progressbar/v3"
)

// A bar redraws one line of a terminal, under the preview if there is one.
//
// progressbar draws into memory: it repaints once for a new value and once
// more for a new description, and it would ask the terminal itself for its
// width. We send each frame with one write.
type bar struct {
	streams *Streams
	now     func() time.Time

	mu      sync.Mutex
	widget  *progressbar.ProgressBar
	canvas  bytes.Buffer // where widget draws
	state   State
	drawn   time.Time // when the line was last drawn
	visible bool      // the line is on the screen, the cursor in it
	rows    int       // of the preview above the line
}

// Redrawing more often than every frameTime only costs.
const frameTime = 60 * time.Millisecond

// The bar has barWidth cells; with percent and frame it takes barCells.
const (
	barWidth = 20
	barCells = barWidth + 10
)

func newBar(s *Streams, now func() time.Time) *bar {
	b := &bar{streams: s, now: now}
	b.widget = progressbar.NewOptions(100,
		progressbar.OptionSetWriter(&b.canvas),
		progressbar.OptionSetVisibility(true),
		progressbar.OptionUseANSICodes(false),
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "━", SaucerPadding: "─"}),
	)
	return b
}

func (b *bar) Set(st State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := !b.visible || st.Label != b.state.Label || st.Node != b.state.Node ||
		st.Queued != b.state.Queued || st.Position != b.state.Position
	b.state = st
	if now := b.now(); changed || now.Sub(b.drawn) >= frameTime {
		b.drawn = now
		b.send(b.frame())
	}
}

func (b *bar) Note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	again := b.visible
	out := b.erase() + text + "\n"
	if again {
		out += b.frame()
	}
	b.send(out)
}

func (b *bar) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.send(b.erase())
}

func (b *bar) Finish(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.erase()
	if text != "" {
		out += text + "\n"
	}
	b.send(out)
}

// Picture replaces the preview. One that cannot be drawn is skipped: previews
// are a courtesy.
func (b *bar) Picture(img image.Image) {
	b.mu.Lock()
	defer b.mu.Unlock()
	opts := b.streams.ImageOptions()
	opts.id = previewID
	pic, err := render(img, opts)
	if err != nil || pic.rows == 0 {
		return
	}
	again := b.visible
	out := b.erase() + pic.text
	b.rows = pic.rows
	if again {
		out += b.frame()
	}
	b.send(out)
}

// frame draws the line over itself.
func (b *bar) frame() string {
	b.visible = true
	b.streams.measure()
	width := max(b.streams.Width-3, 1) // a full line would wrap, and so would the ^C that a terminal echoes behind it
	st := b.state
	var parts []string
	for _, part := range []string{st.Label, st.doing(), remaining(st)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	room := width - barCells
	if last := len(parts) - 1; last > 1 && room >= 10 && ansi.StringWidth(strings.Join(parts, "  ")) > room {
		parts = parts[:last] // the time says less than the step, which would be cut
	}
	text := strings.Join(parts, "  ")
	line := text
	if st.Fraction > 0 && !st.Queued && room >= 10 {
		b.canvas.Reset()
		_ = b.widget.Set(st.percent()) // an error needs more than the maximum
		b.widget.Describe(ansi.Truncate(text, room, "…"))
		line = strings.Trim(b.widget.String(), "\r ")
	}
	return "\r" + ansi.Truncate(line, width, "…") + ansi.EraseLineRight
}

// remaining says how long it takes, or how long it has taken.
func remaining(st State) string {
	switch {
	case st.ETA > 0:
		return wholeSeconds(st.ETA+time.Second/2) + " left"
	case st.Elapsed >= time.Second:
		return wholeSeconds(st.Elapsed)
	}
	return ""
}

// wholeSeconds is Duration without tenths, which would flicker.
func wholeSeconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return Duration(d.Truncate(time.Second))
}

// erase takes the line and the preview off the screen.
func (b *bar) erase() string {
	var out string
	if b.visible {
		out = "\r" + ansi.EraseLineRight
	}
	if b.rows > 0 {
		out += "\r" + ansi.CursorUp(b.rows) + ansi.EraseScreenBelow
		if b.streams.Graphics() == Kitty {
			out += kittyDelete(previewID)
		}
	}
	b.visible, b.rows = false, 0
	return out
}

func (b *bar) send(out string) {
	if out != "" {
		_, _ = io.WriteString(b.streams.Err, out)
	}
}
