package term

import (
	"bytes"
	"image"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	t.Parallel()
	s, _, _, out := Test()
	p := NewProgress(s)
	p.Set(State{Label: "flux", Queued: true, Position: 2})
	p.Set(State{Label: "flux", Queued: true, Position: 2, Elapsed: time.Second})
	p.Set(State{Label: "flux", Queued: true, Position: 1})
	p.Set(State{Label: "flux", Queued: true})
	p.Set(State{Label: "flux", Node: "KSampler", Step: 1, Steps: 20, Fraction: 0.05})
	for step := 2; step <= 20; step++ {
		p.Set(State{Label: "flux", Node: "KSampler", Step: step, Steps: 20, Fraction: float64(step) / 20})
	}
	p.Picture(image.NewNRGBA(image.Rect(0, 0, 4, 4)))
	p.Note("warning: low disk")
	p.Clear()
	p.Set(State{Label: "flux", Node: "VAEDecode"})
	p.Finish("")
	p.Finish("done")
	want := "flux: queued, 2 ahead\nflux: queued, 1 ahead\nflux: queued\n" +
		"flux: KSampler 1/20 (5%)\nflux: KSampler 5/20 (25%)\nflux: KSampler 10/20 (50%)\nflux: KSampler 15/20 (75%)\n" +
		"warning: low disk\nflux: VAEDecode\ndone\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestQuietProgressPrintsNothing(t *testing.T) {
	t.Parallel()
	for _, tty := range []bool{false, true} {
		s, _, _, out := Test()
		s.ErrTTY = tty
		s.SetQuiet(true)
		p := NewProgress(s)
		p.Set(State{Label: "a", Node: "b", Fraction: 0.5})
		p.Note("note")
		p.Picture(image.NewNRGBA(image.Rect(0, 0, 4, 4)))
		p.Clear()
		p.Finish("end")
		if out.Len() > 0 {
			t.Errorf("terminal %v: printed %q", tty, out)
		}
	}
}

// A clock stands still until it is moved.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newTestBar(t *testing.T, env map[string]string) (*bar, *clock, *bytes.Buffer) {
	t.Helper()
	s, _, _, out := Test()
	s.ErrTTY = true
	s.settle(func(name string) string { return env[name] })
	c := &clock{time.Unix(1, 0)}
	return newBar(s, c.now), c, out
}

func TestBar(t *testing.T) {
	t.Parallel()
	b, c, out := newTestBar(t, map[string]string{"NO_COLOR": "1"})
	step := func(name string, do func(), want string) {
		t.Helper()
		out.Reset()
		do()
		if out.String() != want {
			t.Errorf("%s:\n got %q\nwant %q", name, out, want)
		}
	}
	at := func(n int) State {
		return State{
			Label: "flux", Node: "KSampler", Step: n, Steps: 20, Fraction: float64(n) / 20,
			ETA: time.Duration(20-n) * time.Second, Elapsed: time.Duration(n) * time.Second,
		}
	}
	step("queued", func() { b.Set(State{Label: "flux", Queued: true, Position: 3, Elapsed: 2500 * time.Millisecond}) },
		"\rflux  queued, 3 ahead  2 s\x1b[K")
	step("first step", func() { b.Set(at(1)) }, "\rflux  KSampler 1/20  19 s left   5% ━───────────────────\x1b[K")
	step("too soon", func() { b.Set(at(2)) }, "")
	c.t = c.t.Add(frameTime)
	step("later", func() { b.Set(at(10)) }, "\rflux  KSampler 10/20  10 s left  50% ━━━━━━━━━━──────────\x1b[K")
	c.t = c.t.Add(frameTime)
	step("the same percent, another text", func() {
		st := at(10)
		st.ETA = 9 * time.Second
		b.Set(st)
	}, "\rflux  KSampler 10/20  9 s left  50% ━━━━━━━━━━──────────\x1b[K")
	step("note", func() { b.Note("warning") }, "\r\x1b[Kwarning\n\rflux  KSampler 10/20  9 s left  50% ━━━━━━━━━━──────────\x1b[K")
	step("clear", b.Clear, "\r\x1b[K")
	step("clear again", b.Clear, "")
	step("note without a bar", func() { b.Note("hello") }, "hello\n")
	c.t = c.t.Add(frameTime)
	step("back to an earlier step", func() { b.Set(at(4)) }, "\rflux  KSampler 4/20  16 s left  20% ━━━━────────────────\x1b[K")
	step("another node at once", func() { b.Set(State{Label: "flux", Node: "VAEDecode", Fraction: 1}) },
		"\rflux  VAEDecode  99% ━━━━━━━━━━━━━━━━━━━─\x1b[K")
	step("finish", func() { b.Finish("done") }, "\r\x1b[Kdone\n")
}

