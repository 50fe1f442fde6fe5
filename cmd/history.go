package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
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

// A pastRun is one entry of `history list --json`: what the run was asked for,
// how far it came and what it left. The form in which easel stores it is not part of the contract.
type pastRun struct {
	ID             string       `json:"id"`
	State          ledger.State `json:"state"` // a run that is done may be partial
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

// partial is the state of a run that is done and left less than it should have.
const partial = ledger.State(run.Partial)

func (a *app) pastRunOf(rec ledger.Record) pastRun {
	p := pastRun{
		ID: rec.ID, State: rec.State, Created: rec.Created, Updated: rec.Updated, Error: text(rec.Error), Workflow: rec.Workflow,
		WorkflowDigest: rec.WorkflowDigest, Backend: rec.Backend, PromptID: rec.PromptID, Outputs: []run.Output{}, Warnings: []string{},
	}
	if t, err := run.OpenTicket(rec.Request); err == nil {
		p.Seed, p.Character, p.Parameters, p.Out = t.Seed, text(t.Character), t.ShownParameters(), t.Out
		p.Warnings = append(p.Warnings, t.Warnings...)
	}
	var res run.Result
	if json.Unmarshal(rec.Result, &res) == nil {
		p.Outputs, p.Timing, p.Warnings = res.Outputs, &res.Timing, res.Warnings
		if rec.State == ledger.Done && res.Status == run.Partial {
			p.State = partial
		}
	}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		o.Path, o.File = a.storedPath(p.Out, o.Path), nil
		if _, err := os.Stat(o.Path); o.Destination != "" && err != nil { // it has been delivered since
			o.Path, o.Destination = o.Destination, ""
		}
		if filepath.IsAbs(o.Path) {
			o.File = &o.Path
		}
	}
	return p
}

// storedPath is where an output is, valid from any folder: results
// name it relative to the folder that the run was started in. It is - for what
// went to stdout.
func (a *app) storedPath(out, path string) string {
	switch {
	case wentToStdout(out):
		return "-"
	case filepath.IsAbs(path), stores.IsRemote(path):
		return path
	case out != "":
		return within(out, path)
	}
	return a.path(path)
}

// wentToStdout reports whether a run stored in a folder that lasted until its
// output was written to stdout.
func wentToStdout(out string) bool { return strings.HasPrefix(filepath.Base(out), stdoutFolder) }
