package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// exportOptions are the settings of `workflows export`.
type exportOptions struct {
	app    *app
	out    string
	format string
	force  bool
}

// Formats of `workflows export`.
const (
	formatAPI      = "api"
	formatRegistry = "registry"
)

func newWorkflowsExportCmd(a *app) *cobra.Command {
	o := &exportOptions{app: a}
	c := &cobra.Command{
		Use:   "export WORKFLOW",
		Short: "Print a workflow's graph, or write it with its entry into a folder",
		Long: `Print a workflow's graph as the file that ComfyUI opens (API format). With --out
DIR, write DIR/registry.json with its entry and DIR/graphs/ID.json: a registry
of its own, to share or to change. --format says which of the two it is, also
the other way round: api with --out FILE writes the graph alone, and registry
without --out prints a registry file with the entry. With --json, print entry
and graph.`,
		Example: `  easel workflows export flux_single > flux_single.json
  easel workflows export flux_single --out shared/
  easel workflows export flux_single --format registry
  easel generate flux_single "a fox" --registry shared/`,
		Args:              exactArgs("a workflow"),
		ValidArgsFunction: firstWord(a.completeIDs),
		RunE:              func(_ *cobra.Command, args []string) error { return runWorkflowsExport(o, args[0]) },
	}
	c.Flags().StringVarP(&o.out, "out", "o", "-", "a `DIR`, with --format api a FILE, or - for stdout")
	c.Flags().StringVar(&o.format, "format", "", "`api|registry`: the graph alone, or a registry with the entry (default api on stdout, registry in a DIR)")
	c.Flags().BoolVar(&o.force, "force", false, "replace the workflow in DIR, or the FILE")
	completeWords(c, "format", formatAPI, formatRegistry)
	return c
}

func runWorkflowsExport(o *exportOptions, id string) error {
	a := o.app
	format := o.format
	if format == "" {
		format = formatRegistry
		if o.out == "-" {
			format = formatAPI
		}
	}
	if format != formatAPI && format != formatRegistry {
		return usagef("it is api or registry", "unknown --format %q", o.format)
	}
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
	case o.out == "-" && a.global.json:
		return a.printJSON(struct {
			Entry *registry.Workflow `json:"entry"`
			Graph *comfy.Graph       `json:"graph"`
		}{wf, g})
	case format == formatAPI:
		return exportGraph(o, wf, g)
	case o.out == "-":
		entry, err := entryAt(wf, "graphs/"+wf.ID+".json")
		if err != nil {
			return err
		}
		document := append(append(append([]byte(`{"workflows":{`), comfy.RawString(wf.ID)...), ':'), entry...)
		_, err = a.streams.Out.Write(textdoc.Pretty(append(document, '}', '}')))
		return err
	}
	return exportTo(a, wf, g, a.path(o.out), o.force)
}

// exportGraph prints the graph alone, or writes it into a file.
func exportGraph(o *exportOptions, wf *registry.Workflow, g *comfy.Graph) error {
	a := o.app
	raw, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("write the graph of %s: %w", wf.ID, err)
	}
	if o.out == "-" {
		_, err = a.streams.Out.Write(textdoc.Pretty(raw))
		return err
	}
	file := a.path(o.out)
	if info, err := os.Stat(file); err == nil && info.IsDir() || !strings.EqualFold(filepath.Ext(file), ".json") {
		file = filepath.Join(file, wf.ID+".json")
	}
	if _, err := os.Stat(file); err == nil && !o.force {
		return &storage.Error{Op: "write", Location: file, Err: storage.ErrExist}
	}
	if err := sources.Write(file, textdoc.Pretty(raw)); err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(map[string]string{"id": wf.ID, "graph": file})
	}
	_, err = fmt.Fprintln(a.streams.Out, file)
	return err
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
	if err := sources.WriteGraph(graph, raw, func() (err error) {
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
