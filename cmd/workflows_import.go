package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/internal/plan"
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
	mapping     string
	params      []string
	drop        []string
	project     bool
	force       bool
	update      bool
	dryRun      bool
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

Parameters are what the file's author chose: the inputs of the editor's App
mode, or what the titles of nodes mark: $name.input!:description, #name,
<Label:category:1/2> 1, 50, VC_BASIC Label. Else they are what the boxes of
subgraphs show, primitives with titles, and what people change in such a graph:
prompts, files, size, steps, models. Files of comfy-swap, comfyui-skill and
RunningHub that describe parameters are read too, with --mapping.

On a terminal you are asked whether that is right; --param adds one, --drop
takes one out: the place is CLASS.INPUT, #TITLE.INPUT or NODE.INPUT. Parameters
are bound by class or title where these are unique, so that the graph can be
saved again in the editor. --update reads a changed file again, or a changed
server, and keeps what you changed in the entry or the graph by hand; where both
changed the same place, yours stays, it is said, and the exit code is 3.`,
		Example: `  easel workflows import picture.png --backend studio
  easel workflows import poster.app.json --id poster --project
  easel workflows import --from-server portrait --backend studio
  easel workflows import graph_api.json --param size=EmptyImage.width --drop seed
  easel workflows import --update poster`,
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
	f.StringVar(&o.name, "name", "", "`NAME` for people (default: what the file says, else the id)")
	f.StringVar(&o.description, "description", "", "what it does, in a `SENTENCE`")
	f.Var(&listFlag{&o.params, "NAME=PLACE"}, "param", "a parameter NAME for the graph's input PLACE: cfg=KSampler.cfg (repeatable)")
	f.Var(&listFlag{&o.drop, "NAME"}, "drop", "a parameter that is not wanted (repeatable)")
	f.StringVar(&o.mapping, "mapping", "", "take the parameters that a `FILE` of another program describes")
	f.StringVar(&o.fromServer, "from-server", "", "import the workflow `NAME` that is saved on the backend")
	addBackendFlag(a, c, &o.backend)
	f.StringVar(&o.objectInfo, "object-info", "", "take the node definitions of a `FILE` instead of a backend's")
	f.BoolVar(&o.project, "project", false, "write to the project's registry instead of the user's")
	f.BoolVar(&o.update, "update", false, "bring an imported workflow up to date, named by its file or its id")
	f.BoolVar(&o.force, "force", false, "replace a workflow of the same id there")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what it would be, and write nothing")
	return c
}

// args checks that one thing is named to import.
func (o *importOptions) args(c *cobra.Command, args []string) error {
	switch {
	case o.fromServer != "" && len(args) > 0:
		return usagef("leave one of them out", "--from-server names the workflow, and %s another", args[0])
	case o.objectInfo != "" && o.backend != "":
		return usagef("give one of them", "--object-info and --backend both say whose definitions count")
	case o.update && o.force:
		return usagef("give one of them", "--update keeps what was changed, and --force replaces it")
	case o.fromServer != "":
		return nil
	}
	return exactArgs("a file")(c, args)
}

// An importedWorkflow is what `workflows import --json` prints.
type importedWorkflow struct {
	ID        string                 `json:"id"`
	File      string                 `json:"file"`  // registry file
	Graph     string                 `json:"graph"` // graph file
	Written   bool                   `json:"written"`
	Entry     *registry.Workflow     `json:"entry"`
	Landings  []landing              `json:"parameters"`
	Missing   []importer.MissingNode `json:"missing_nodes"`
	Absent    []importer.AbsentModel `json:"missing_models"`
	Notes     []string               `json:"notes"`
	Problems  []registry.Problem     `json:"problems"` // what validate will say
	Conflicts []importer.Conflict    `json:"conflicts"`
	Command   string                 `json:"command"` // that runs it
	graph     *comfy.Graph
}

func runWorkflowsImport(ctx context.Context, o *importOptions, word string) error {
	a := o.app
	src, err := a.source(o.project)
	if err != nil {
		return err
	}
	var before *imported
	if o.update {
		if before, word, err = o.find(src, word); err != nil {
			return err
		}
	}
	in, err := o.read(ctx, word)
	if err != nil {
		return err
	}
	if before != nil {
		in.continues(before)
	}
	if in.id == "" {
		return usagef("give it one: --id my_workflow", "the file's name %q has no letters or digits for an id", plan.FileName(word))
	}
	if err := checkID("--id", in.id); err != nil {
		return err
	}
	res, err := o.draft(in)
	if err != nil {
		return err
	}
	if o.asks() {
		if res, err = o.choose(ctx, in, res); err != nil || res == nil {
			return err
		}
	}
	if err := o.write(src, in, res, before); err != nil {
		return err
	}
	if err := o.report(in, res); err != nil {
		return err
	}
	return o.verdict(in, res)
}

// draft makes the entry, and says what of it is worth knowing.
func (o *importOptions) draft(in *importing) (*importedWorkflow, error) {
	wf, notes, err := importer.Draft(in.file, in.mapping, in.options)
	if err != nil {
		return nil, err
	}
	res := &importedWorkflow{ID: in.id, Notes: append([]string{}, notes...), Conflicts: []importer.Conflict{}}
	o.settle(in, res, wf, in.file.Graph)
	return res, nil
}

// settle fills in what follows from entry and graph.
func (o *importOptions) settle(in *importing, res *importedWorkflow, wf *registry.Workflow, g *comfy.Graph) {
	res.Entry, res.graph = wf, g
	checked := checkWorkflow(o.app, wf)
	res.Landings, res.Problems = checked.Parameters, checked.Problems
	res.Command = exampleCommand(res.ID, wf)
	res.Missing, res.Absent = importer.Lacks(in.file, in.defs, in.aliases, wf)
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

// marshal writes what only holds plain data.
func marshal(what string, v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", what, err)
	}
	return raw, nil
}
