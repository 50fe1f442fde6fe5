package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An importing is a file that becomes a workflow.
type importing struct {
	word    string // as it was named
	id      string
	file    *graphfile.File
	mapping *importer.Mapping // nil without one
	defs    graphfile.Definitions
	aliases map[string]string
	options registry.DraftOptions
}

// read reads the file that is to be imported, and what belongs to it.
func (o *importOptions) read(ctx context.Context, word string) (*importing, error) {
	a := o.app
	reader := &graphReader{
		app: a, backend: o.backend, objectInfo: o.objectInfo,
		options: graphfile.Options{KeepMissing: true, Drawing: true},
	}
	file, err := reader.read(ctx, word)
	if err != nil {
		return nil, err
	}
	in := &importing{word: word, id: o.id, file: file}
	if in.id == "" {
		in.id = sources.IDFrom(plan.GraphName(word))
	}
	if in.mapping, err = o.readMapping(ctx, in); err != nil {
		return nil, err
	}
	if in.defs, err = o.definitions(ctx, reader, file.Graph); err != nil {
		return nil, err
	}
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	in.aliases = cfg.Backends[in.defs.From].Aliases
	in.options = registry.DraftOptions{
		ID: in.id, Name: o.name, Description: o.description, Path: "graphs/" + in.id + ".json",
		Definitions: in.defs.Classes, Drop: o.drop, Source: plan.FileName(word),
	}
	in.options.Named, err = namedParams(o.params)
	return in, err
}

// definitions are those that the file was converted by, else the server's of the
// classes that the graph uses. The settings' server need not be there for a
// graph that needs no conversion, as nobody asked for it now.
func (o *importOptions) definitions(ctx context.Context, reader *graphReader, g *comfy.Graph) (graphfile.Definitions, error) {
	if reader.known.Classes != nil {
		return reader.known, nil
	}
	var classes []string
	for _, id := range g.IDs() {
		if class := g.Node(id).Class; !slices.Contains(classes, class) {
			classes = append(classes, class)
		}
	}
	cfg, err := o.app.config()
	if err != nil || o.backend == "" && o.objectInfo == "" && cfg.Backend == "" {
		return graphfile.Definitions{}, err
	}
	defs, err := reader.define(ctx, classes)
	if away, ok := errors.AsType[*comfy.UnreachableError](err); ok && o.backend == "" {
		o.app.note("note: ranges and choices are not the server's: %s", away)
		return graphfile.Definitions{}, nil
	}
	return defs, err
}

// maxMapping bounds a file that describes parameters: 8 MiB.
const maxMapping = 8 << 20

// readMapping reads how another program describes the parameters: in the file
// that --mapping names, in the imported file itself, or in the schema.json
// that stands beside a workflow.json.
func (o *importOptions) readMapping(ctx context.Context, in *importing) (*importer.Mapping, error) {
	if o.mapping == "" {
		if m, ok := importer.ReadMapping(in.file.Around); ok {
			return &m, nil
		}
		beside := filepath.Join(filepath.Dir(o.app.path(in.word)), "schema.json")
		if filepath.Base(in.word) != "workflow.json" || inputs.IsURL(in.word) {
			return nil, nil
		}
		if info, err := os.Stat(beside); err != nil || !info.Mode().IsRegular() || info.Size() > maxMapping {
			return nil, nil
		}
		data, err := os.ReadFile(beside)
		if err != nil {
			return nil, plan.OpenError(beside, err)
		}
		if m, ok := importer.ReadMapping(data); ok {
			return &m, nil
		}
		return nil, nil
	}
	file, err := o.app.inputs.OpenAt(ctx, "--mapping", o.mapping)
	if err != nil {
		return nil, plan.OpenError(o.mapping, err)
	}
	defer file.Close()
	const hint = "it is comfy-swap's workflow file, comfyui-skill's schema.json, or RunningHub's nodeInfoList"
	if file.Size > maxMapping {
		return nil, &invalidError{o.mapping + " is too large for a description of parameters", hint}
	}
	data := make([]byte, file.Size)
	if n, err := file.ReadAt(data, 0); int64(n) < file.Size {
		return nil, plan.OpenError(o.mapping, err)
	}
	m, ok := importer.ReadMapping(data)
	if !ok {
		return nil, &invalidError{o.mapping + " describes no parameters", hint}
	}
	return &m, nil
}
