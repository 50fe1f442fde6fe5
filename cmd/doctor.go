package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newDoctorCmd(a *app) *cobra.Command {
	var backend string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong on this machine and its backends",
		Long: `Look for what is wrong: config files and who can read the secrets in them,
workflows and presets that cannot run, backends that do not answer or have known
holes, their clocks, the disk of the output folder, the terminal, and runs that
were never collected. Nothing is changed. Exit code 3 says that there is a problem; warnings
alone are exit code 0. All named backends are asked, or those that --backend names.`,
		Example: "  easel doctor\n  easel doctor --backend studio\n  easel doctor --jq '.[] | select(.state == \"problem\") | .message'",
		Args:    exactArgs(),
		RunE:    func(c *cobra.Command, _ []string) error { return runDoctor(c.Context(), a, backend) },
	}
	c.Flags().StringVarP(&backend, "backend", "b", "", "ask only this backend: a `NAME`, http://HOST:PORT, pod://ID, runpod://ID, or several with commas")
	_ = c.RegisterFlagCompletionFunc("backend", a.completeBackends)
	return c
}

// States of a finding.
const (
	stateOK      = "ok"
	stateWarning = "warning"
	stateProblem = "problem"
)

// A finding is one line of `doctor --json`.
type finding struct {
	Check   string `json:"check"`
	State   string `json:"state"` // ok, warning or problem
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (f finding) text() string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + "\n" + f.Hint
}

// mark is the state as a word of its colour.
func (f finding) mark(st term.Style) string {
	switch f.State {
	case stateProblem:
		return st.Bad(f.State)
	case stateWarning:
		return st.Warn(f.State)
	}
	return st.Good(f.State)
}

// checks are what the doctor looks at, in the order of the report. backend is what
// the user named, "" = all that there are.
func (a *app) checks(backend string) []func(context.Context) []finding {
	models := func(ctx context.Context) []finding { return a.checkModels(ctx, backend) }
	servers := func(ctx context.Context) []finding { return a.checkBackends(ctx, backend) }
	return []func(context.Context) []finding{
		a.checkVersion, a.checkConfig, a.checkWorkflows, a.checkNames, models, servers, a.checkDisk, a.checkTerminal, a.checkRuns,
	}
}

func runDoctor(ctx context.Context, a *app, backend string) error {
	found := []finding{}
	for _, check := range a.checks(backend) {
		found = append(found, check(ctx)...)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if err := a.printFindings(found); err != nil {
		return err
	}
	for _, f := range found {
		if f.State == stateProblem {
			return &reportedError{problem.ExitPartial}
		}
	}
	return nil
}

func (a *app) printFindings(found []finding) error {
	if a.global.json {
		return a.printJSON(found)
	}
	st := a.streams.OutStyle()
	if !a.streams.OutTTY {
		t := term.NewTable(a.streams)
		for _, f := range found {
			t.Row(f.State, f.Check, f.Message, f.Hint)
		}
		return t.Flush()
	}
	t := term.NewPairs(a.streams)
	for _, f := range found {
		text := f.mark(st) + strings.Repeat(" ", len(stateProblem)-len(f.State)) + "  " + f.Message
		if f.Hint != "" {
			text += "\n" + st.Faint(f.Hint)
		}
		t.Row(f.Check, text)
	}
	return t.Flush()
}
