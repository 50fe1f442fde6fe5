package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// importOptions are the settings of `workflows import`.
type importOptions struct {
	app         *app
	id          string
	name        string
	description string
	backend     string
	objectInfo  string
	fromServer  string
	params      []string
	project     bool
	force       bool
}

func newWorkflowsImportCmd(a *app) *cobra.Command {
	o := &importOptions{app: a}
	c := &cobra.Command{
		Use:   "import FILE|URL|-|server:NAME",
		Short: "Make a workflow of any workflow file, or of the one inside a picture",
		Long: `Make a workflow of a file saved by ComfyUI's editor, of an API-format graph, or of
either inside a picture, video or sound made by ComfyUI: a registry entry, and
the graph beside it. server:NAME, or --from-server NAME, is a workflow saved on
the backend; easel workflows list --from-server lists them. Node definitions,
ranges and choices are those of the server that --backend or the settings name.
It is written to the user's registry, or to the project's with --project.

Parameters are what the graph's author marked by the titles of nodes:
$name.input!:description, #name, <Label:category:1/2> 1, 50, VC_BASIC Label, or
a primitive with a title. Without marks they are the usual controls: size,
steps, cfg, sampler, models. Prompt, seed, image and mask need no mark, and
--param names more without editing the graph: the place is CLASS.INPUT,
#TITLE.INPUT or NODE.INPUT. Parameters are bound by class or title where
these are unique, so that the graph can be exported again.`,
		Example: `  easel workflows import graph_api.json --id portrait --backend studio
  easel workflows import picture.png --name "Old photo" --project
  easel workflows import --from-server portrait --backend studio
  easel workflows import graph_api.json --param size=EmptyImage.width
  easel workflows validate portrait --backend studio`,
		Args: o.args,
		RunE: func(c *cobra.Command, args []string) error {
			if o.fromServer != "" {
				args = []string{plan.ServerFile(o.fromServer)}
			}
			return runWorkflowsImport(c.Context(), o, args[0])
		},
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.id, "id", "", "`ID` of the workflow (default: from the file's name)")
	f.StringVar(&o.name, "name", "", "`NAME` for people (default: the id)")
	f.StringVar(&o.description, "description", "", "what it does, in a `SENTENCE`")
	f.Var(&listFlag{&o.params, "NAME=PLACE"}, "param", "a parameter NAME for the graph's input PLACE: size=EmptyImage.width (repeatable)")
	f.StringVar(&o.fromServer, "from-server", "", "import the workflow `NAME` that is saved on the backend")
	addBackendFlag(a, c, &o.backend)
	f.StringVar(&o.objectInfo, "object-info", "", "take the node definitions of a `FILE` instead of a backend's")
	f.BoolVar(&o.project, "project", false, "write to the project's registry instead of the user's")
	f.BoolVar(&o.force, "force", false, "replace a workflow of the same id there")
	return c
}

// args checks that one thing is named to import.
func (o *importOptions) args(c *cobra.Command, args []string) error {
	switch {
	case o.fromServer != "" && len(args) > 0:
		return usagef("leave one of them out", "--from-server names the workflow, and %s another", args[0])
	case o.fromServer != "":
		return nil
	case o.objectInfo != "" && o.backend != "":
		return usagef("give one of them", "--object-info and --backend both say whose definitions count")
	}
	return exactArgs("a file")(c, args)
}

// An importedWorkflow is what `workflows import --json` prints.
type importedWorkflow struct {
	ID       string             `json:"id"`
	File     string             `json:"file"`  // registry file
	Graph    string             `json:"graph"` // graph file
	Entry    *registry.Workflow `json:"entry"`
	Notes    []string           `json:"notes"`
	Problems []registry.Problem `json:"problems"` // what validate will say
}

