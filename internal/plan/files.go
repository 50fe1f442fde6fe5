package plan

import (
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/registry"
)

// A File is an input file for a parameter of its type: for the one it names,
// else for the next one that has none.
type File struct {
	Type      registry.ParamType `json:"type"` // image, video or audio
	Parameter string             `json:"parameter,omitempty"`
	Path      string             `json:"file"` // path, URL, or -
	Origin    registry.Origin    `json:"origin"`
}

// FileFlag reads what a flag says: FILE, or NAME=FILE where NAME is a parameter
// of the type.
func FileFlag(params []*registry.Parameter, typ registry.ParamType, given string) File {
	f := File{Type: typ, Path: given, Origin: registry.FromFlag}
	name, path, ok := strings.Cut(given, "=")
	if !ok {
		return f
	}
	for _, p := range params {
		if p.Type == typ && SameName(p.Name, name) {
			f.Parameter, f.Path = p.Name, path
		}
	}
	return f
}

// filesOver lays files over those below: one with a name replaces that of the
// name, those without replace all without of their type.
func filesOver(files, below []File) []File {
	var out []File
	for _, b := range below {
		if !slices.ContainsFunc(files, func(f File) bool { return f.Type == b.Type && f.Parameter == b.Parameter }) {
			out = append(out, b)
		}
	}
	return append(out, files...)
}

// assign gives the files of an order to the parameters of a workflow. Where the
// workflow takes batches, each picture without a name is a run of its own: one
// element of perRun each, else there is one, without values.
func (o Order) assign(wf *registry.Workflow) (perRun [][]Value, shared []Value, err error) {
	params, err := wf.Parameters()
	if err != nil {
		return nil, nil, err
	}
	perRun = [][]Value{nil}
	for _, typ := range []registry.ParamType{registry.TypeImage, registry.TypeVideo, registry.TypeAudio} {
		a := o.assignment(typ, params)
		shared = append(shared, a.named...)
		switch n := len(a.loose); {
		case n == 0:
		case typ == registry.TypeImage && wf.SupportsBatch && len(a.free) > 0:
			if most := wf.MaxBatchSize; most > 0 && n > most {
				return nil, nil, &TooManyFilesError{Workflow: wf.ID, Type: typ, Takes: most, Given: n, Runs: true}
			}
			perRun = perRun[:0]
			for _, f := range a.loose {
				perRun = append(perRun, []Value{f.value(a.free[0])})
			}
		case n > len(a.free) && (len(a.free) == 0 || !a.free[len(a.free)-1].List):
			return nil, nil, &TooManyFilesError{Workflow: wf.ID, Type: typ, Takes: a.slots, Given: a.given}
		default:
			for i, f := range a.loose {
				shared = append(shared, f.value(a.free[min(i, len(a.free)-1)]))
			}
		}
	}
	return perRun, shared, nil
}

// An assignment is how the files of one type go to parameters.
type assignment struct {
	slots, given int                   // parameters of the type, and files for them
	named        []Value               // files that have their parameter
	loose        []File                // those that have none yet
	free         []*registry.Parameter // that nothing as strong was given for
}

func (o Order) assignment(typ registry.ParamType, params []*registry.Parameter) assignment {
	var a assignment
	taken := map[string]registry.Origin{} // by what
	for _, v := range o.Values {
		name := plainName(v.Name)
		taken[name] = max(taken[name], v.Origin)
	}
	var strongest registry.Origin // of what is loose
	for _, f := range o.Files {
		switch {
		case f.Type != typ:
			continue
		case f.Parameter == "":
			a.loose = append(a.loose, f)
			strongest = max(strongest, f.Origin)
		default:
			a.named = append(a.named, f.valueOf(f.Parameter))
			name := plainName(f.Parameter)
			taken[name] = max(taken[name], f.Origin)
		}
		a.given++
	}
	for _, p := range params {
		if p.Type != typ {
			continue
		}
		a.slots++
		if taken[plainName(p.Name)] < strongest {
			a.free = append(a.free, p)
		}
	}
	return a
}

func (f File) value(p *registry.Parameter) Value { return f.valueOf(p.Name) }

func (f File) valueOf(name string) Value { return Value{Name: name, Text: f.Path, Origin: f.Origin} }
