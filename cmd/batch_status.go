package cmd

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// batchStatusOptions are the settings of `batch status`.
type batchStatusOptions struct {
	app   *app
	state string
	name  string
}

func newBatchStatusCmd(a *app) *cobra.Command {
	o := &batchStatusOptions{app: a}
	c := &cobra.Command{
		Use:   "status [OUT]",
		Short: "Say how far the batches of a folder are",
		Long: `Say of each batch that was run into a folder how many items are committed, failed
and still to do, whether an easel runs it at the moment, and why items failed.
It may be asked from another terminal while the batch runs.`,
		Example: `  easel batch status art/
  easel batch status art/ --json --jq '.[].committed'`,
		Args: atMostOne("one folder of outputs"),
		RunE: func(_ *cobra.Command, args []string) error { return runBatchStatus(o, args) },
	}
	c.Flags().StringVar(&o.state, "state", "", "the ledgers are in the folder `DIR`")
	c.Flags().StringVar(&o.name, "name", "", "only the batch `NAME`")
	return c
}

// A batchStatus is what is known of one batch.
type batchStatus struct {
	Name       string        `json:"name"`
	Ledger     string        `json:"ledger"`
	Running    *int          `json:"running"` // process id; nil = nobody runs it
	Total      int           `json:"total"`
	Planned    int           `json:"planned"`
	Submitted  int           `json:"submitted"`
	Done       int           `json:"done"`
	Stored     int           `json:"stored"`
	Committed  int           `json:"committed"`
	Failed     int           `json:"failed"`
	GPUSeconds float64       `json:"gpu_seconds"`
	USD        *float64      `json:"usd"`
	Updated    *time.Time    `json:"updated"`
	Failures   []itemFailure `json:"failures"`
}

// An itemFailure is why one item failed.
type itemFailure struct {
	Item     string `json:"item"`
	Code     string `json:"code"`
	Error    string `json:"error"`
	Attempts int    `json:"attempts"`
}

func runBatchStatus(o *batchStatusOptions, args []string) error {
	place, err := o.app.batchesAt(args, o.state, o.name)
	if err != nil {
		return err
	}
	files, err := place.some()
	if err != nil {
		return err
	}
	all := make([]batchStatus, 0, len(files))
	for _, file := range files {
		book, err := place.read(file)
		if err != nil {
			return err
		}
		st, err := statusOf(book)
		if err := errors.Join(err, book.Close()); err != nil {
			return err
		}
		all = append(all, st)
	}
	if o.app.global.json {
		return o.app.printJSON(all)
	}
	for _, st := range all {
		o.print(st)
	}
	return nil
}

func statusOf(book *ledger.Batch) (batchStatus, error) {
	st := batchStatus{Name: book.Facts().Name, Ledger: book.Path(), Failures: []itemFailure{}}
	if owner, held := ledger.Holder(book.Path()); held {
		st.Running = &owner.PID
	}
	var last time.Time
	usd := 0.0
	for it, err := range book.Items() {
		if err != nil {
			return st, err
		}
		st.Total++
		switch it.State {
		case ledger.ItemPlanned:
			st.Planned++
		case ledger.ItemSubmitted:
			st.Submitted++
		case ledger.ItemDone:
			st.Done++
		case ledger.ItemStored:
			st.Stored++
		case ledger.ItemCommitted:
			st.Committed++
		case ledger.ItemFailed:
			st.Failed++
			st.Failures = append(st.Failures, itemFailure{it.ID, it.Code, it.Error, it.Attempt})
		}
		st.GPUSeconds += float64(it.ExecutedMS) / 1000
		usd += it.USD
		if it.Updated.After(last) {
			last = it.Updated
		}
	}
	if usd > 0 {
		st.USD = &usd
	}
	if !last.IsZero() {
		st.Updated = &last
	}
	return st, nil
}

// mostFailures bounds the failures that are printed for people.
const mostFailures = 10

func (o *batchStatusOptions) print(st batchStatus) {
	out := o.app.streams.Out
	facts := []string{fmt.Sprintf("%d of %d committed", st.Committed, st.Total)}
	if st.Failed > 0 {
		facts = append(facts, fmt.Sprintf("%d failed", st.Failed))
	}
	if n := st.Submitted + st.Done + st.Stored; n > 0 {
		facts = append(facts, fmt.Sprintf("%d submitted", n))
	}
	if st.Planned > 0 {
		facts = append(facts, fmt.Sprintf("%d to do", st.Planned))
	}
	if st.USD != nil {
		facts = append(facts, term.Money(*st.USD))
	}
	switch {
	case st.Running != nil:
		facts = append(facts, fmt.Sprintf("process %d runs it", *st.Running))
	case st.Committed+st.Failed < st.Total:
		facts = append(facts, "nobody runs it")
	}
	fmt.Fprintf(out, "%s: %s\n", term.Escape(st.Name), strings.Join(facts, ", "))
	for i, f := range st.Failures {
		if i == mostFailures {
			fmt.Fprintf(out, "  and %d more\n", len(st.Failures)-i)
			break
		}
		fmt.Fprintf(out, "  %s: %s\n", term.Escape(f.Item), term.OneLine(f.Error))
	}
}