// In a narrow window the time goes before the step does.
func TestBarKeepsTheStep(t *testing.T) {
	t.Parallel()
	b, _, out := newTestBar(t, map[string]string{"NO_COLOR": "1"})
	b.streams.Width = 60
	b.Set(State{Label: "qwen_inpaint", Node: "Sampler", Step: 10, Steps: 25, Fraction: 0.5, ETA: 12 * time.Second})
	if want := "\rqwen_inpaint  Sampler 10/25  50% ━━━━━━━━━━──────────\x1b[K"; out.String() != want {
		t.Errorf("got %q, want %q", out, want)
	}
}

func TestBarFitsTheWindow(t *testing.T) {
	t.Parallel()
	b, c, out := newTestBar(t, nil)
	st := State{Label: strings.Repeat("long ", 20), Node: "灯台", Step: 1, Steps: 2, Fraction: 0.5}
	for width := 1; width <= 100; width++ {
		b.streams.Width = width
		c.t = c.t.Add(frameTime)
		out.Reset()
		b.Set(st)
		line := strings.TrimSuffix(strings.TrimPrefix(out.String(), "\r"), "\x1b[K")
		if got := len([]rune(line)); got > max(width-1, 1) || strings.Contains(line, "\r") {
			t.Errorf("%d cells in a window of %d: %q", got, width, line)
		}
	}
}

func TestPreviewsAreReplaced(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 2, 4))
	b, _, out := newTestBar(t, map[string]string{"TERM": "xterm-kitty", "COLORTERM": "truecolor", "TMUX": "x"})
	b.Set(State{Label: "flux"})
	out.Reset()
	b.Picture(img)
	row := "\x1b[38;2;0;0;0;48;2;0;0;0m▀▀\x1b[m\n"
	if want := "\r\x1b[K" + row + row + "\rflux\x1b[K"; out.String() != want {
		t.Errorf("first\n got %q\nwant %q", out, want)
	}
	out.Reset()
	b.Picture(img)
	if want := "\r\x1b[K\r\x1b[2A\x1b[J" + row + row + "\rflux\x1b[K"; out.String() != want {
		t.Errorf("second\n got %q\nwant %q", out, want)
	}
	out.Reset()
	b.Note("warning")
	if want := "\r\x1b[K\r\x1b[2A\x1b[Jwarning\n\rflux\x1b[K"; out.String() != want {
		t.Errorf("note\n got %q\nwant %q", out, want)
	}
	out.Reset()
	b.Picture(image.NewNRGBA(image.Rectangle{}))
	if out.Len() > 0 {
		t.Errorf("an empty picture printed %q", out)
	}

	b, _, out = newTestBar(t, map[string]string{"TERM": "xterm-kitty"})
	b.Picture(img)
	out.Reset()
	b.Finish("")
	if want := "\r\x1b[A\x1b[J\x1b_Gq=2,i=959969,d=I,a=d\x1b\\"; out.String() != want {
		t.Errorf("kitty\n got %q\nwant %q", out, want)
	}
}

func TestProgressFromManyGoroutines(t *testing.T) {
	t.Parallel()
	s, _, _, _ := Test()
	b, _, _ := newTestBar(t, nil)
	for _, p := range []Progress{&lines{streams: s}, b} {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				p.Set(State{Node: "a", Fraction: float64(i) / 8})
				p.Note("n")
				p.Clear()
			})
		}
		wg.Wait()
		p.Finish("end")
	}
}
