package cmd

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newHistoryShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show RUN",
		Short:             "Show a run; RUN is an id, a unique prefix, or last",
		Example:           "  easel history show last\n  easel history show 01jd7 --json",
		Args:              exactArgs("a run"),
		ValidArgsFunction: firstWord(a.completeRuns),
		RunE: func(_ *cobra.Command, args []string) error {
			h, err := a.history()
			if err != nil {
				return err
			}
			rec, err := h.Get(args[0])
			if err != nil {
				return err
			}
			return a.printRun(rec)
		},
	}
}

// printRun shows one recorded run.
func (a *app) printRun(rec ledger.Record) error {
	past := a.pastRunOf(rec)
	if a.global.json {
		if t, err := run.OpenTicket(rec.Request); err == nil {
			past.Inputs, past.Graph = t.ShownInputs(), t.Graph
		}
		return a.printJSON(past)
	}
	t := term.NewPairs(a.streams)
	t.Row("run", rec.ID)
	t.Row("state", string(past.State))
	if rec.Error != "" {
		t.Row("error", term.EscapeMultiline(rec.Error))
	}
	t.Row("when", rec.Created.Local().Format(time.DateTime))
	t.Row("workflow", rec.Workflow)
	t.Row("backend", rec.Backend)
	if ticket, err := run.OpenTicket(rec.Request); err == nil {
		if ticket.Character != "" {
			t.Row("character", ticket.Character)
		}
		for _, nv := range ticket.ShownParameters() {
			t.Row(nv.Name, term.EscapeMultiline(jsonText(nv.JSON)))
		}
	}
	if took := past.seconds(); took != "" {
		t.Row("took", took+" s")
	}
	for _, o := range past.Outputs {
		t.Copied("output", o.Path)
	}
	for _, w := range past.Warnings {
		t.Row("warning", term.EscapeMultiline(w))
	}
	a.thumbnail(rec)
	return t.Flush()
}