func runWorkflowsImport(ctx context.Context, o *importOptions, file string) error {
	a := o.app
	read, err := (&graphReader{app: a, backend: o.backend, objectInfo: o.objectInfo}).read(ctx, file)
	if err != nil {
		return err
	}
	loose, err := plan.DraftFile(read)
	if err != nil {
		return err
	}
	g := read.Graph
	id := o.id
	if id == "" {
		if id = idFrom(loose.ID); id == "" {
			return usagef("give it one: --id my_workflow", "the file's name %q has no letters or digits for an id", filepath.Base(file))
		}
	}
	if err := checkID("--id", id); err != nil {
		return err
	}
	src, err := a.source(o.project)
	if err != nil {
		return err
	}
	draft := registry.DraftOptions{ID: id, Name: o.name, Description: o.description, Path: "graphs/" + id + ".json"}
	if draft.Description == "" {
		draft.Description = "Imported from " + plan.FileName(file)
	}
	if draft.Named, err = namedParams(o.params); err != nil {
		return err
	}
	if draft.Definitions, err = o.definitions(ctx, loose); err != nil {
		return err
	}
	wf, notes, err := registry.Draft(g, draft)
	if err != nil {
		return err
	}
	res := importedWorkflow{ID: id, Entry: wf, Notes: append([]string{}, notes...), Problems: wf.Check()}
	if res.Problems == nil {
		res.Problems = []registry.Problem{}
	}
	reg, err := a.registry()
	if err != nil {
		return err
	}
	if other, err := reg.Workflow(id); err == nil && other.Source.Layer == "built-in" {
		res.Notes = append(res.Notes, "it takes the place of the built-in workflow "+id)
	}
	if err := o.write(src, &res, g); err != nil {
		return err
	}
	return o.report(&res)
}

// namedParams reads the values of --param.
func namedParams(words []string) ([]registry.Named, error) {
	var named []registry.Named
	for _, word := range words {
		name, target, ok := strings.Cut(word, "=")
		if !ok || name == "" || target == "" {
			return nil, usagef("write --param size=EmptyImage.width", "--param %s is not NAME=PLACE", word)
		}
		named = append(named, registry.Named{Name: name, Target: target})
	}
	return named, nil
}

// write stores the graph, then the entry that names it.
func (o *importOptions) write(src sources.Source, res *importedWorkflow, g *comfy.Graph) error {
	if holder, err := src.Find(sources.Workflows, res.ID); err != nil {
		return err
	} else if holder != "" && !o.force {
		return &storage.Error{Op: "import", Location: fmt.Sprintf("workflow %s in %s", res.ID, holder), Err: storage.ErrExist}
	} else if holder != "" {
		res.File = holder
	} else {
		res.File = src.Registry()
	}
	res.Graph = filepath.Join(filepath.Dir(res.File), "graphs", res.ID+".json")
	if _, err := os.Stat(res.Graph); err == nil && !o.force {
		return &storage.Error{Op: "write", Location: res.Graph, Err: storage.ErrExist}
	}
	raw, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("write the graph of %s: %w", res.ID, err)
	}
	entry, err := json.Marshal(res.Entry)
	if err != nil {
		return fmt.Errorf("write the entry of %s: %w", res.ID, err)
	}
	return writeGraph(res.Graph, raw, func() error {
		_, err := src.Set(sources.Workflows, res.ID, entry, o.force)
		return err
	})
}

// writeGraph writes a graph file, and then the entry that names it. A graph that
// no entry came to is taken away again, unless it took the place of another.
func writeGraph(path string, raw json.RawMessage, entry func() error) error {
	_, before := os.Stat(path)
	if err := sources.Write(path, textdoc.Pretty(raw)); err != nil {
		return err
	}
	err := entry()
	if err != nil && errors.Is(before, fs.ErrNotExist) {
		_ = os.Remove(path)
	}
	return err
}

// definitions are a server's, of the classes that a workflow uses; nil without
// one. The settings' server need not be there, as nobody asked for it now.
func (o *importOptions) definitions(ctx context.Context, wf *registry.Workflow) (map[string]*comfy.ClassInfo, error) {
	cfg, err := o.app.config()
	if err != nil || o.backend == "" && cfg.Backend == "" {
		return nil, err
	}
	s, err := o.app.survey(ctx, o.backend, []*registry.Workflow{wf})
	var away *comfy.UnreachableError
	if o.backend == "" && errors.As(err, &away) {
		o.app.note("note: ranges and choices are not the server's: %s", away)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lacks, err := s.Check(ctx, wf)
	if err != nil {
		return nil, err
	}
	for _, l := range lacks {
		o.app.note("note: %s", l.Problem.Message)
	}
	return s.Definitions(), nil
}
