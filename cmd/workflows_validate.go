package cmd

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newWorkflowsValidateCmd(a *app) *cobra.Command {
	backend := ""
	c := &cobra.Command{
		Use:   "validate [WORKFLOW|FILE...]",
		Short: "Check workflows and print where each parameter lands",
		Long: `Check workflows, all of them when none is named, and print where each parameter
lands in the graph. A parameter that lands nowhere, or in several places that
are not meant, is an error (exit 6). With --backend, what that server lacks is
one too: nodes, models, values. Where the server has only moved on, so that an
input is gone or a range or list of choices has become smaller than the entry
says, the workflow is out of date (exit 3).`,
		Example: `  easel workflows validate
  easel workflows validate flux_single
  easel workflows validate flux_single --backend studio
  easel workflows validate --registry ./registry.yaml`,
		ValidArgsFunction: a.completeIDs,
		RunE: func(c *cobra.Command, args []string) error {
			return runWorkflowsValidate(c.Context(), a, args, backend)
		},
	}
	addBackendFlag(a, c, &backend)
	return c
}

// A checkedWorkflow is one line of `workflows validate --json`.
type checkedWorkflow struct {
	ID         string             `json:"id"`
	OK         bool               `json:"ok"`
	Parameters []landing          `json:"parameters"`
	Problems   []registry.Problem `json:"problems"`
	Drift      []registry.Problem `json:"out_of_date"` // where the backend has moved on, though it still runs there
	imported   bool
}

// misplaces reports whether a parameter lands nowhere that has to.
func (r checkedWorkflow) misplaces() bool {
	return slices.ContainsFunc(r.Parameters, func(l landing) bool {
		return len(l.Targets) == 0 && slices.ContainsFunc(r.Problems, func(p registry.Problem) bool { return p.Parameter == l.Name })
	})
}

// A landing says where a parameter goes, and by which flag it is given.
type landing struct {
	Name    string   `json:"name"`
	Flag    string   `json:"flag"`
	Role    string   `json:"role,omitempty"`
	Targets []string `json:"targets"`
}

func runWorkflowsValidate(ctx context.Context, a *app, words []string, backend string) error {
	var chosen []*registry.Workflow
	for _, word := range words {
		t, err := a.resolveTarget(word)
		if err != nil {
			return err
		}
		chosen = append(chosen, t.workflow)
	}
	if len(words) == 0 {
		reg, err := a.registry()
		if err != nil {
			return err
		}
		chosen = reg.Workflows()
	}
	results := make([]checkedWorkflow, 0, len(chosen))
	for _, wf := range chosen {
		results = append(results, checkWorkflow(a, wf))
	}
	hint := "easel workflows schema prints what an entry may hold"
	if slices.ContainsFunc(results, func(r checkedWorkflow) bool { return r.misplaces() }) {
		hint = `bind says where a parameter lands: "bind": "KSampler.steps"`
	}
	if backend != "" {
		if err := checkOnBackend(ctx, a, backend, chosen, results); err != nil {
			return err
		}
		hint = "easel workflows needs ID prints the downloads of its models"
	}
	bad := 0
	for _, r := range results {
		if !r.OK {
			bad++
		}
	}
	if a.global.json {
		if err := a.printJSON(results); err != nil {
			return err
		}
	} else {
		printChecked(a, results)
	}
	if old := outOfDate(results); bad == 0 && len(old) > 0 {
		return &problem.OutOfDateError{
			Message: fmt.Sprintf("%d of %d %s out of date for %s", len(old), len(chosen), plural(len(chosen), "workflow"), backend),
			Hint:    updateHint(old, backend),
		}
	}
	if bad > 0 {
		return &invalidError{fmt.Sprintf("%d of %d %s cannot be used as written", bad, len(chosen), plural(len(chosen), "workflow")), hint}
	}
	return nil
}

// outOfDate are the workflows for which the backend has moved on.
func outOfDate(results []checkedWorkflow) []checkedWorkflow {
	return slices.DeleteFunc(slices.Clone(results), func(r checkedWorkflow) bool { return len(r.Drift) == 0 })
}

// updateHint says what brings the first of them up to date.
func updateHint(old []checkedWorkflow, backend string) string {
	if i := slices.IndexFunc(old, func(r checkedWorkflow) bool { return r.imported }); i >= 0 {
		return fmt.Sprintf("easel workflows import --update %s --backend %s", problem.ShellQuote(old[i].ID), problem.ShellQuote(backend))
	}
	return "change the entry, or keep to the values that the backend takes"
}

func checkWorkflow(a *app, wf *registry.Workflow) checkedWorkflow {
	r := checkedWorkflow{ID: wf.ID, Parameters: []landing{}, Problems: wf.Check(), Drift: []registry.Problem{}}
	if _, err := os.Stat(sources.RecordFile(filepath.Join(filepath.Dir(wf.Source.Path), filepath.FromSlash(wf.Path)))); err == nil {
		r.imported = true
	}
	if params, err := wf.Parameters(); err == nil {
		reserved := reservedFlags()
		for _, p := range params {
			l := landing{Name: p.Name, Flag: "--" + flagName(reserved, p.Name), Role: string(p.Role), Targets: []string{}}
			for _, t := range p.Targets {
				l.Targets = append(l.Targets, strings.TrimSuffix(t.String(), ".")) // a switch takes the node
			}
			switch {
			case p.ViaAlpha:
				l.Targets = append(l.Targets, "alpha of the image")
			case len(p.Targets) == 0 && (p.Role == registry.RoleLora || p.Role == registry.RoleLoraStrength):
				l.Targets = append(l.Targets, "a loader put behind the model's")
			}
			r.Parameters = append(r.Parameters, l)
		}
	}
	if r.Problems == nil {
		r.Problems = []registry.Problem{}
	}
	r.OK = len(r.Problems) == 0
	return r
}

func printChecked(a *app, results []checkedWorkflow) {
	w, st := a.streams.Out, a.streams.OutStyle()
	for _, r := range results {
		mark := st.Good("ok")
		switch {
		case !r.OK:
			mark = st.Bad("error")
		case len(r.Drift) > 0:
			mark = st.Bad("out of date")
		}
		fmt.Fprintf(w, "%s  %s\n", term.Escape(r.ID), mark)
		for _, l := range r.Parameters {
			line := l.Name + " -> " + cmp.Or(strings.Join(l.Targets, ", "), "nowhere")
			if strings.HasPrefix(l.Flag, "--param-") {
				line += "; its flag is " + l.Flag + ", since easel has one of that name"
			}
			fmt.Fprintf(w, "  %s\n", term.Escape(line))
		}
		for _, p := range slices.Concat(r.Problems, r.Drift) {
			line := p.Message
			if len(p.Nearest) > 0 {
				line += "; " + problem.DidYouMean(p.Nearest)
			}
			fmt.Fprintf(w, "  %s %s\n", st.Bad("!"), term.Escape(line))
			if p.Hint != "" {
				fmt.Fprintf(w, "    %s\n", st.Faint(term.Escape(p.Hint)))
			}
		}
	}
}
