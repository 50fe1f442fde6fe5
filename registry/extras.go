package registry

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A registry file may belong to somebody whose keys are fewer than ours. What
// easel knows beyond it stands in a file of ours beside it: registry.extras.json
// for registry.json. An entry there whose id is in the registry file adds keys
// to it, and to its parameters, but never changes one; any other entry is a
// workflow as in every registry file.

// extrasFiles are the names that the extras of a registry file may have.
func extrasFiles(file string) []string {
	stem := strings.TrimSuffix(file, path.Ext(file))
	return []string{stem + ".extras.json", stem + ".extras.yaml", stem + ".extras.yml"}
}

// readExtras adds the extras of the layer's registry file to what was read of it.
func readExtras(l Layer, f *layerFile) []error {
	base := make(map[string]*Workflow, len(f.workflows))
	for _, w := range f.workflows {
		base[w.ID] = w
	}
	var errs []error
	for _, file := range extrasFiles(l.File) {
		display := strings.TrimSuffix(l.Display, path.Base(l.File)) + path.Base(file)
		_, more := readFile(l, file, display, f, base)
		errs = append(errs, more...)
	}
	return errs
}

// extend adds the keys of an extras file to an entry of the registry file.
func (d *decoder) extend(w *Workflow, v value) {
	decodeObject(d, "", d.onlyNew(v, w.entry, "configurable_params"), workflowKeys(), w)
	if params, has := v.Get("configurable_params"); has {
		d.extendParameters(w, params)
	}
	w.extras = merged(w.extras, v)
}

func (d *decoder) extendParameters(w *Workflow, v value) {
	defer d.enter("configurable_params")()
	declared, _ := w.entry.Get("configurable_params")
	folded, byName := map[string]string{}, map[string]*Parameter{}
	for _, p := range w.Params {
		folded[fold(p.Name)], byName[p.Name] = p.Name, p
	}
	d.each(v, "parameter", func(name string, v value) {
		p := byName[name]
		if p == nil {
			d.parameter(w, folded, name, v)
			return
		}
		own, _ := declared.Get(name)
		defer d.enter("parameter " + name)()
		decodeObject(d, "", d.onlyNew(v, own, ""), parameterKeys(), p)
	})
}

// onlyNew is v without the key that is read elsewhere, and without what the
// registry file says already, which is an error.
func (d *decoder) onlyNew(v, own value, elsewhere string) value {
	members := v.Members
	v.Members = nil
	for _, m := range members {
		if m.Name == elsewhere {
			continue
		}
		if _, has := own.Get(m.Name); has {
			fe := d.failAt(m.Line, m.Col, "the registry file says %s already", m.Name)
			fe.Hint = "extras add to an entry and change nothing of it"
			continue
		}
		v.Members = append(v.Members, m)
	}
	return v
}

// noPath refuses an entry without a graph: in an extras file its id is probably
// a slip.
func (d *decoder) noPath(v value, id string) {
	if d.base == nil {
		d.fail(v, "no workflow_path")
		return
	}
	fe := d.failAt(v.Line, v.Col, "the registry file has no such workflow to add to, and there is no workflow_path")
	if near := nearest.To(id, slices.Sorted(maps.Keys(d.base)), 1); len(near) > 0 {
		fe.Hint = "did you mean " + near[0] + "?"
	}
}

// merged is an object with the members of another put behind its own; objects
// of one name become one.
func merged(v, more value) value {
	if more.Kind != textdoc.Object {
		return v
	}
	out := value{Kind: textdoc.Object, Line: cmp.Or(v.Line, more.Line), Col: cmp.Or(v.Col, more.Col), Members: slices.Clone(v.Members)}
	for _, m := range more.Members {
		at := slices.IndexFunc(out.Members, func(o member) bool { return o.Name == m.Name })
		if at >= 0 {
			out.Members[at].Value = merged(out.Members[at].Value, m.Value)
			continue
		}
		out.Members = append(out.Members, m)
	}
	return out
}
