package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A PlanFile is a plan as a file says it.
type PlanFile struct {
	Name     string   // of the plan; "" = the file says none
	Out      string   // as written, relative to the file; "" = none
	Backends []string // nil = none
	Draft    Draft
}

// A PlanFileError says what is wrong in a plan file.
type PlanFileError struct {
	At      Position
	Key     string
	Reason  string
	Nearest []string
	Hint    string
}

func (e *PlanFileError) Error() string {
	s := e.Reason
	if e.Key != "" {
		s = e.Key + " " + s
	}
	return e.At.String() + ": " + s
}

// partKeys are the keys of a plan and of each of its parts.
func partKeys() []string {
	return []string{
		"workflow", "character", "defaults", "from", "format_in", "items", "sweep", "zip", "count", "seed_mode", "map",
		"ignore_columns", "naming", "format", "provenance", "timeout", "dynamic",
	}
}

// planKeys are the keys of a whole plan.
func planKeys() []string {
	return append([]string{"name", "backend", "out", "parts"}, partKeys()...)
}

// DecodePlan reads a plan file: YAML if the name says so, else JSON in which
// comments are allowed. name is how messages and relative names call it. What is
// wrong is a *PlanFileError, or a *BatchError about an item.
func DecodePlan(name string, data []byte) (*PlanFile, error) {
	v, e := textdoc.Parse(textdoc.FormatOf(name), data, textdoc.Options{})
	if e != nil {
		return nil, &PlanFileError{At: Position{File: name, Line: e.Line}, Reason: e.Message, Hint: e.Hint}
	}
	if v.Kind != textdoc.Object {
		return nil, &PlanFileError{At: Position{File: name, Line: v.Line}, Reason: "a plan is an object of keys and values"}
	}
	dir := filepath.Dir(name)
	if dir == "." {
		dir = ""
	}
	r := planReader{file: name, dir: dir}
	f := &PlanFile{Draft: Draft{File: name, Dir: dir}}
	err := r.each(v, planKeys(), func(m textdoc.Member) error {
		var err error
		switch m.Name {
		case "name":
			f.Name, err = r.text(m)
		case "out":
			f.Out, err = r.text(m)
		case "backend":
			f.Backends, err = r.texts(m)
			if err == nil && len(f.Backends) == 0 {
				err = r.bad(m, "names no backend")
			}
		case "parts":
			err = r.parts(&f.Draft, m)
		default:
			err = r.part(&f.Draft, m)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	r.finish(&f.Draft)
	return f, nil
}

// A planReader reads one plan file.
type planReader struct {
	file, dir string
}

func (r planReader) bad(m textdoc.Member, format string, args ...any) error {
	return &PlanFileError{At: Position{File: r.file, Line: m.Line}, Key: m.Name, Reason: fmt.Sprintf(format, args...)}
}

// each reads the members of an object that has these keys.
func (r planReader) each(v textdoc.Value, known []string, read func(textdoc.Member) error) error {
	seen := map[string]int{}
	for _, m := range v.Members {
		if line, twice := seen[m.Name]; twice {
			return r.bad(m, "is there twice, first in line %d", line)
		}
		seen[m.Name] = m.Line
		if !slices.Contains(known, m.Name) {
			return r.unknown(m, known)
		}
		if m.Value.IsNull() {
			continue
		}
		if err := read(m); err != nil {
			return err
		}
	}
	return nil
}

func (r planReader) unknown(m textdoc.Member, known []string) error {
	e := &PlanFileError{At: Position{File: r.file, Line: m.Line}, Reason: fmt.Sprintf("unknown key %q", m.Name), Nearest: nearest.To(m.Name, known, 2)}
	e.Hint = "the keys are " + strings.Join(known, ", ") + "; values of parameters stand under defaults"
	return e
}

func (r planReader) text(m textdoc.Member) (string, error) {
	s, ok := m.Value.Text()
	if !ok || strings.TrimSpace(s) == "" {
		return "", r.bad(m, "must be text")
	}
	return s, nil
}

// texts reads a list of texts, or one.
func (r planReader) texts(m textdoc.Member) ([]string, error) {
	if s, ok := m.Value.Text(); ok {
		return []string{s}, nil
	}
	if m.Value.Kind != textdoc.List {
		return nil, r.bad(m, "must be text or a list of texts")
	}
	var list []string
	for _, item := range m.Value.Items {
		s, ok := item.Text()
		if !ok {
			return nil, r.bad(m, "must be a list of texts")
		}
		list = append(list, s)
	}
	return list, nil
}

func (r planReader) object(m textdoc.Member, of string) error {
	if m.Value.Kind != textdoc.Object {
		return r.bad(m, "must be an object of %s", of)
	}
	seen := map[string]bool{}
	for _, inner := range m.Value.Members {
		if seen[inner.Name] {
			return r.bad(inner, "is there twice")
		}
		seen[inner.Name] = true
	}
	return nil
}

// parts reads what several workflows are asked for.
func (r planReader) parts(d *Draft, m textdoc.Member) error {
	if m.Value.Kind != textdoc.List {
		return r.bad(m, "must be a list of objects, each like a plan")
	}
	for _, item := range m.Value.Items {
		if item.Kind != textdoc.Object {
			return r.bad(textdoc.Member{Name: m.Name, Line: item.Line}, "must be a list of objects, each like a plan")
		}
		part := Draft{File: r.file, Dir: r.dir, Line: item.Line}
		if err := r.each(item, partKeys(), func(m textdoc.Member) error { return r.part(&part, m) }); err != nil {
			return err
		}
		r.finish(&part)
		d.Parts = append(d.Parts, part)
	}
	return nil
}

// finish gives the sources what stands behind them in the file.
func (r planReader) finish(d *Draft) {
	for i := range d.Sources {
		d.Sources[i].Format = cmp.Or(d.Sources[i].Format, d.format)
	}
}

// part reads one key of a plan or a part of it.
func (r planReader) part(d *Draft, m textdoc.Member) (err error) {
	o := &d.Order
	switch m.Name {
	case "workflow":
		d.Workflow, err = r.text(m)
	case "character":
		o.Character, err = r.text(m)
	case "defaults":
		if err = r.object(m, "parameters and values"); err == nil {
			for _, inner := range m.Value.Members {
				o.Values = append(o.Values, Value{Name: inner.Name, JSON: inner.Value.Raw(), Origin: registry.FromPlan})
			}
		}
	case "from":
		err = r.sources(d, m)
	case "format":
		var s string
		if s, err = r.text(m); err == nil {
			if o.Format, err = run.ParseFormat(s); err != nil {
				err = r.bad(m, "must be png, jpg, or jpg:90 with a quality of 1 to 100")
			}
		}
	case "format_in":
		var s string
		if s, err = r.text(m); err == nil {
			if d.format = rows.Format(s); !d.format.Valid() {
				err = r.bad(m, "must be csv, tsv, jsonl, json, yaml or txt")
			}
		}
	case "items":
		err = r.items(d, m)
	case "sweep":
		d.Sweeps, err = r.sweeps(m)
	case "zip":
		d.Zip, err = r.sweeps(m)
	case "count":
		if json.Unmarshal(m.Value.Raw(), &o.Count) != nil || o.Count < 1 {
			err = r.bad(m, "must be a whole number, at least 1")
		}
	case "seed_mode":
		var s string
		if s, err = r.text(m); err == nil {
			if o.SeedMode = SeedMode(s); !o.SeedMode.Valid() {
				err = r.bad(m, "must be increment, random or fixed")
			}
		}
	case "map":
		if err = r.object(m, "columns and parameters"); err == nil {
			for _, inner := range m.Value.Members {
				as, ok := inner.Value.Text()
				if !ok || as == "" {
					return r.bad(inner, "must be the name of a parameter")
				}
				d.Map = append(d.Map, Mapping{Column: inner.Name, As: as})
			}
		}
	case "ignore_columns":
		d.Ignore, err = r.texts(m)
	case "naming":
		o.Naming.Template, err = r.text(m)
	case "provenance":
		var s string
		if s, err = r.text(m); err == nil {
			if o.Provenance = Provenance(s); !o.Provenance.Valid() {
				err = r.bad(m, "must be sidecar, embedded, both or none")
			}
		}
	case "timeout":
		var s string
		if s, err = r.text(m); err == nil {
			if o.Timeout, err = time.ParseDuration(s); err != nil || o.Timeout < 0 {
				err = r.bad(m, "must be a time like 90s or 5m")
			}
		}
	case "dynamic":
		if json.Unmarshal(m.Value.Raw(), &o.Dynamic) != nil {
			err = r.bad(m, "must be true or false")
		}
	}
	return err
}

// sources reads where rows come from.
func (r planReader) sources(d *Draft, m textdoc.Member) error {
	names, err := r.texts(m)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == "" || name == "-" {
			return r.bad(m, "must name files: a plan has no stdin")
		}
		d.Sources = append(d.Sources, Source{Name: name, Dir: r.dir})
	}
	return nil
}

// items reads rows that are written in the plan.
func (r planReader) items(d *Draft, m textdoc.Member) error {
	list, bad := rows.OfList(m.Value)
	if bad != nil {
		return sourceError(r.file, bad)
	}
	d.Items = list
	return nil
}

// sweeps reads lists of values by parameter.
func (r planReader) sweeps(m textdoc.Member) ([]Sweep, error) {
	if err := r.object(m, "parameters, each with a list of values"); err != nil {
		return nil, err
	}
	var all []Sweep
	for _, inner := range m.Value.Members {
		if inner.Value.IsNull() || inner.Value.Kind == textdoc.Object {
			return nil, r.bad(inner, "must be a list of values, or a range like 1..8")
		}
		all = append(all, Sweep{Name: inner.Name, JSON: inner.Value.Raw(), Dir: r.dir})
	}
	return all, nil
}
