package cmd

import (
	"context"
	"slices"
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
	saved    bool
	backend  string
}

func newWorkflowsListCmd(a *app) *cobra.Command {
	o := &workflowsListOptions{app: a}
	c := &cobra.Command{
		Use:   "list",
		Short: "List the workflows",
		Long: `List the workflows. With --ready, ask the backend and show which ones run there
as they are, and what the others miss: nodes, models, a newer ComfyUI. With
--from-server, list those that ComfyUI's editor saved on the backend instead:
easel generate server:NAME runs one, easel workflows import --from-server NAME
makes it a workflow.`,
		Example: `  easel workflows list
  easel workflows list --category editing
  easel workflows list --ready --backend studio
  easel workflows list --from-server --backend studio
  easel workflows list --jq '.[].id'`,
		Args: exactArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.saved {
				return listSaved(c.Context(), o)
			}
			return runWorkflowsList(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.category, "category", "", "only those of a `CATEGORY`")
	c.Flags().StringVar(&o.family, "family", "", "only those of a model `FAMILY`")
	c.Flags().BoolVar(&o.ready, "ready", false, "show what runs on the backend, and what is missing there")
	c.Flags().BoolVar(&o.saved, "from-server", false, "list the workflows that are saved on the backend")
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
		return usagef("add --ready or --from-server", "--backend is asked only with --ready or --from-server")
	}
	reg, err := o.app.registry()
	if err != nil {
		return err
	}
	found := []*registry.Workflow{}
	for _, wf := range reg.List(o.category) {
		if o.family == "" || wf.ModelFamily == o.family {
			found = append(found, wf)
		}
	}
	if len(found) == 0 {
		o.tellKinds(reg)
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

// tellKinds says which categories and families there are.
func (o *workflowsListOptions) tellKinds(reg *registry.Registry) {
	var categories, families []string
	for _, wf := range reg.Workflows() {
		categories, families = append(categories, wf.Category), append(families, wf.ModelFamily)
	}
	for _, kind := range []struct {
		given, what string
		known       []string
	}{{o.category, "category", categories}, {o.family, "family", families}} {
		if slices.Sort(kind.known); kind.given != "" && !slices.Contains(kind.known, kind.given) {
			o.app.note("note: no workflow is of the %s %s; there are %s", kind.what, kind.given, strings.Join(slices.Compact(kind.known), ", "))
		}
	}
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
