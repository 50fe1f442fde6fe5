package cmd

import (
	"encoding/json"
	"fmt"
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

// historyListOptions are the limits of `history list`.
type historyListOptions struct {
	app      *app
	limit    int
	workflow string
	pictures bool
}

func newHistoryListCmd(a *app) *cobra.Command {
	o := &historyListOptions{app: a}
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the runs of this machine, the newest first",
		Example: "  easel history list\n  easel history list --workflow flux_single --limit 5\n  easel history list --jq '.[] | .outputs[].path'",
		Args:    exactArgs(),
		RunE:    func(*cobra.Command, []string) error { return runHistoryList(o) },
	}
	c.Flags().IntVar(&o.limit, "limit", 20, "at most `N` runs, 0 = all")
	c.Flags().StringVar(&o.workflow, "workflow", "", "only runs of a `WORKFLOW`")
	c.Flags().BoolVar(&o.pictures, "thumbnails", false, "show the first picture of each run, where the terminal can")
	return c
}

func runHistoryList(o *historyListOptions) error {
	if o.limit < 0 {
		return usagef("--limit 0 lists all", "--limit must not be negative")
	}
	h, err := o.app.history()
	if err != nil {
		return err
	}
	found := []ledger.Record{}
	for rec, err := range h.List() {
		if err != nil {
			return err
		}
		if o.workflow != "" && rec.Workflow != o.workflow {
			continue
		}
		found = append(found, rec)
		if o.limit > 0 && len(found) == o.limit {
			break
		}
	}
	if o.app.global.json {
		list := make([]pastRun, len(found))
		for i, rec := range found {
			list[i] = pastRunOf(rec)
		}
		return o.app.printJSON(list)
	}
	if o.pictures {
		return o.app.printThumbnails(found)
	}
	t := term.NewTable(o.app.streams, "RUN", "WHEN", "WORKFLOW", "BACKEND", "STATE", "OUTPUT")
	for _, rec := range found {
		out := ""
		if names := outputPaths(rec); len(names) > 0 {
			out = names[0]
			if len(names) > 1 {
				out += fmt.Sprintf(" (+%d)", len(names)-1)
			}
		}
		t.Row(rec.ID, when(o.app, rec.Created), rec.Workflow, rec.Backend, string(rec.State), out)
	}
	return t.Flush()
}

// when is "3 minutes ago" for people and RFC 3339 for programs.
func when(a *app, t time.Time) string {
	if a.streams.OutTTY {
		return term.Ago(t, time.Now())
	}
	return t.Format(time.RFC3339)
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

func pastRunOf(rec ledger.Record) pastRun {
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
	return p
}

// outputPaths are where the outputs of a recorded run were stored.
func outputPaths(rec ledger.Record) []string {
	var res run.Result
	if json.Unmarshal(rec.Result, &res) != nil {
		return nil
	}
	var paths []string
	for _, o := range res.Outputs {
		paths = append(paths, o.Path)
	}
	return paths
}

// printRun shows one recorded run.
func (a *app) printRun(rec ledger.Record) error {
	if a.global.json {
		past := pastRunOf(rec)
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
	for _, path := range outputPaths(rec) {
		t.Row("output", path)
	}
	a.thumbnail(rec)
	return t.Flush()
}
