package cmd

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A batchView shows a batch as it runs: a bar or plain lines on stderr, and on
// stdout the paths of what was made or, with --json, a line per item.
type batchView struct {
	app      *app
	progress term.Progress
	err      error // the first line that could not be printed
}

func newBatchView(a *app, _ *plan.Batch) *batchView {
	return &batchView{app: a, progress: term.NewProgress(a.streams)}
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

// event is the sink of a batch.
func (v *batchView) event(e batch.Event) {
	switch e.Type {
	case batch.EventNote:
		v.progress.Note(term.OneLine(e.Message))
	case batch.EventItem:
		v.item(e.Outcome)
	}
	t := e.Totals
	label := fmt.Sprintf("%d/%d", t.Committed+t.Failed, t.Items)
	if t.Failed > 0 {
		label += fmt.Sprintf(", %d failed", t.Failed)
	}
	v.progress.Set(term.State{
		Label: label, Node: fmt.Sprintf("%d running", t.Active), Fraction: float64(t.Committed+t.Failed) / float64(max(1, t.Items)),
		ETA: t.ETA, Elapsed: t.Elapsed,
	})
}

// item prints how an item ended.
func (v *batchView) item(out *batch.Outcome) {
	v.progress.Clear()
	if v.app.global.json {
		v.print(itemOf(out))
		return
	}
	if out.Result != nil && out.Err == nil {
		for _, o := range out.Result.Outputs {
			where := o.Path
			if o.URL != nil {
				where = *o.URL
			}
			fmt.Fprintln(v.app.streams.Out, where)
		}
	}
	if out.Err != nil {
		p := explain(out.Err)
		v.progress.Note("failed: " + out.Item.ID + ": " + term.OneLine(p.Message))
	}
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

func (v *batchView) print(value any) {
	if err := v.app.printJSON(value); v.err == nil {
		v.err = err
	}
}

// summary ends the view.
func (v *batchView) summary(sum batch.Summary) error {
	v.progress.Finish("")
	if v.app.global.json {
		v.print(sum)
		return v.err
	}
	parts := []string{fmt.Sprintf("%d of %d %s done", sum.Committed, sum.Total, plural(sum.Total, "item"))}
	if sum.Skipped > 0 {
		parts = append(parts, fmt.Sprintf("%d of them before", sum.Skipped))
	}
	if sum.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", sum.Failed))
	}
	if sum.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d open: the same command goes on with them", sum.Open))
	}
	if sum.GPUBusy != nil {
		parts = append(parts, fmt.Sprintf("GPU busy %.1f %%", *sum.GPUBusy*100))
	}
	if sum.Cost.USD != nil {
		parts = append(parts, fmt.Sprintf("$%.2f", *sum.Cost.USD))
	}
	if took := time.Duration(sum.ElapsedMS) * time.Millisecond; sum.Executed > 0 {
		parts = append(parts, "in "+took.Round(100*time.Millisecond).String())
	}
	v.app.note("%s", strings.Join(parts, ", "))
	return errors.Join(v.err)
}
