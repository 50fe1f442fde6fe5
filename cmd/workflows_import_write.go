package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An imported is a workflow that was imported before, as it stands now.
type imported struct {
	id     string
	file   string // registry file
	graph  string // graph file
	record importer.Record
	entry  json.RawMessage
	mine   json.RawMessage // graph
}

// find looks up what --update names: the id of an imported workflow, whose file
// is read again, or a file. It returns what is to be read.
func (o *importOptions) find(src sources.Source, word string) (*imported, string, error) {
	id, byID := o.id, !plan.IsGraphFile(word)
	switch {
	case byID && id != "" && id != word:
		return nil, "", usagef("leave --id out", "--update %s names the workflow, and --id another", word)
	case byID:
		id = word
	case id == "":
		id = sources.IDFrom(plan.GraphName(word))
	}
	reg, err := o.app.registry()
	if err != nil {
		return nil, "", err
	}
	wf, err := reg.Workflow(id)
	if err != nil {
		return nil, "", err
	}
	holder, err := src.Find(sources.Workflows, id)
	if err != nil {
		return nil, "", err
	}
	if holder == "" {
		return nil, "", &invalidError{fmt.Sprintf("the %s's registry has no workflow %q", src.Name, id), "it is from " + wf.Source.Layer + "; --project says which registry is meant"}
	}
	graph := sources.GraphFile(holder, id)
	data, err := os.ReadFile(sources.RecordFile(graph))
	if err != nil {
		return nil, "", &invalidError{
			fmt.Sprintf("nothing is recorded of an import of %s, so it cannot be told what was changed since", id),
			"easel workflows import FILE --id " + id + " --force replaces it",
		}
	}
	at := &imported{id: id, file: holder, graph: graph}
	if err := json.Unmarshal(data, &at.record); err != nil {
		return nil, "", &registry.FileError{Path: sources.RecordFile(graph), Message: "is no record of an import", Err: err}
	}
	if at.mine, err = os.ReadFile(graph); err != nil {
		return nil, "", plan.OpenError(graph, err)
	}
	if at.entry, err = json.Marshal(wf); err != nil {
		return nil, "", err
	}
	o.id = id
	if byID {
		word = at.path(at.record.Source)
	}
	if o.mapping == "" && at.record.Mapping != "" {
		o.mapping = at.path(at.record.Mapping)
	}
	return at, word, nil
}

// path is what a record names.
func (at *imported) path(source string) string {
	if filepath.IsAbs(source) || inputs.IsURL(source) || plan.IsServerFile(source) {
		return source
	}
	return filepath.Join(filepath.Dir(at.graph), filepath.FromSlash(source))
}

// sourceOf is how a record names a file: relative to itself, so that a project
// can move.
func (o *importOptions) sourceOf(word, graph string) string {
	if word == "" || inputs.IsURL(word) || plan.IsServerFile(word) || word == "-" {
		return word
	}
	rel, err := filepath.Rel(filepath.Dir(graph), o.app.path(word))
	if err != nil || !o.project {
		return o.app.path(word)
	}
	return filepath.ToSlash(rel)
}

// continues takes over what the first import was told.
func (in *importing) continues(before *imported) {
	r := before.record
	named, err := namedParams(r.Params)
	if err == nil { // it was read before
		in.options.Named = append(named, in.options.Named...)
	}
	in.options.Drop = append(r.Drop, in.options.Drop...)
	if in.options.Name == "" {
		in.options.Name = r.Name
	}
	if in.options.Description == "" {
		in.options.Description = r.Text
	}
}

// write stores graph, record and entry. With before it brings that up to date.
func (o *importOptions) write(src sources.Source, in *importing, res *importedWorkflow, before *imported) error {
	holder, err := src.Find(sources.Workflows, res.ID)
	if err != nil {
		return err
	}
	if res.File = holder; holder == "" {
		res.File = src.Registry()
	}
	res.Graph = sources.GraphFile(res.File, res.ID)
	fresh, err := marshal("the entry of "+res.ID, res.Entry)
	if err != nil {
		return err
	}
	graph, err := marshal("the graph of "+res.ID, res.graph)
	if err != nil {
		return err
	}
	record := importer.Record{
		Source: o.sourceOf(in.word, res.Graph), Mapping: o.sourceOf(o.mapping, res.Graph), Params: paramWords(in.options.Named), Drop: in.options.Drop,
		Name: in.options.Name, Text: in.options.Description, Entry: fresh, Graph: graph,
	}
	entry := fresh
	if before != nil {
		if entry, graph, err = o.merge(in, res, before, fresh, graph); err != nil {
			return err
		}
	} else if err := o.free(res, holder); err != nil {
		return err
	}
	if o.dryRun {
		return nil
	}
	kept, err := marshal("the record of "+res.ID, record)
	if err != nil {
		return err
	}
	res.Written = true
	_, err = src.SetWorkflow(res.ID, entry, graph, kept, before != nil || o.force)
	return err
}

// paramWords writes parameters as --param takes them.
func paramWords(named []registry.Named) []string {
	var words []string
	for _, n := range named {
		words = append(words, n.Name+"="+n.Target)
	}
	return words
}

// free checks that nothing stands where the workflow is to go, and says what it
// takes the place of.
func (o *importOptions) free(res *importedWorkflow, holder string) error {
	if holder != "" && !o.force {
		return &storage.Error{Op: "import", Location: fmt.Sprintf("workflow %s in %s", res.ID, holder), Err: storage.ErrExist}
	}
	if _, err := os.Stat(res.Graph); err == nil && !o.force {
		return &storage.Error{Op: "write", Location: res.Graph, Err: storage.ErrExist}
	}
	reg, err := o.app.registry()
	if err != nil {
		return err
	}
	if other, err := reg.Workflow(res.ID); err == nil && other.Source.Layer == "built-in" {
		res.Notes = append(res.Notes, "it takes the place of the built-in workflow "+res.ID)
	}
	return nil
}

// merge lays what the user changed since the last import over what the file
// gives now.
func (o *importOptions) merge(in *importing, res *importedWorkflow, before *imported, entry, graph json.RawMessage) (mergedEntry, mergedGraph json.RawMessage, err error) {
	mergedEntry, conflicts, err := importer.Merge(before.record.Entry, before.entry, entry)
	if err != nil {
		return nil, nil, err
	}
	res.Conflicts = append(res.Conflicts, conflicts...)
	if mergedGraph, conflicts, err = importer.Merge(before.record.Graph, before.mine, graph); err != nil {
		return nil, nil, err
	}
	for _, c := range conflicts {
		c.Path = "graph." + c.Path
		res.Conflicts = append(res.Conflicts, c)
	}
	g, err := comfy.ParseGraph(mergedGraph)
	if err == nil {
		err = g.Check()
	}
	if err != nil {
		return nil, nil, &registry.FileError{
			Path: before.graph, Message: "your graph and that of " + in.word + " do not fit together: " + err.Error(), Err: err,
			Hint: "--force instead of --update takes the file's",
		}
	}
	wf, err := registry.WorkflowOf(res.ID, mergedEntry, g)
	if err != nil {
		return nil, nil, err
	}
	o.settle(in, res, wf, g)
	return mergedEntry, mergedGraph, nil
}
