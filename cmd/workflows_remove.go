package cmd

import (
	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/sources"
)

func newWorkflowsRemoveCmd(a *app) *cobra.Command {
	project := false
	c := &cobra.Command{
		Use:   "remove WORKFLOW",
		Short: "Remove a workflow from the user's registry, or the project's",
		Long: `Remove a workflow from the user's registry, or from the project's with
--project. The graph that import wrote beside it goes too; other graph files
stay. Built-in workflows cannot be removed.`,
		Example:           "  easel workflows remove portrait\n  easel workflows remove portrait --project",
		Args:              exactArgs("a workflow"),
		ValidArgsFunction: firstWord(a.completeIDs),
		RunE:              func(_ *cobra.Command, args []string) error { return runWorkflowsRemove(a, args[0], project) },
	}
	c.Flags().BoolVar(&project, "project", false, "remove it from the project's registry instead of the user's")
	return c
}

func runWorkflowsRemove(a *app, id string, project bool) error {
	before, err := a.registry()
	if err != nil {
		return err
	}
	file, err := a.removeEntry(sources.Workflows, id, project)
	if err != nil {
		return err
	}
	if graph := sources.RemoveGraph(before, file, id); graph != "" {
		a.note("removed %s", graph)
	}
	return a.printRemoved(id, file)
}
