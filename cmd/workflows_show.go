package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

// workflowsShowOptions say whose choices are shown.
type workflowsShowOptions struct {
	app     *app
	backend string
}

func newWorkflowsShowCmd(a *app) *cobra.Command {
	o := &workflowsShowOptions{app: a}
	c := &cobra.Command{
		Use:   "show WORKFLOW",
		Short: "Show a workflow: what it does, its parameters, an example",
		Long: `Show a workflow: what it does, its parameters, an example. Of @PRESET, the values
of the preset too. With --backend, the choices are those of that backend.`,
		Example: `  easel workflows show flux_single
  easel workflows show sd_single --backend studio
  easel workflows show flux_single --json`,
		Args:              exactArgs("a workflow"),
		ValidArgsFunction: firstWord(a.completeIDs),
		RunE:              func(c *cobra.Command, args []string) error { return runWorkflowsShow(c.Context(), o, args[0]) },
	}
	addBackendFlag(a, c, &o.backend)
	return c
}

func runWorkflowsShow(ctx context.Context, o *workflowsShowOptions, word string) error {
	a := o.app
	t, err := a.resolveTarget(word)
	if err != nil {
		return err
	}
	wf := t.workflow
	offered, err := o.offer(ctx, wf)
	if err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(shownWorkflow{wf, offered, o.backend != ""})
	}
	params, err := wf.Parameters()
	if err != nil {
		return err
	}
	w, st := a.streams.Out, a.streams.OutStyle()
	if a.streams.OutTTY {
		a.helpPage().lines(describeWorkflow(wf))
	} else {
		fmt.Fprintln(w, describeWorkflow(wf))
	}
	if example := exampleCommand(t.word, wf); example != "" {
		fmt.Fprintf(w, "\n%s\n  %s\n", st.Bold("Example"), example)
	}
	fmt.Fprintf(w, "\n%s\n", st.Bold("Parameters"))
	table := term.NewTable(a.streams, "NAME", "TYPE", "RANGE", "DEFAULT", "DESCRIPTION")
	for _, p := range params {
		values := valuesOf(p)
		if names := offered.choices[p.Name]; len(names) > 0 {
			values = excerpt(names)
		}
		value := defaultOrRequired(p)
		if preset, ok := t.presetValue(p); ok {
			value = preset + " (" + t.word + ")"
		}
		table.Row(p.Name, typeWord(p), values, value, strings.TrimSuffix(p.Description, "."))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := a.printOffer(offered, params); err != nil {
		return err
	}
	if t.order.Character != "" {
		fmt.Fprintf(w, "\n%s has the character %s.\n", t.word, t.order.Character)
	}
	if len(wf.Models) > 0 {
		fmt.Fprintf(w, "\n%s\n", st.Bold("Models it needs"))
		models := term.NewTable(a.streams, "FOLDER", "FILE", "SIZE", "PAGE").Whole(0, 1, 3)
		for _, m := range wf.Models {
			models.Row(m.Folder, m.File, gigabytes(m.SizeGB), m.Page)
		}
		if err := models.Flush(); err != nil {
			return err
		}
		_, err := fmt.Fprint(w, a.describeDefaults(wf))
		return err
	}
	return nil
}

// printOffer lists the choices that the table has no room for.
func (a *app) printOffer(offered *offer, params []*registry.Parameter) error {
	pairs, many := term.NewPairs(a.streams), false
	for _, p := range params {
		if names := offered.choices[p.Name]; len(names) > fewNames {
			pairs.Row(p.Name, strings.Join(names, ", "))
			many = true
		}
	}
	if !many {
		return nil
	}
	fmt.Fprintf(a.streams.Out, "\n%s\n", a.streams.OutStyle().Bold("Choices on "+offered.backend))
	return pairs.Flush()
}

// offer is what the backend has: asked when one is named, else as far as it is
// known.
func (o *workflowsShowOptions) offer(ctx context.Context, wf *registry.Workflow) (*offer, error) {
	switch {
	case o.backend != "":
		return o.app.offerOf(ctx, o.backend, wf)
	case o.app.global.json:
		return &offer{}, nil
	}
	return o.app.keptOffer(ctx, "", wf), nil
}

// A shownWorkflow is the entry as it stands in its file, and with --backend
// what the backend offers for its parameters.
type shownWorkflow struct {
	entry   *registry.Workflow
	offered *offer
	asked   bool
}

// MarshalJSON adds the choices at the end of the entry.
func (s shownWorkflow) MarshalJSON() ([]byte, error) {
	if !s.asked {
		return json.Marshal(s.entry)
	}
	return withMore(s.entry, struct {
		Choices map[string][]string `json:"backend_choices"`
	}{s.offered.choices})
}

// valuesOf says what a parameter takes: its range, its choices, or where they
// come from.
func valuesOf(p *registry.Parameter) string {
	switch {
	case len(p.Choices) > 0:
		return strings.Join(p.Choices, ", ")
	case p.ChoicesFrom != "":
		return "the server's list"
	case p.Type == registry.TypeModel:
		return "the server's " + p.Folder
	}
	return rangeOf(p)
}

func defaultOrRequired(p *registry.Parameter) string {
	if d := defaultOf(p); d != "" || !p.Required {
		return d
	}
	return "(required)"
}

func gigabytes(gb float64) string {
	if gb == 0 {
		return ""
	}
	return strconv.FormatFloat(gb, 'f', -1, 64) + " GB"
}

// describeWorkflow is the head of a workflow's help and page.
func describeWorkflow(wf *registry.Workflow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", wf.ID, wf.Name)
	if wf.Description != "" {
		fmt.Fprintf(&b, "\n%s", wf.Description)
	}
	var facts []string
	for _, f := range []string{wf.Category, wf.ModelFamily} {
		if f != "" {
			facts = append(facts, f)
		}
	}
	if wf.RequiresInputImage {
		facts = append(facts, "needs an image")
	}
	if wf.RequiresMask {
		facts = append(facts, "needs a mask")
	}
	if wf.SupportsBatch && wf.MaxBatchSize > 0 {
		facts = append(facts, fmt.Sprintf("up to %d images at once", wf.MaxBatchSize))
	}
	if wf.MinVersion != "" {
		facts = append(facts, "ComfyUI "+wf.MinVersion+" or newer")
	}
	if len(facts) > 0 {
		fmt.Fprintf(&b, "\n(%s)", strings.Join(facts, ", "))
	}
	return term.EscapeMultiline(b.String())
}
