package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// DraftOptions say how a graph becomes an entry.
type DraftOptions struct {
	ID          string
	Name        string // "" = what the author calls it, else the id in words
	Description string // "" = the author's
	Path        string // workflow_path of the entry
	Source      string // what it was made of, said where nobody describes it
	// Definitions are a server's, for types, ranges and choices; nil = what
	// the graph's own values tell.
	Definitions map[string]*comfy.ClassInfo
	// KeepFiles lets an input that is not given stay what the graph names;
	// else it is required.
	KeepFiles bool
	// Named are parameters that the importer names, besides those that are found.
	Named []Named
	// Drop are parameters that the importer does not want, by their names.
	Drop []string
	// Author is what the file that the graph came from says besides.
	Author Author
}

// An Author is what a graph's author says about it outside of the graph itself:
// in the editor's file, or in a file beside it.
type Author struct {
	Title       string
	Description string
	// Shown are the values that he put into view, in his order. Each has a
	// Label, or the Name of the widget, its Targets, and what else he says.
	Shown []*Parameter
	// Chosen says that he picked Shown as all that is to be changed, as in the
	// editor's App mode; else they go before what is usually changed.
	Chosen bool
	// Files say what he calls the file that a loader loads, by the loader's id.
	Files  map[string]string
	Output string  // id of the node whose result counts, "" when he does not say
	Models []Model // files that the graph needs, with where they are offered
}

// Draft makes a registry entry of a graph. Its parameters are those that the
// author chose (see Author and titles.go), else what he put into view and the
// usual controls: prompts, files, sizes, samplers, models. Bindings name a class
// or a title where one is unique, so that they survive another export of the
// graph; where neither is, a note says so. The graph is copied. The error says
// why a server would refuse its shape, or which of Named and Drop mean nothing.
func Draft(g *comfy.Graph, o DraftOptions) (*Workflow, []string, error) {
	if err := g.Check(); err != nil {
		return nil, nil, &FileError{Path: o.ID, Message: "the graph cannot be used: " + err.Error(), Err: err}
	}
	g = g.Clone()
	w := newWiring(g)
	d := &draft{DraftOptions: o, w: w, r: findRoles(w)}
	d.usual = d.usualPlaces()
	problems := d.named()
	switch chosen := d.shown(); {
	case d.Author.Chosen && chosen:
		d.complete = true
		d.ungroup()
	case d.markedByTitles():
		d.complete = true
	default:
		d.usualControls()
	}
	d.keepLora()
	d.narrowSeed()
	d.files()
	if !d.complete {
		d.sort()
	}
	if problems = append(problems, d.drop()...); len(problems) > 0 {
		return nil, nil, &ValuesError{Workflow: o.ID, Problems: problems}
	}
	d.noteIDs()
	wf, err := WorkflowOf(o.ID, d.entry(), g)
	return wf, d.notes, err
}

// WorkflowOf is a workflow that stands in no registry: an entry as a registry
// file would have it, and its graph. id names it in errors.
func WorkflowOf(id string, entry json.RawMessage, g *comfy.Graph) (*Workflow, error) {
	wf := &Workflow{Source: Source{Layer: "import"}}
	v, fe := parseDocument("entry.json", entry)
	if fe != nil {
		return nil, fe
	}
	reader := &decoder{display: id}
	decodeObject(reader, "", v, workflowKeys(), wf)
	if len(reader.errs) > 0 {
		return nil, reader.errs[0]
	}
	wf.entry, wf.Source.Path = v, wf.Path
	wf.prepare(func() (*comfy.Graph, error) { return g, nil })
	return wf, nil
}

// A draft is an entry in the making.
type draft struct {
	DraftOptions
	w      *wiring
	r      *roles
	usual  []usualPlace // that the graph has
	words  []usualPlace // what easel says of the usual parameters
	params []*drafted
	// complete says that the author chose: what is usual stays as it is.
	complete bool
	output   string   // node that a title marks as the result
	byID     []string // parameters that are bound by a node's id
	covered  []string // names found for places that have another name already
	notes    []string
}

// A drafted is a parameter in the making.
type drafted struct {
	*Parameter
	rank int // where it stands in the entry; equal ones in the order of finding
}

// Ranks of parameters.
const (
	rankPrompt = iota
	rankFile
	rankShown
	rankUsual
	rankAdvanced
)

// add declares a parameter unless its first place has one already. What p
// leaves open is taken from the definitions and the graph. It reports whether
// there is a parameter now.
func (d *draft) add(p *Parameter, targets []comfy.Target, rank int) bool {
	for _, other := range d.params {
		if overlap(other.Targets, targets) {
			d.covered = append(d.covered, fold(p.Name))
			return false
		}
	}
	p.Targets = targets
	d.describe(p, targets)
	if p.Type == "" {
		return false // a link, or a value of no type
	}
	d.unique(p)
	if p.Label = inWords(p.Label); p.Label == "" {
		p.Label = inWords(p.Name)
	}
	for _, t := range targets {
		name, stable := d.selector(t)
		p.Bind = append(p.Bind, Binding{Target: name})
		if !stable && !slices.Contains(d.byID, p.Name) {
			d.byID = append(d.byID, p.Name)
		}
	}
	d.params = append(d.params, &drafted{p, rank})
	return true
}

