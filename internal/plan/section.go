package plan

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// Columns that are no parameters.
const (
	columnID        = "id"
	columnWorkflow  = "workflow"
	columnCharacter = "character"
	columnName      = "name"
	columnParam     = "param." // in front of a parameter that is called as one of these
)

// columnWords are the columns that are no parameters.
func columnWords() []string { return []string{columnID, columnWorkflow, columnCharacter, columnName} }

// A section is what items have in common that run the same workflow with the
// same character: shared by all of them, and not changed once it is made.
type section struct {
	workflow  *registry.Workflow
	character *registry.Character
	order     Order // of every item, but for its values
	mode      SeedMode
	mask      *run.MaskSpec
	plain     []Value // that are the same for every row
	templates []Value // with {row.COLUMN} in them
	digests   run.Values
	seeds     Seeds // Parameter is "" where the workflow takes no seed
	rename    map[string]string
	reads     map[*rows.Columns][]reading // how rows of a shape are read
}

// A reading is what one column of a row is to a section.
type reading struct {
	name   string // of a parameter, or an address in the graph; "" = nothing
	column string // as the source has it
	file   bool
}

// newSection makes a section of an order whose workflow is decided.
func (c *Catalog) newSection(o Order, dir string, mapping []Mapping) (*section, error) {
	wf, err := c.Workflow(o)
	if err != nil {
		return nil, err
	}
	perRun, shared, err := o.assign(wf)
	if err != nil {
		return nil, err
	}
	if len(perRun) > 1 {
		return nil, factf("name them behind the workflow: each is an item of its own then", "several files for one input of every item")
	}
	s := &section{workflow: wf, mode: o.SeedMode, mask: o.Mask.Spec(), rename: map[string]string{}, reads: map[*rows.Columns][]reading{}}
	for _, m := range mapping {
		s.rename[m.Column] = m.As
	}
	for _, v := range slices.Concat(o.Values, shared, perRun[0]) {
		if p := wf.Parameter(v.Name); p != nil {
			v.Name = p.Name
			if p.Type.File() && v.Origin == registry.FromPlan {
				v = located(dir, v)
			}
		}
		if text, ok := plainText(v); ok && hasRowFields(text) {
			v.Text, v.JSON = text, nil
			s.templates = append(s.templates, v)
			continue
		}
		s.plain = append(s.plain, v)
	}
	o.Values, o.Files, o.Count, o.SeedMode = nil, nil, 0, ""
	s.order = o
	digest, err := wf.Digest()
	if err != nil {
		return nil, err
	}
	s.digests = append(s.digests, run.NamedValue{Name: columnWorkflow, JSON: jsonString(digest)})
	if o.Character != "" {
		reg, err := c.Registry()
		if err != nil {
			return nil, err
		}
		if s.character, err = reg.Character(o.Character); err != nil {
			return nil, err
		}
		entry, err := s.character.MarshalJSON()
		if err != nil {
			return nil, err
		}
		s.digests = append(s.digests, run.NamedValue{Name: columnCharacter, JSON: jsonString(hexDigest(entry))})
	}
	if o.Mask != nil {
		raw, err := json.Marshal(o.Mask)
		if err != nil {
			return nil, err
		}
		s.digests = append(s.digests, run.NamedValue{Name: "mask drawn", JSON: raw})
	}
	if o.Dynamic {
		s.digests = append(s.digests, run.NamedValue{Name: "dynamic", JSON: json.RawMessage("true")})
	}
	if o.Format != "" {
		s.digests = append(s.digests, run.NamedValue{Name: "format", JSON: jsonString(string(o.Format))})
	}
	params, err := wf.Parameters()
	if err != nil {
		return nil, err
	}
	if p := WithRole(params, registry.RoleSeed); p != nil {
		s.seeds.Parameter = p.Name
		s.seeds.Low, s.seeds.High = p.SeedRange()
	}
	return s, nil
}

// located is a value whose files are named from another folder.
func located(dir string, v Value) Value {
	if v.JSON == nil {
		v.Text = joined(dir, v.Text)
		return v
	}
	var name string
	if json.Unmarshal(v.JSON, &name) == nil {
		v.JSON = jsonString(joined(dir, name))
		return v
	}
	var names []string
	if json.Unmarshal(v.JSON, &names) != nil {
		return v // it is no file, which is said where it is checked
	}
	for i, name := range names {
		names[i] = joined(dir, name)
	}
	raw, err := json.Marshal(names)
	if err == nil {
		v.JSON = raw
	}
	return v
}

// read says what the columns of a shape are; unknown lists those that are
// nothing. used are the columns that templates take, patterns say which say
// nothing.
func (s *section) read(columns *rows.Columns, used map[string]bool, ignored func(string) bool, files bool) (unknown []string) {
	if _, ok := s.reads[columns]; ok {
		return nil
	}
	list := make([]reading, len(columns.Names))
	for i, column := range columns.Names {
		as, mapped := s.rename[column]
		if !mapped {
			as = column
		}
		if column == "" || !mapped && ignored(column) || slices.Contains(columnWords(), as) {
			continue
		}
		bare, isParam := strings.CutPrefix(as, columnParam)
		p := s.workflow.Parameter(bare)
		if p == nil && files && i == 0 {
			p = s.fileParameter(registry.ParamType(as))
		}
		switch {
		case p != nil:
			list[i] = reading{name: p.Name, column: column, file: p.Type.File()}
		case !isParam && strings.Contains(as, "."):
			list[i] = reading{name: as, column: column} // an address of the graph
		case !used[column] && (!files || i == 0):
			list[i] = reading{name: bare, column: column} // the workflow says why it has none
			unknown = append(unknown, column)
		}
	}
	s.reads[columns] = list
	return unknown
}

