package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newWorkflowsCmd(a *app) *cobra.Command {
	return group("workflows", "The registry: list, show, check, import and export workflows",
		"  easel workflows list\n  easel workflows show flux_single",
		newWorkflowsListCmd(a),
		newWorkflowsShowCmd(a),
		newWorkflowsValidateCmd(a),
		newWorkflowsNeedsCmd(a),
		newWorkflowsImportCmd(a),
		newWorkflowsExportCmd(a),
		newWorkflowsRemoveCmd(a),
		newWorkflowsSchemaCmd(a),
	)
}

// workflowsListOptions are the filters of `workflows list`.
type workflowsListOptions struct {
	app      *app
	category string
	family   string
	ready    bool
	backend  string
}

func newWorkflowsListCmd(a *app) *cobra.Command {
	o := &workflowsListOptions{app: a}
	c := &cobra.Command{
		Use:   "list",
		Short: "List the workflows",
		Long: `List the workflows. With --ready, ask the backend and show which ones run there
as they are, and what the others miss: nodes, models, a newer ComfyUI.`,
		Example: `  easel workflows list
  easel workflows list --category edit
  easel workflows list --ready --backend studio
  easel workflows list --jq '.[].id'`,
		Args: exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error { return runWorkflowsList(c.Context(), o) },
	}
	c.Flags().StringVar(&o.category, "category", "", "only those of a `CATEGORY`")
	c.Flags().StringVar(&o.family, "family", "", "only those of a model `FAMILY`")
	c.Flags().BoolVar(&o.ready, "ready", false, "show what runs on the backend, and what is missing there")
	addBackendFlag(a, c, &o.backend)
	a.completeFacts(c, "category", func(wf *registry.Workflow) string { return wf.Category })
	a.completeFacts(c, "family", func(wf *registry.Workflow) string { return wf.ModelFamily })
	return c
}

// completeFacts completes a filter with what the workflows have.
func (a *app) completeFacts(c *cobra.Command, flag string, fact func(*registry.Workflow) string) {
	_ = c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		reg, err := a.registry()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var words []string
		for _, wf := range reg.Workflows() {
			if word := fact(wf); word != "" && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	})
}

// addBackendFlag declares --backend for a command that asks a backend something.
func addBackendFlag(a *app, c *cobra.Command, to *string) {
	c.Flags().StringVarP(to, "backend", "b", "", "which backend is asked: a `NAME`, http://HOST:PORT, or emulator")
	_ = c.RegisterFlagCompletionFunc("backend", a.completeBackends)
}

func runWorkflowsList(ctx context.Context, o *workflowsListOptions) error {
	if o.backend != "" && !o.ready {
		return usagef("add --ready", "--backend is asked only with --ready")
	}
	reg, err := o.app.registry()
	if err != nil {
		return err
	}
	found := []*registry.Workflow{}
	for _, wf := range reg.Workflows() {
		if (o.category == "" || wf.Category == o.category) && (o.family == "" || wf.ModelFamily == o.family) {
			found = append(found, wf)
		}
	}
	if o.ready {
		return listReady(ctx, o, found)
	}
	if o.app.global.json {
		return o.app.printJSON(found)
	}
	t := term.NewTable(o.app.streams, "ID", "NAME", "CATEGORY", "FAMILY", "SOURCE")
	for _, wf := range found {
		t.Row(wf.ID, wf.Name, wf.Category, wf.ModelFamily, wf.Source.Layer)
	}
	return t.Flush()
}

func newWorkflowsShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show WORKFLOW",
		Short:             "Show a workflow: what it does, its parameters, an example",
		Example:           "  easel workflows show flux_single\n  easel workflows show flux_single --json",
		Args:              exactArgs("a workflow"),
		ValidArgsFunction: firstWord(a.completeIDs),
		RunE:              func(_ *cobra.Command, args []string) error { return runWorkflowsShow(a, args[0]) },
	}
}

func runWorkflowsShow(a *app, word string) error {
	t, err := a.resolveTarget(word)
	if err != nil {
		return err
	}
	wf := t.workflow
	if a.global.json {
		return a.printJSON(wf)
	}
	params, err := wf.Parameters()
	if err != nil {
		return err
	}
	w, st := a.streams.Out, a.streams.OutStyle()
	fmt.Fprintf(w, "%s\n", describeWorkflow(wf))
	if example := exampleCommand(t.word, wf); example != "" {
		fmt.Fprintf(w, "\n%s\n  %s\n", st.Bold("Example"), example)
	}
	fmt.Fprintf(w, "\n%s\n", st.Bold("Parameters"))
	table := term.NewTable(a.streams, "NAME", "TYPE", "RANGE", "DEFAULT", "DESCRIPTION")
	for _, p := range params {
		table.Row(p.Name, typeWord(p), valuesOf(p), defaultOrRequired(p), strings.TrimSuffix(p.Description, "."))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(wf.Models) > 0 {
		fmt.Fprintf(w, "\n%s\n", st.Bold("Models it needs"))
		models := term.NewTable(a.streams, "FOLDER", "FILE", "SIZE", "PAGE")
		for _, m := range wf.Models {
			models.Row(m.Folder, m.File, gigabytes(m.SizeGB), m.Page)
		}
		return models.Flush()
	}
	return nil
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

func newWorkflowsSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of registry files",
		Long:    "Print the JSON Schema of registry files, for editors that check and complete\nJSON and YAML while you type.",
		Example: "  easel workflows schema > registry.schema.json",
		Args:    exactArgs(),
		RunE:    func(*cobra.Command, []string) error { return a.printJSON(registry.Schema()) },
	}
}