// unique gives a parameter a name that no other has: with the name of the box
// that shows it, else with a number.
func (d *draft) unique(p *Parameter) {
	taken := func(name string) bool {
		return slices.ContainsFunc(d.params, func(o *drafted) bool { return fold(o.Name) == fold(name) })
	}
	if taken(p.Name) && !usualGroup(p.Group) {
		if longer := d.boxed(p.Group, p.Name); !taken(longer) {
			p.Name = longer
			return
		}
	}
	base := p.Name
	for n := 2; taken(p.Name); n++ {
		p.Name = fmt.Sprintf("%s_%d", base, n)
	}
}

// shown declares what the author put into view. It reports whether any of it is
// a parameter.
func (d *draft) shown() bool {
	found := false
	for _, s := range d.Author.Shown {
		p := *s
		if len(p.Targets) == 0 {
			continue
		}
		d.nameShown(&p)
		p.Required = p.Required || d.isFile(p.Targets[0]) && !d.KeepFiles
		rank := rankShown
		switch usual := d.usualAt(p.Targets); {
		case d.Author.Chosen:
		case usual != nil:
			rank = usual.rank(rankShown)
			p.Advanced, p.List = p.Advanced || usual.advanced, usual.list && slices.Equal(p.Targets, usual.targets)
		case d.isModel(p.Targets[0]):
			rank, p.Advanced = rankAdvanced, true
		case d.isFile(p.Targets[0]):
			rank = rankFile
		case d.wordFor(p.Name) != nil:
			rank = d.wordFor(p.Name).rank(rankShown)
		}
		found = d.add(&p, p.Targets, rank) || found
	}
	return found
}

// keepLora declares the file of a LoRA whose strength is a parameter: without a
// file that somebody names its loader would be left out.
func (d *draft) keepLora() {
	strength := slices.ContainsFunc(d.params, func(p *drafted) bool { return overlap(p.Targets, d.r.lora.strengthTargets(d.w)) })
	if i := slices.IndexFunc(d.usual, func(u usualPlace) bool { return u.name == string(RoleLora) }); strength && i >= 0 {
		d.addUsual(&d.usual[i])
	}
}

// sort brings prompts and files before the rest, which stays as it was found.
func (d *draft) sort() {
	slices.SortStableFunc(d.params, func(a, b *drafted) int { return cmp.Compare(a.rank, b.rank) })
}

// ungroup takes away headings that stand over a single parameter: they are no
// help.
func (d *draft) ungroup() {
	size := map[string]int{}
	for _, p := range d.params {
		size[p.Group]++
	}
	for _, p := range d.params {
		if size[p.Group] == 1 && !usualGroup(p.Group) {
			p.Group = ""
		}
	}
}

// drop takes out what the importer does not want. A name that no parameter has
// is a problem.
func (d *draft) drop() []Problem {
	var problems []Problem
	for _, name := range d.Drop {
		i := slices.IndexFunc(d.params, func(p *drafted) bool { return fold(p.Name) == fold(name) })
		if i >= 0 {
			d.params = slices.Delete(d.params, i, i+1)
			continue
		}
		if slices.Contains(d.covered, fold(name)) {
			continue // it has another name now
		}
		names := make([]string, len(d.params))
		for j, p := range d.params {
			names[j] = p.Name
		}
		problems = append(problems, Problem{
			Parameter: name, Message: fmt.Sprintf("Parameter '%s' was not found, so it cannot be dropped", name),
			Hint: "found are " + strings.Join(names, ", "),
		})
	}
	return problems
}

// noteIDs says which parameters another export of the graph may break.
func (d *draft) noteIDs() {
	d.byID = slices.DeleteFunc(d.byID, func(name string) bool {
		return !slices.ContainsFunc(d.params, func(p *drafted) bool { return p.Name == name })
	})
	if len(d.byID) == 0 {
		return
	}
	are, their := "is", "its node a title of its"
	if len(d.byID) > 1 {
		are, their = "are", "their nodes titles of their"
	}
	names := strings.Join(d.byID, ", ")
	if n := len(d.byID); n > 5 {
		names = fmt.Sprintf("%s and %d more", strings.Join(d.byID[:4], ", "), n-4)
	}
	d.notes = append(d.notes, fmt.Sprintf("%s %s bound by node id: give %s own, then the binding survives any change of the graph", names, are, their))
}
