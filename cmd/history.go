package cmd

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newHistoryCmd(a *app) *cobra.Command {
	return group("history", "Runs of this machine",
		"  easel history list\n  easel history show last",
		newHistoryListCmd(a),
		newHistoryShowCmd(a),
		newHistoryOpenCmd(a),
		newHistoryPruneCmd(a),
	)
}

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

// A pastRun is one entry of `history list --json`: what the run was asked for,
// how far it came and what it left. How easel keeps it is nobody else's matter.
type pastRun struct {
	ID             string       `json:"id"`
	State          ledger.State `json:"state"`
	Created        time.Time    `json:"created"`
	Updated        time.Time    `json:"updated"`
	Error          *string      `json:"error"`
	Workflow       string       `json:"workflow"`
	WorkflowDigest string       `json:"workflow_digest"`
	Backend        string       `json:"backend"`
	PromptID       string       `json:"prompt_id"`
	Seed           *run.Seed    `json:"seed"`
	Character      *string      `json:"character"`
	Parameters     run.Values   `json:"parameters"`
	Out            string       `json:"out"` // folder of the outputs, absolute
	Outputs        []run.Output `json:"outputs"`
	Timing         *run.Timing  `json:"timing"` // null before the end
	Warnings       []string     `json:"warnings"`

	// `history show` has these too.
	Inputs []run.Input  `json:"inputs,omitempty"`
	Graph  *comfy.Graph `json:"graph,omitempty"`
}

func (a *app) pastRunOf(rec ledger.Record) pastRun {
	p := pastRun{
		ID: rec.ID, State: rec.State, Created: rec.Created, Updated: rec.Updated, Error: text(rec.Error), Workflow: rec.Workflow,
		WorkflowDigest: rec.WorkflowDigest, Backend: rec.Backend, PromptID: rec.PromptID, Outputs: []run.Output{}, Warnings: []string{},
	}
	if t, err := run.OpenTicket(rec.Request); err == nil {
		p.Seed, p.Character, p.Parameters, p.Out = t.Seed, text(t.Character), t.Parameters, t.Out
		p.Warnings = append(p.Warnings, t.Warnings...)
	}
	var res run.Result
	if json.Unmarshal(rec.Result, &res) == nil {
		p.Outputs, p.Timing, p.Warnings = res.Outputs, &res.Timing, res.Warnings
	}
	for i := range p.Outputs {
		p.Outputs[i].Path = a.storedPath(p.Out, p.Outputs[i].Path)
	}
	return p
}

// storedPath is where an output is, for whoever asks from any folder: results
// name it relative to the folder that the run was started in. It is - for what
// went to stdout.
func (a *app) storedPath(out, path string) string {
	switch {
	case wentToStdout(out):
		return "-"
	case filepath.IsAbs(path):
		return path
	case out != "":
		return within(out, path)
	}
	return a.path(path)
}

// wentToStdout reports whether a run stored in a folder that lasted until its
// output was written to stdout.
func wentToStdout(out string) bool { return strings.HasPrefix(filepath.Base(out), stdoutFolder) }

// printRun shows one recorded run.
func (a *app) printRun(rec ledger.Record) error {
	past := a.pastRunOf(rec)
	if a.global.json {
		if t, err := run.OpenTicket(rec.Request); err == nil {
			past.Inputs, past.Graph = t.Inputs, t.Graph
		}
		return a.printJSON(past)
	}
	t := term.NewPairs(a.streams)
	t.Row("run", rec.ID)
	t.Row("state", string(rec.State))
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
		for _, nv := range ticket.Parameters {
			t.Row(nv.Name, term.EscapeMultiline(jsonText(nv.JSON)))
		}
	}
	if took := past.seconds(); took != "" {
		t.Row("took", took+" s")
	}
	for _, o := range past.Outputs {
		t.Row("output", o.Path)
	}
	a.thumbnail(rec)
	return t.Flush()
}