// fileParameter is the one parameter that takes files of a type, or the first.
func (s *section) fileParameter(typ registry.ParamType) *registry.Parameter {
	params, err := s.workflow.Parameters()
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(params, func(p *registry.Parameter) bool { return p.Type == typ })
	if i < 0 {
		return nil
	}
	return params[i]
}

// values are what an item gives: what is common, the templates filled in from
// its row, the point of the sweeps, the row.
func (s *section) values(src *source, row *rows.Row, at *combo) []Value {
	n := len(s.plain) + len(s.templates) + 1
	if at != nil {
		n += len(at.values)
	}
	if row != nil {
		n += len(row.Cells)
	}
	out := make([]Value, 0, n)
	out = append(out, s.plain...)
	for _, v := range s.templates {
		if v.Text = fillRow(v.Text, row); strings.TrimSpace(v.Text) != "" {
			out = append(out, v)
		}
	}
	if at != nil {
		for _, v := range at.values {
			if text, ok := plainText(v); ok && hasRowFields(text) {
				v.Text, v.JSON = fillRow(text, row), nil
			}
			out = append(out, v)
		}
	}
	if row == nil {
		return out
	}
	for i, r := range s.reads[row.Columns] {
		if r.name == "" || row.Cells[i] == "" {
			continue
		}
		v := Value{Name: r.name, Origin: registry.FromRow}
		if row.JSON {
			v.JSON = json.RawMessage(row.Cells[i])
		} else {
			v.Text = row.Cells[i]
		}
		if r.file {
			v = located(src.dir, v)
		}
		out = append(out, v)
	}
	return out
}

// column is the column of a row that gave a parameter, "" when none did.
func (s *section) column(row *rows.Row, parameter string) string {
	if row == nil {
		return ""
	}
	for i, r := range s.reads[row.Columns] {
		if r.name != "" && row.Cells[i] != "" && SameName(r.name, parameter) {
			return r.column
		}
	}
	for _, v := range s.templates {
		if SameName(v.Name, parameter) {
			return strings.Join(usedColumns(v.Text), ", ")
		}
	}
	return ""
}

// resolve gives every parameter its value.
func (s *section) resolve(values []Value) (*registry.Call, error) {
	o := Order{Values: values}
	req := run.Request{Workflow: s.workflow, Args: o.args(), Character: s.character, Mask: s.mask}
	return req.Resolve()
}

// withoutDrawn leaves out seeds that ask to be drawn: they would win over the
// one that was.
func (s *section) withoutDrawn(values []Value) []Value {
	return slices.DeleteFunc(values, func(v Value) bool {
		if !SameName(v.Name, s.seeds.Parameter) {
			return false
		}
		text, _ := plainText(v)
		return strings.TrimSpace(text) == "-1" || string(bytes.TrimSpace(v.JSON)) == "-1"
	})
}

// seedValue is the seed of an item as a value. One that was given is never
// changed; another is fitted to what the server takes, as drawn ones are.
func (s *section) seedValue(seed uint64, given bool) Value {
	v := Value{Name: s.seeds.Parameter, JSON: json.RawMessage(strconv.FormatUint(seed, 10)), Origin: registry.FromSweep}
	if given {
		v.Origin = registry.FromRow
	}
	return v
}

// fields are what decides what an item makes, but for its seed and its name.
func (s *section) fields(call *registry.Call, files []string, kind seedKind) run.Values {
	out := slices.Clone(s.digests)
	for _, v := range call.Values {
		switch {
		case v.Param.Type.File() && v.Origin >= registry.FromCharacter:
			n := len(v.Texts())
			if n > len(files) {
				return nil
			}
			raw, err := json.Marshal(files[:n])
			if err != nil {
				return nil
			}
			files = files[n:]
			out = append(out, run.NamedValue{Name: v.Param.Name, JSON: raw})
		case v.Origin < registry.FromPlan:
		case v.Param.Name == s.seeds.Parameter && kind != givenSeed:
		case v.Given != nil:
			out = append(out, run.NamedValue{Name: v.Param.Name, JSON: v.Given})
		default:
			out = append(out, run.NamedValue{Name: v.Param.Name, JSON: v.JSON})
		}
	}
	for _, set := range call.Sets {
		for _, t := range set.Targets {
			out = append(out, run.NamedValue{Name: t.String(), JSON: set.JSON})
		}
	}
	return out
}

// nearColumn are the names that a column may have meant.
func (s *section) nearColumn(name string) []string {
	params, err := s.workflow.Parameters()
	if err != nil {
		return nil
	}
	known := columnWords()
	for _, p := range params {
		known = append(known, p.Name)
		if p.Role != "" {
			known = append(known, string(p.Role))
		}
	}
	return nearest.To(name, known, 2)
}

func jsonString(s string) json.RawMessage { return comfy.RawString(s) }
