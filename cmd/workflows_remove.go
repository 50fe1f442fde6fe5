package cmd

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/registry"
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
	if graph := unusedGraph(before, file, id); graph != "" && os.Remove(graph) == nil {
		_ = os.Remove(recordFile(graph)) // of its import
		a.note("removed %s", graph)
	}
	return a.printRemoved(id, file)
}

// unusedGraph is the graph file that import wrote for a workflow and that no
// other workflow uses, "" when there is none.
func unusedGraph(reg *registry.Registry, file, id string) string {
	own := "graphs/" + id + ".json"
	found := false
	for _, wf := range reg.Workflows() {
		if filepath.Dir(wf.Source.Path) != filepath.Dir(file) || wf.Path != own {
			continue
		}
		if wf.ID != id {
			return ""
		}
		found = true
	}
	if !found {
		return ""
	}
	return filepath.Join(filepath.Dir(file), filepath.FromSlash(own))
}
