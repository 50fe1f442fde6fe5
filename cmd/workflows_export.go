package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

func newWorkflowsExportCmd(a *app) *cobra.Command {
	out, force := "", false
	c := &cobra.Command{
		Use:   "export WORKFLOW",
		Short: "Print a workflow's graph, or write it with its entry into a folder",
		Long: `Print a workflow's graph as the file that ComfyUI opens (API format). With --out
DIR, write DIR/registry.json with its entry and DIR/graphs/ID.json: a registry
of its own, to share or to change. With --json, print entry and graph.`,
		Example: `  easel workflows export flux_single > flux_single.json
  easel workflows export flux_single --out shared/
  easel generate flux_single "a fox" --registry shared/`,
		Args:              exactArgs("a workflow"),
		ValidArgsFunction: firstWord(a.completeIDs),
		RunE:              func(_ *cobra.Command, args []string) error { return runWorkflowsExport(a, args[0], out, force) },
	}
	c.Flags().StringVarP(&out, "out", "o", "-", "a `DIR`, or - for stdout")
	c.Flags().BoolVar(&force, "force", false, "replace the workflow in DIR")
	return c
}

func runWorkflowsExport(a *app, id, out string, force bool) error {
	reg, err := a.registry()
	if err != nil {
		return err
	}
	wf, err := reg.Workflow(id)
	if err != nil {
		return err
	}
	g, err := wf.Graph()
	if err != nil {
		return err
	}
	switch {
	case out == "-" && a.global.json:
		return a.printJSON(struct {
			Entry *registry.Workflow `json:"entry"`
			Graph *comfy.Graph       `json:"graph"`
		}{wf, g})
	case out == "-":
		raw, err := json.Marshal(g)
		if err != nil {
			return fmt.Errorf("write the graph of %s: %w", id, err)
		}
		_, err = a.streams.Out.Write(textdoc.Pretty(raw))
		return err
	}
	return exportTo(a, wf, g, a.path(out), force)
}

// exportTo makes a folder a registry that holds the workflow.
func exportTo(a *app, wf *registry.Workflow, g *comfy.Graph, dir string, force bool) error {
	src := sources.Folder(dir)
	graph := filepath.Join(dir, "graphs", wf.ID+".json")
	if _, err := os.Stat(graph); err == nil && !force {
		return &storage.Error{Op: "write", Location: graph, Err: storage.ErrExist}
	}
	entry, err := entryAt(wf, "graphs/"+wf.ID+".json")
	if err != nil {
		return err
	}
	raw, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("write the graph of %s: %w", wf.ID, err)
	}
	var file string
	if err := writeGraph(graph, raw, func() (err error) {
		file, err = src.Set(sources.Workflows, wf.ID, entry, force)
		return err
	}); err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(map[string]string{"id": wf.ID, "file": file, "graph": graph})
	}
	_, err = fmt.Fprintf(a.streams.Out, "%s\n%s\n", file, graph)
	return err
}

// entryAt is an entry whose graph stands elsewhere.
func entryAt(wf *registry.Workflow, path string) (json.RawMessage, error) {
	members, err := registry.DecodeObject(wf.ID, wf.Complete())
	if err != nil {
		return nil, err
	}
	entry := []byte{'{'}
	for i, m := range members {
		if m.Name == "workflow_path" {
			m.JSON = comfy.RawString(path)
		}
		if i > 0 {
			entry = append(entry, ',')
		}
		entry = append(append(append(entry, comfy.RawString(m.Name)...), ':'), m.JSON...)
	}
	return append(entry, '}'), nil
}
