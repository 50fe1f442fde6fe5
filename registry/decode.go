package registry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A layerFile is one registry file as it was read.
type layerFile struct {
	workflows  []*Workflow
	characters []*Character
}

// A decoder reads one file and collects everything that is wrong with it.
type decoder struct {
	layer   Layer
	display string // path in messages
	dir     string // folder of the file in layer.FS
	trail   []string
	errs    []*FileError
	base    map[string]*Workflow // of an extras file: the entries it may add to
}

// problems lists what is wrong in the order of the file.
func (d *decoder) problems() []error {
	slices.SortStableFunc(d.errs, func(a, b *FileError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(d.errs))
	for i, e := range d.errs {
		errs[i] = e
	}
	return errs
}

// enter notes where the decoder is, for messages; the result leaves again.
func (d *decoder) enter(where string) func() {
	n := len(d.trail)
	if where != "" {
		d.trail = append(d.trail, where)
	}
	return func() { d.trail = d.trail[:n] }
}

func (d *decoder) fail(v value, format string, args ...any) {
	_ = d.failAt(v.Line, v.Col, format, args...)
}

func (d *decoder) failAt(line, col int, format string, args ...any) *FileError {
	msg := fmt.Sprintf(format, args...)
	if len(d.trail) > 0 {
		msg = strings.Join(d.trail, ", ") + ": " + msg
	}
	fe := &FileError{Path: d.display, Line: line, Column: col, Message: msg}
	d.errs = append(d.errs, fe)
	return fe
}

// unknown reports a name that is none of the known ones, with the nearest.
func (d *decoder) unknown(m member, what string, known []string) {
	fe := d.failAt(m.Line, m.Col, "unknown %s %q", what, m.Name)
	if near := nearest.To(m.Name, known, 1); len(near) > 0 {
		fe.Hint = fmt.Sprintf("did you mean %q?", near[0])
	} else {
		fe.Hint = "known: " + strings.Join(known, ", ")
	}
}

func (d *decoder) text(v value) string {
	s, ok := v.Text()
	if !ok {
		d.fail(v, "must be text")
	}
	return s
}

func (d *decoder) boolean(v value) bool {
	s := string(v.Scalar)
	if s != "true" && s != "false" {
		d.fail(v, "must be true or false")
	}
	return s == "true"
}

func (d *decoder) number(v value) json.Number {
	n, ok := v.Number()
	if !ok {
		d.fail(v, "must be a number")
	}
	return n
}

func (d *decoder) float(v value) float64 {
	f, err := d.number(v).Float64()
	if err != nil {
		d.fail(v, "must be a number of usual size")
	}
	return f
}

func (d *decoder) count(v value) int {
	n, ok := v.Number()
	i, err := n.Int64()
	if !ok || err != nil || i < 0 || i > 1<<31 {
		d.fail(v, "must be a whole number of 0 or more")
		return 0
	}
	return int(i)
}

// texts reads a list of texts; numbers are taken as they are written.
func (d *decoder) texts(v value) []string {
	if v.Kind != textdoc.List {
		d.fail(v, "must be a list")
		return nil
	}
	var list []string
	for _, e := range v.Items {
		if n, ok := e.Number(); ok {
			list = append(list, string(n))
			continue
		}
		list = append(list, d.text(e))
	}
	return list
}

// each reads an object of named objects and reports names that are there twice.
func (d *decoder) each(v value, what string, f func(name string, v value)) {
	if v.Kind != textdoc.Object {
		d.fail(v, "expected an object of %ss by name", what)
		return
	}
	seen := map[string]int{}
	for _, m := range v.Members {
		if line, dup := seen[m.Name]; dup {
			_ = d.failAt(m.Line, m.Col, "%s %q is there twice, first in line %d", what, m.Name, line)
			continue
		}
		seen[m.Name] = m.Line
		f(m.Name, m.Value)
	}
}

func (d *decoder) workflows(f *layerFile, v value) {
	d.trail = nil
	d.each(v, "workflow", func(id string, v value) {
		defer d.enter("workflow " + id)()
		if w := d.base[id]; w != nil {
			d.extend(w, v)
			return
		}
		w := &Workflow{fsys: d.layer.FS, dir: d.dir, Source: Source{d.layer.Name, d.display}}
		decodeObject(d, "", v, workflowKeys(), w)
		if v.Kind != textdoc.Object {
			return
		}
		if !isWord(id) {
			d.fail(v, "the id %q cannot be typed as a word: it has no spaces, slashes, colons or control characters, and no @ or - in front", id)
		}
		w.entry = d.identify(v, id, &w.ID)
		d.workflowPath(w, v)
		if w.Name == "" {
			w.Name = id
		}
		w.prepare(w.readGraph)
		f.workflows = append(f.workflows, w)
	})
}

// identify checks an entry's id against its key and returns the entry with the
// id put first where it has none.
func (d *decoder) identify(v value, key string, id *string) value {
	switch *id {
	case key:
	case "":
		*id = key
		if _, has := v.Get("id"); has {
			d.fail(v, "the id is empty")
			break
		}
		v.Members = slices.Insert(slices.Clone(v.Members), 0, member{Name: "id", Value: value{Scalar: comfy.RawString(key)}})
	default:
		at, _ := v.Get("id")
		d.fail(at, "the id %q differs from the key %q it stands under", *id, key)
	}
	return v
}

// isWord reports whether an id is one word on a command line and is not taken
// for a preset, a flag, a file or a workflow of a server.
func isWord(id string) bool {
	return id != "" && !strings.ContainsAny(id, `/\:`) && !strings.HasPrefix(id, "@") && !strings.HasPrefix(id, "-") &&
		!strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
}

func (d *decoder) workflowPath(w *Workflow, v value) {
	at, ok := v.Get("workflow_path")
	if !ok {
		d.noPath(v, w.ID)
		return
	}
	w.Path = d.localPath(at, "workflow_path", w.Path)
}

// localPath refuses a path that leaves the registry's folders on any system.
func (d *decoder) localPath(at value, what, p string) string {
	switch {
	case p == "":
		d.fail(at, "%s is empty", what)
	case strings.Contains(p, `\`):
		d.fail(at, "%s %q: write / between folders", what, p)
	case path.IsAbs(p), len(p) > 1 && p[1] == ':':
		d.fail(at, "%s %q must be relative", what, p)
	case slices.Contains(strings.Split(p, "/"), ".."):
		d.fail(at, "%s %q must not contain ..", what, p)
	case !fs.ValidPath(path.Clean(p)):
		d.fail(at, "%s %q is not a path", what, p)
	}
	return path.Clean(p)
}

func (d *decoder) parameters(w *Workflow, v value) {
	folded := map[string]string{}
	d.each(v, "parameter", func(name string, v value) { d.parameter(w, folded, name, v) })
}

// parameter declares a parameter. folded holds the names before it, as the
// command line sees them.
func (d *decoder) parameter(w *Workflow, folded map[string]string, name string, v value) {
	p := &Parameter{Name: name}
	if !isWord(name) || strings.ContainsAny(name, ".=#") {
		d.fail(v, "parameter %q: a name has no spaces, dots, slashes, colons, = or #", name)
	}
	if other, dup := folded[fold(name)]; dup {
		d.fail(v, "parameters %q and %q are one name on the command line", other, name)
	}
	folded[fold(name)] = name
	decodeObject(d, "parameter "+name, v, parameterKeys(), p)
	if p.Type == "" && v.Kind == textdoc.Object {
		if _, has := v.Get("type"); !has {
			defer d.enter("parameter " + name)()
			d.fail(v, "no type")
		}
	}
	w.Params = append(w.Params, p)
}

func (d *decoder) paramType(p *Parameter, v value) {
	s := d.text(v)
	inner, isList := strings.CutPrefix(s, "list<")
	if isList {
		inner, p.List = strings.CutSuffix(inner, ">")
	}
	if !slices.Contains(paramTypes(), inner) || isList != p.List {
		if s != "" {
			d.unknown(member{Name: s, Line: v.Line, Col: v.Col}, "type", paramTypes())
		}
		return
	}
	p.Type = ParamType(inner)
}

func (d *decoder) pattern(p *Parameter, v value) {
	p.Pattern = d.text(v)
	if _, err := wholeText(p.Pattern); err != nil {
		d.fail(v, "not a regular expression: %v", err)
	}
}

func (d *decoder) bind(p *Parameter, v value) {
	list := []value{v}
	if v.Kind == textdoc.List {
		list = v.Items
	}
	for _, e := range list {
		var b Binding
		if e.Kind == textdoc.Object {
			decodeObject(d, "", e, bindingKeys(), &b)
			if b.Target == "" {
				d.fail(e, "no target")
			}
		} else {
			b.Target = d.text(e)
		}
		p.Bind = append(p.Bind, b)
	}
}

func (d *decoder) bindingMap(b *Binding, v value) {
	b.Map = map[string]json.RawMessage{}
	d.each(v, "value", func(name string, v value) { b.Map[name] = v.Raw() })
}

func (d *decoder) models(w *Workflow, v value) {
	if v.Kind != textdoc.List {
		d.fail(v, "must be a list")
		return
	}
	for _, e := range v.Items {
		var m Model
		decodeObject(d, "", e, modelKeys(), &m)
		if m.File == "" || m.Folder == "" {
			d.fail(e, "a model has a folder and a file")
		}
		w.Models = append(w.Models, m)
	}
}
