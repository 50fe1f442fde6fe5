package cmd

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A batchView shows a batch as it runs: a bar and a line per run on a terminal, plain
// lines elsewhere; paths of what was made on stdout, or with --json a line per item.
type batchView struct {
	app   *app
	show  showOptions
	name  string
	board term.Board
	err   error // the first result that could not be printed
	begun bool  // items were about to run

	order   []string // items that run, in the order in which they began
	runs    map[string]*runLine
	waits   waits
	contact []image.Image
}

// A runLine is what is known of one item that runs.
type runLine struct {
	state term.State
	began time.Time
}

// newBatchView begins to show a batch.
func newBatchView(a *app, b *plan.Batch, show showOptions) *batchView {
	return &batchView{app: a, show: show, name: term.OneLine(b.Name), board: term.NewBoard(a.streams), runs: map[string]*runLine{}, waits: waits{}}
}

// event is the sink of a batch.
func (v *batchView) event(e batch.Event) {
	switch e.Type {
	case batch.EventNote:
		v.board.Note(term.OneLine(e.Message))
		return
	case batch.EventBegun:
		v.begun = true
	case batch.EventLeft:
		v.forget(e.Item.ID)
	case batch.EventItem:
		v.forget(e.Item.ID)
		v.ended(*e.Outcome)
	case batch.EventRun:
		v.run(e)
	}
	v.board.Set(v.state(e.Totals))
}

func (v *batchView) forget(id string) {
	delete(v.runs, id)
	v.order = slices.DeleteFunc(v.order, func(o string) bool { return o == id })
}

// run notes what an item does.
func (v *batchView) run(e batch.Event) {
	id := e.Item.ID
	line := v.runs[id]
	if line == nil {
		line = &runLine{began: time.Now(), state: term.State{Label: term.OneLine(id) + " on " + term.OneLine(e.Backend)}}
		v.runs[id] = line
		v.order = append(v.order, id)
	}
	st := &line.state
	switch e.Run.Type {
	case run.EventUpload:
		st.Node = fmt.Sprintf("uploading %d %s", e.Run.Files, plural(e.Run.Files, "file"))
	case run.EventQueued:
		st.Queued, st.Position, st.Node = true, e.Run.Position, ""
	case run.EventStarted, run.EventNode, run.EventProgress:
		st.Queued, st.Fraction, st.Step, st.Steps = false, e.Run.Fraction, e.Run.Step, e.Run.Steps
		if node := nodeName(e.Run); node != "" {
			st.Node = term.OneLine(node)
		}
	case run.EventEnded:
		*st = term.State{Label: st.Label, Node: "downloading"}
	case run.EventWaiting:
		st.Node = term.OneLine("waiting: " + e.Run.Message)
		if text := fmt.Sprintf("waiting: %s: %s", e.Backend, e.Run.Message); v.waits.news(text) {
			v.board.Note(term.OneLine(text))
		}
	case run.EventLost:
		v.board.Note(fmt.Sprintf("lost the connection to %s: %s", term.OneLine(e.Backend), term.OneLine(e.Run.Message)))
	case run.EventWarning:
		v.board.Note(fmt.Sprintf("warning: item %s: %s", term.OneLine(id), term.OneLine(e.Run.Message)))
	}
}

func nodeName(e run.Event) string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Title != "":
		return e.Title
	}
	return e.Class
}

// state is what the board shows.
func (v *batchView) state(t batch.Totals) term.BoardState {
	st := term.BoardState{
		Label: v.name, Done: t.Committed, Failed: t.Failed, Total: t.Items, Rate: t.Rate, ETA: t.ETA, Elapsed: t.Elapsed, USD: t.USD, Busy: t.Busy,
	}
	for _, id := range v.order {
		st.Runs = append(st.Runs, v.runs[id].state)
	}
	return st
}

// batchItem is an item of --json.
type batchItem struct {
	Type     string           `json:"type"` // "item"
	ID       string           `json:"id"`
	File     *string          `json:"file"` // where the item stands
	Row      *int             `json:"row"`
	Status   string           `json:"status"`
	Attempts int              `json:"attempts"`
	Adopted  bool             `json:"adopted"`
	Run      *run.Result      `json:"run"`
	Error    *problem.Problem `json:"error"`
}

