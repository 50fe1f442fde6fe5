package cmd

import (
	"fmt"
	"image"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// viewOptions say what is shown of runs.
type viewOptions struct {
	app       *app
	show      showOptions
	events    bool          // each event as a JSON line
	stdout    bool          // the output itself goes there
	preset    string        // the name under which the values of the first run that ends well are kept
	reconnect time.Duration // how long a backend that is away is waited for
}

// A runView shows runs as they happen: a bar or plain lines on stderr, results
// on stdout, and with --events each event as a JSON line.
type runView struct {
	opts     viewOptions
	total    int
	index    int
	ticket   *run.Ticket
	progress term.Progress
	began    time.Time
	err      error // the first result that could not be printed

	waits     waits
	pictures  bool      // previews and results are shown
	previewed time.Time // when the last preview was
	contact   []image.Image
}

func newRunView(o viewOptions, total int) *runView {
	v := &runView{opts: o, total: total, waits: waits{}, progress: term.NewProgress(o.app.streams), pictures: o.show.wanted(o.app)}
	if o.events && o.app.streams.ErrTTY { // whoever reads the events writes to that terminal too
		v.progress = term.NewNotes(o.app.streams)
	}
	return v
}

func (v *runView) begin(i int, t *run.Ticket) {
	v.index, v.ticket, v.began = i, t, time.Now()
}

func (v *runView) close() {
	v.progress.Finish("")
	v.showContact()
}

// label says which run is shown, when there are several.
func (v *runView) label() string {
	if v.total == 1 {
		return v.ticket.Workflow
	}
	return fmt.Sprintf("%s %d/%d", v.ticket.Workflow, v.index+1, v.total)
}

// printJSON prints one value. The first failure is kept: a --jq that does not
// fit must not stop the run, nor end well.
func (v *runView) printJSON(value any) {
	if err := v.opts.app.printJSON(value); v.err == nil {
		v.err = err
	}
}

// event is the sink of a run.
func (v *runView) event(e run.Event) {
	switch e.Type {
	case run.EventDone, run.EventPreview, run.EventEnding: // ended says it when it is certain
	default:
		if v.opts.events {
			v.printJSON(e)
		}
	}
	switch e.Type {
	case run.EventPreview:
		v.preview(e)
	case run.EventWarning:
		v.progress.Note("warning: " + term.OneLine(e.Message))
	case run.EventWaiting:
		if v.waits.news(e.Message) {
			v.progress.Note("waiting: " + term.OneLine(e.Message))
		}
	case run.EventLost:
		v.progress.Note(fmt.Sprintf("lost the connection, waiting up to %s for it: %s", v.opts.reconnect, term.OneLine(e.Message)))
	case run.EventBack:
		v.progress.Note("the connection is back")
	case run.EventUpload:
		v.progress.Set(term.State{Label: v.label(), Node: fmt.Sprintf("uploading %d %s", e.Files, plural(e.Files, "file"))})
	case run.EventQueued, run.EventStarted, run.EventNode, run.EventProgress:
		v.progress.Set(v.state(e))
	}
}

func (v *runView) state(e run.Event) term.State {
	node := e.Title
	if node == "" {
		node = e.Class
	}
	switch {
	case e.Message != "":
		node = e.Message
	case e.Type == run.EventStarted:
		node = "started"
	}
	return term.State{
		Label: v.label(), Node: term.OneLine(node), Step: e.Step, Steps: e.Steps, Fraction: e.Fraction,
		Queued: e.Type == run.EventQueued, Position: e.Position,
		ETA: time.Duration(e.ETA) * time.Millisecond, Elapsed: time.Since(v.began),
	}
}

// result prints what a run left: paths, a line each, or its JSON.
func (v *runView) result(res *run.Result) {
	v.progress.Clear()
	defer v.savePreset(res)
	a := v.opts.app
	if a.global.json {
		v.printJSON(res)
		return
	}
	if !v.opts.stdout {
		v.showOutputs(res)
		for _, out := range res.Outputs {
			where := out.Path
			if out.URL != nil && out.Public {
				where = *out.URL
			}
			fmt.Fprintln(a.streams.Out, where)
		}
	}
	if line := summary(res); line != "" {
		v.progress.Note(line)
	}
	if res.Cached {
		v.progress.Note("the server had this result already: nothing was computed anew")
	}
}

// summary is what people want to know of a run that made something: the seed to
// have it again, size, seconds, and how large the files are.
func summary(res *run.Result) string {
	if len(res.Outputs) == 0 {
		return ""
	}
	var facts []string
	if res.Seed != nil {
		facts = append(facts, "seed "+res.Seed.String())
	}
	if n := len(res.Outputs); n > 1 {
		facts = append(facts, fmt.Sprintf("%d files", n))
	}
	if o := res.Outputs[0]; o.Width != nil && o.Height != nil {
		facts = append(facts, fmt.Sprintf("%dx%d", *o.Width, *o.Height))
	}
	facts = append(facts, term.Duration(spent(res.Timing)))
	var bytes int64
	for _, o := range res.Outputs {
		bytes += o.Bytes
	}
	return strings.Join(append(facts, term.Bytes(bytes)), ", ")
}

// spent is how long a run took by itself: of several that were prepared together
// the total of each counts those before it too.
func spent(t run.Timing) time.Duration {
	ms := t.Total
	if t.Execution > 0 {
		ms = min(ms, t.Queued+t.Execution+t.Download)
	}
	return time.Duration(ms) * time.Millisecond
}

// failure reports a failed run while others go on.
func (v *runView) failure(f problem.Problem) {
	v.progress.Clear()
	v.opts.app.printFailure(f)
}

// detached prints the id of a run that was left to the backend.
func (v *runView) detached(t *run.Ticket) error {
	v.progress.Clear()
	a := v.opts.app
	if a.global.json {
		return a.printJSON(struct {
			ID       string `json:"id"`
			Workflow string `json:"workflow"`
			Backend  string `json:"backend"`
			Status   string `json:"status"`
			PromptID string `json:"prompt_id"`
		}{t.Run, t.Workflow, t.Backend, "submitted", t.PromptID})
	}
	_, err := fmt.Fprintln(a.streams.Out, t.Run)
	return err
}

// waits are when it was last said what is waited for, by its text.
type waits map[string]time.Time

// news reports whether it is to be said, and notes that it is: what stays the same is
// said once a minute.
func (w waits) news(text string) bool {
	now := time.Now()
	if last, said := w[text]; said && now.Sub(last) < time.Minute {
		return false
	}
	w[text] = now
	return true
}
