package plan

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
)

// A Draft says what a batch is made of, as flags or a plan file say it, before
// any source is read.
type Draft struct {
	// Workflow is an id, @PRESET or a file, relative to Dir; "" = that of Order.
	Workflow string
	// Order is what all items have in common: workflow, character, values, names.
	// Its Count and SeedMode are of each row and each point of the sweeps.
	Order Order
	// Dir is what relative names in values of origin plan are relative to; "" =
	// where the command runs.
	Dir string
	// File and Line are where the draft stands, for messages; "" = flags.
	File string
	Line int

	Sources []Source
	Items   []rows.Row // written in the plan itself
	Sweeps  []Sweep    // each with each
	Zip     []Sweep    // the first values together, then the second, ...
	Map     []Mapping
	Ignore  []string // patterns of columns that say nothing

	format rows.Format // of sources that say none, while a plan file is read

	Parts []Draft // what several workflows are asked for; each takes from above what it leaves out
}

// A Source is where rows come from: a table or list, a folder, a pattern, or "-"
// for stdin.
type Source struct {
	Name   string
	Format rows.Format // "" = by the name
	Dir    string      // what Name is relative to; "" = where the command runs
	Files  []string    // inputs named one by one, instead of Name
}

// A Mapping reads a column under the name of another one.
type Mapping struct {
	Column, As string
}

// Over lays a draft over another one: a part over its plan, flags over a plan
// file. What it says wins. Sources, items and parts of both count; the sweeps of
// a name are the upper's.
func (d Draft) Over(below Draft) Draft {
	d.Workflow = cmp.Or(d.Workflow, below.Workflow)
	d.Order = d.Order.Over(below.Order)
	if d.File == "" {
		d.File, d.Line = below.File, below.Line
	}
	if d.Dir == "" {
		d.Dir = below.Dir
	}
	d.Sources = slices.Concat(below.Sources, d.Sources)
	d.Items = slices.Concat(below.Items, d.Items)
	swept := func(s Sweep) bool {
		return slices.ContainsFunc(slices.Concat(d.Sweeps, d.Zip), func(own Sweep) bool { return SameName(own.Name, s.Name) })
	}
	d.Sweeps = slices.Concat(slices.DeleteFunc(slices.Clone(below.Sweeps), swept), d.Sweeps)
	d.Zip = slices.Concat(slices.DeleteFunc(slices.Clone(below.Zip), swept), d.Zip)
	d.Map = slices.Concat(below.Map, d.Map)
	d.Ignore = slices.Concat(below.Ignore, d.Ignore)
	d.Parts = slices.Concat(below.Parts, d.Parts)
	return d
}

// place is where the draft stands.
func (d Draft) place() Position { return Position{File: d.File, Line: d.Line} }

// flat are the drafts without parts that a draft comes to.
func (d Draft) flat() []Draft {
	if len(d.Parts) == 0 {
		return []Draft{d}
	}
	var all []Draft
	whole := d
	whole.Parts = nil
	if len(whole.Items) > 0 || len(whole.Sources) > 0 {
		all = append(all, whole)
	}
	whole.Items, whole.Sources = nil, nil
	for _, part := range d.Parts {
		all = append(all, part.Over(whole).flat()...)
	}
	return all
}

// joined is a file's name as the command opens it, which stands in a document of
// a folder.
func joined(dir, name string) string {
	if dir == "" || name == "" || name == "-" || filepath.IsAbs(name) || inputs.IsURL(name) {
		return name
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}
