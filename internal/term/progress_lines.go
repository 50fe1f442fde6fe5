package term

import (
	"fmt"
	"image"
	"io"
	"sync"
)

// lines is progress for logs and pipes: a line when there is news.
type lines struct {
	streams *Streams
	mu      sync.Mutex
	last    State
	any     bool
}

func (l *lines) Set(st State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.news(st) {
		return
	}
	l.last, l.any = st, true
	text := st.doing()
	if !st.Queued && st.Fraction > 0 {
		text = fmt.Sprintf("%s (%d%%)", text, st.percent())
	}
	if st.Label != "" {
		text = st.Label + ": " + text
	}
	l.print(text)
}

// news reports whether st is worth a line after the last one printed.
func (l *lines) news(st State) bool {
	last := l.last
	return !l.any || st.Label != last.Label || st.Node != last.Node ||
		st.Queued != last.Queued || st.Position != last.Position ||
		st.percent()/25 > last.percent()/25
}

func (l *lines) Note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.print(text)
}

func (l *lines) Finish(text string) {
	if text != "" {
		l.Note(text)
	}
}

func (l *lines) Picture(image.Image) {}
func (l *lines) Clear()              {}

func (l *lines) print(text string) { _, _ = io.WriteString(l.streams.Err, text+"\n") }