func itemOf(out *batch.Outcome) batchItem {
	from := out.Item.From()
	item := batchItem{
		Type: "item", ID: out.Item.ID, File: text(from.File), Status: string(run.Succeeded), Attempts: out.Attempts, Adopted: out.Adopted, Run: out.Result,
	}
	if from.Row > 0 {
		item.Row = &from.Row
	}
	if out.Result != nil {
		item.Status = string(out.Result.Status)
	}
	if out.Err != nil {
		p := explain(out.Err)
		item.Error = &p
		if item.Status == string(run.Succeeded) {
			item.Status = string(run.Failed)
		}
	}
	return item
}

// ended prints what an item came to.
func (v *batchView) ended(out batch.Outcome) {
	a := v.app
	if a.global.json {
		v.print(itemOf(&out))
	}
	if out.Err != nil {
		v.failed(out)
		return
	}
	v.board.Clear()
	v.keepPictures(out.Result)
	if a.global.json {
		return
	}
	for _, o := range out.Result.Outputs {
		where := o.Path
		if o.URL != nil {
			where = *o.URL
		}
		fmt.Fprintln(a.streams.Out, where)
	}
}

// failed says on stderr why an item failed, also with --quiet.
func (v *batchView) failed(out batch.Outcome) {
	p := explain(out.Err)
	text := fmt.Sprintf("%s item %s: %s", v.app.streams.ErrStyle().Bad("error:"), term.OneLine(out.Item.ID), term.OneLine(p.Message))
	if p.Hint != "" {
		text += "\n" + v.app.streams.ErrStyle().Faint("hint:") + " " + term.OneLine(p.Hint)
	}
	if v.app.global.quiet {
		fmt.Fprintln(v.app.streams.Err, text)
		return
	}
	v.board.Note(text)
}

// print prints one JSON value and keeps the first failure.
func (v *batchView) print(value any) {
	if err := v.app.printJSON(value); v.err == nil {
		v.err = err
	}
}

// mostContact is how many pictures the contact row at the end shows.
const mostContact = 16

// keepPictures keeps small ones of what was made, for the end.
func (v *batchView) keepPictures(res *run.Result) {
	if !v.show.wanted(v.app) {
		return
	}
	for _, o := range res.Outputs {
		if o.Kind != comfy.OutputImage || len(v.contact) >= mostContact {
			continue
		}
		if img, err := loadPicture(o.Path); err == nil { // it is stored; that it cannot be shown is no matter
			v.contact = append(v.contact, term.Thumbnail(img))
		}
	}
}

// summary shows the end of the batch.
func (v *batchView) summary(sum batch.Summary) error {
	v.board.Finish("")
	if len(v.contact) > 0 {
		_ = term.ShowImages(v.app.streams.Err, v.contact, v.show.imageOptions(v.app))
	}
	if v.app.global.json {
		v.print(sum)
		return v.err
	}
	if v.begun || sum.Skipped == sum.Total {
		v.app.note("%s", summaryLine(sum))
	}
	return v.err
}

// allThere says of a batch of n items that each of them is there.
func allThere(n int) string {
	if n == 1 {
		return "its only item is there"
	}
	return fmt.Sprintf("all %d items are there", n)
}

// summaryLine is the end of a batch in one line.
func summaryLine(sum batch.Summary) string {
	var facts []string
	switch {
	case sum.Skipped == sum.Total && sum.Failed == 0:
		return fmt.Sprintf("%s: nothing to do, %s", sum.Name, allThere(sum.Total))
	case sum.Skipped == sum.Total:
		return fmt.Sprintf("%s: nothing to do, %d of %d %s %s there, and %d failed before",
			sum.Name, sum.Committed, sum.Total, plural(sum.Total, "item"), isAre(sum.Committed), sum.Failed)
	case sum.Skipped > 0:
		facts = append(facts, fmt.Sprintf("%d of %d %s, %d of them before", sum.Committed, sum.Total, plural(sum.Total, "item"), sum.Skipped))
	default:
		facts = append(facts, fmt.Sprintf("%d of %d %s", sum.Committed, sum.Total, plural(sum.Total, "item")))
	}
	if sum.Failed > 0 {
		facts = append(facts, fmt.Sprintf("%d failed", sum.Failed))
	}
	if sum.Adopted > 0 {
		facts = append(facts, fmt.Sprintf("%d taken over", sum.Adopted))
	}
	facts = append(facts, term.Duration(time.Duration(sum.ElapsedMS)*time.Millisecond))
	if sum.GPUBusy != nil {
		facts = append(facts, fmt.Sprintf("GPU busy %.1f%%", *sum.GPUBusy*100))
	}
	if sum.Cost.USD != nil {
		facts = append(facts, term.Money(*sum.Cost.USD))
	}
	return sum.Name + ": " + strings.Join(facts, ", ")
}
