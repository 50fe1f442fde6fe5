package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// PlanOptions are what planning needs besides the draft.
type PlanOptions struct {
	Name string // of the batch; "" = by its file or source
	// Open opens sources and input files, by the names that the user gave.
	Open run.OpenInput
	// SkipInvalid leaves rows out in which something is wrong.
	SkipInvalid bool
}

// Plan reads the sources of a draft and makes its items, all of them validated:
// values, files, names. Everything that is wrong is in one *BatchError, with
// file, row and column; a source that cannot be read is another error.
func (c *Catalog) Plan(ctx context.Context, d Draft, o PlanOptions) (*Batch, error) {
	p := &planner{
		ctx: ctx, catalog: c, options: o, batch: &Batch{Name: o.Name}, wrong: &BatchError{},
		sections: map[sectionKey]*section{}, identify: newIdentifier(o.Open),
	}
	for _, part := range d.flat() {
		if err := p.gather(part); err != nil {
			return nil, err
		}
	}
	if len(p.wrong.Rows) > 0 && !o.SkipInvalid {
		return nil, p.wrong // of columns and workflows; each row would say it again
	}
	if err := p.validate(); err != nil {
		return nil, err
	}
	p.identifyItems()
	if len(p.wrong.Rows) > 0 {
		if !o.SkipInvalid || len(p.batch.Items) == 0 {
			return nil, p.wrong
		}
		p.batch.Skipped = p.wrong
	}
	if err := p.name(); err != nil {
		return nil, err
	}
	p.batch.Name = batchName(cmp.Or(p.batch.Name, d.name(), p.firstWorkflow()))
	return p.batch, nil
}

// name is what a batch is called after its sources.
func (d Draft) name() string {
	for _, part := range d.flat() {
		for _, s := range part.Sources {
			if s.Name == "-" || s.Name == "" {
				continue
			}
			base := filepath.Base(strings.TrimRight(filepath.ToSlash(s.Name), "/"))
			if rows.IsGlob(base) {
				base = filepath.Base(rows.GlobBase(s.Name))
			}
			if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" && stem != "." && stem != ".." {
				return stem
			}
		}
	}
	return ""
}

func (p *planner) firstWorkflow() string {
	if len(p.batch.Items) == 0 {
		return "batch"
	}
	return p.batch.Items[0].part.workflow.ID
}

// batchName makes a name that can be that of a file.
func batchName(name string) string { return strings.ReplaceAll(storage.SafeName(name), " ", "_") }

// A planner makes a batch.
type planner struct {
	ctx      context.Context
	catalog  *Catalog
	options  PlanOptions
	batch    *Batch
	wrong    *BatchError
	sections map[sectionKey]*section
	identify *identifier
	drafts   int
	made     []made // one for each item, until it has its id
}

type sectionKey struct {
	draft               int
	workflow, character string
}

// made is what is known of an item beside itself while it is planned.
type made struct {
	id       string // as given, "" = none
	key      digest // of what decides what is made, to derive its id from
	several  bool   // its row has others
	rejected bool
}

// A source is where rows of items stand.
type source struct {
	file string // as messages name it
	dir  string // what files in rows are relative to
}

// gather makes the items of one draft, without looking at their values.
func (p *planner) gather(d Draft) error {
	p.drafts++
	g := &gathering{planner: p, Draft: d, combosOf: map[uint64][]*combo{}, shapes: map[*rows.Columns]*shape{}}
	tables, err := p.tables(d)
	if err != nil {
		return err
	}
	if err := g.begin(tables); err != nil {
		return err
	}
	n := 1
	for _, t := range tables {
		n += len(t.Rows)
	}
	g.batch.Items = slices.Grow(g.batch.Items, n)
	g.made = slices.Grow(g.made, n)
	for _, t := range tables {
		src := &source{file: t.File, dir: t.Dir}
		for i := range t.Rows {
			if err := g.row(src, &t.Rows[i], t.media); err != nil {
				return err
			}
		}
	}
	if len(tables) == 0 {
		if err := g.row(&source{file: d.File}, nil, false); err != nil {
			return err
		}
	}
	g.reportColumns()
	if note := g.literal.note(); note != "" {
		p.batch.Notes = append(p.batch.Notes, note)
	}
	return p.ctx.Err()
}

// A gathering is the planning of one draft.
type gathering struct {
	*planner
	Draft
	used     map[string]bool // columns that templates take
	combosOf map[uint64][]*combo
	shapes   map[*rows.Columns]*shape
	inOrder  []*rows.Columns

	literal literalFields

	at    Position // of the row that is read
	files bool     // it is a file
}

// A shape is what was found of the columns of rows.
type shape struct {
	first    Position // of the first row that has it
	sections int      // that rows of the shape run
	unknown  map[string]*unknownColumn
}

// An unknownColumn is nothing to some of the sections.
type unknownColumn struct {
	sections int
	near     []string
}

// begin checks what the draft says of columns.
func (g *gathering) begin(tables []table) error {
	if len(g.Zip) > 0 && len(g.Sweeps) > 0 && g.File == "" {
		return factf("", "sweeps are paired or multiplied, not both")
	}
	all := slices.Concat(g.Sweeps, g.Zip)
	for i, s := range all {
		if s.Name == columnID || s.Name == columnName {
			return &SweepError{Name: s.Name, Text: s.written(), Reason: "is of no parameter"}
		}
		if slices.ContainsFunc(all[:i], func(before Sweep) bool { return SameName(before.Name, s.Name) }) {
			return g.placed(&SweepError{Name: s.Name, Text: s.written(), Reason: "is the second one of " + s.Name})
		}
	}
	g.used = map[string]bool{}
	mark := func(text string) {
		for _, name := range usedColumns(text) {
			g.used[name] = true
		}
	}
	mark(g.Order.Naming.Template)
	for _, v := range g.Order.Values {
		if text, ok := plainText(v); ok {
			mark(text)
		}
	}
	for _, s := range slices.Concat(g.Sweeps, g.Zip) {
		mark(s.Text)
		mark(string(s.JSON))
	}
	for _, pattern := range g.Ignore {
		if _, err := filepath.Match(pattern, ""); err != nil {
			return factf("* is any text, ? one character", "the pattern %q of columns to ignore cannot be read", pattern)
		}
	}
	known := map[string]bool{}
	for _, t := range tables {
		var last *rows.Columns
		for i := range t.Rows {
			if c := t.Rows[i].Columns; c != last {
				last = c
				for _, name := range c.Names {
					known[name] = true
				}
			}
		}
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Sorted(maps.Keys(g.used)) {
		if !known[name] {
			return &FactError{Reason: fmt.Sprintf("{row.%s} names a column that no row has", name), Nearest: nearest.To(name, names, 2), Hint: columnsHint(names)}
		}
	}
	for _, m := range g.Map {
		if !known[m.Column] {
			return &FactError{Reason: fmt.Sprintf("no row has the column %q that is mapped to %s", m.Column, m.As), Nearest: nearest.To(m.Column, names, 2), Hint: columnsHint(names)}
		}
	}
	return nil
}

func columnsHint(names []string) string {
	if len(names) == 0 {
		return "there are no rows: name a source"
	}
	if len(names) > 20 {
		names = append(slices.Clone(names[:20]), "...")
	}
	return "the columns are " + strings.Join(names, ", ")
}

func (g *gathering) ignored(column string) bool {
	return slices.ContainsFunc(g.Ignore, func(pattern string) bool {
		ok, err := filepath.Match(pattern, column)
		return ok && err == nil
	})
}

// word is the cell of a row in a column that is no parameter.
func (g *gathering) word(row *rows.Row, column string) string {
	if row == nil {
		return ""
	}
	for i, name := range row.Columns.Names {
		as := name
		for _, m := range g.Map {
			if m.Column == name {
				as = m.As
			}
		}
		if as == column && row.Cells[i] != "" && !g.ignored(name) {
			return strings.TrimSpace(row.Text(i))
		}
	}
	return ""
}

// row makes the items of one row: one for each point of the sweeps that it does
// not decide itself, and each of them as often as asked for.
func (g *gathering) row(src *source, row *rows.Row, files bool) error {
	at := Position{File: src.file}
	if row != nil {
		at.Row, at.Line = row.Number, row.Line
	}
	if at.Row == 0 && at.Line == 0 {
		at.Line = g.Line
	}
	workflow, character := g.word(row, columnWorkflow), g.word(row, columnCharacter)
	g.at, g.files = at, files
	g.literal.look(at, row, g.ignored)
	first, err := g.section(src.dir, workflow, character, row)
	if err != nil && g.sweeps(columnWorkflow) {
		first, err = nil, nil // each point says
	}
	if err != nil {
		return g.refuse(at, columnWorkflow, err, workflow != "" || character != "")
	}
	points, err := g.combos(first, row)
	if err != nil {
		return &RowError{At: g.place(), Err: err}
	}
	count := max(1, g.Order.Count)
	if left := MostItems - len(g.batch.Items); count > left/len(points) {
		return &TooManyRunsError{Most: MostItems, Asked: len(g.batch.Items) + len(points)*count}
	}
	for _, point := range points {
		s := first
		if point != nil && point.workflow+point.character != "" {
			dir := g.Dir
			if point.workflow == "" {
				dir = src.dir
			}
			if s, err = g.section(dir, cmp.Or(point.workflow, workflow), cmp.Or(point.character, character), row); err != nil {
				return g.refuse(at, "", err, false)
			}
		}
		for again := range count {
			item := Item{part: s, source: src, row: row, combo: point, again: again, name: g.word(row, columnName)}
			m := made{id: g.word(row, columnID), several: len(points) > 1 || again > 0}
			if item.name != "" && m.several {
				item.name += "-" + suffixOf(point, again)
			}
			g.batch.Items, g.made = append(g.batch.Items, item), append(g.made, m)
		}
	}
	return nil
}

// refuse notes that a row names what there is not. What no row says is wrong
// with the whole plan.
func (g *gathering) refuse(at Position, column string, err error, own bool) error {
	if !own {
		return g.placed(err)
	}
	if errors.As(err, new(*registry.UnknownCharacterError)) {
		column = columnCharacter
	}
	at.Column = column
	g.wrong.add(at, err)
	return nil
}

// placed says in which plan file something is wrong, unless the error does.
func (g *gathering) placed(err error) error {
	if g.File == "" || errors.As(err, new(*RowError)) || errors.As(err, new(*PlanFileError)) {
		return err
	}
	return &RowError{At: g.place(), Err: err}
}

func (g *gathering) sweeps(name string) bool {
	return slices.ContainsFunc(slices.Concat(g.Sweeps, g.Zip), func(s Sweep) bool { return s.Name == name })
}

// section finds or makes the section of a workflow and a character; "" takes
// those of the draft.
func (g *gathering) section(dir, workflow, character string, row *rows.Row) (*section, error) {
	if workflow == "" {
		dir, workflow = g.Dir, g.Workflow
	}
	if LooksLikeFile(workflow) && !g.catalog.isID(workflow) {
		workflow = joined(dir, workflow)
	}
	key := sectionKey{g.drafts, workflow, character}
	s := g.sections[key]
	if s == nil {
		o := g.Order
		if workflow != "" {
			found, err := g.catalog.Find(workflow)
			if err != nil {
				return nil, err
			}
			o.Workflow, o.File, o.Graph = "", "", nil
			o = o.Over(found)
		}
		if o.Workflow == "" && o.File == "" && len(o.Graph) == 0 {
			return nil, &NoWorkflowError{}
		}
		o.Character = cmp.Or(character, o.Character)
		o.Naming.Template = cmp.Or(o.Naming.Template, run.DefaultName)
		var err error
		if s, err = g.catalog.newSection(o, g.Dir, g.Map); err != nil {
			return nil, err
		}
		if err := g.checkCommon(s); err != nil {
			return nil, err
		}
		g.sections[key] = s
	}
	if row != nil {
		g.readShape(s, row)
	}
	return s, nil
}

// readShape notes which columns of a row the section does not know.
func (g *gathering) readShape(s *section, row *rows.Row) {
	if _, done := s.reads[row.Columns]; done {
		return
	}
	unknown := s.read(row.Columns, g.used, g.ignored, g.files)
	sh := g.shapes[row.Columns]
	if sh == nil {
		sh = &shape{first: g.at, unknown: map[string]*unknownColumn{}}
		g.shapes[row.Columns] = sh
		g.inOrder = append(g.inOrder, row.Columns)
	}
	sh.sections++
	for _, name := range unknown {
		if sh.unknown[name] == nil {
			sh.unknown[name] = &unknownColumn{near: s.nearColumn(name)}
		}
		sh.unknown[name].sections++
	}
}

// reportColumns refuses columns that are nothing to whatever their rows run. One
// that only some do not know is a mistake of the rows that fill it.
func (g *gathering) reportColumns() {
	for _, columns := range g.inOrder {
		sh := g.shapes[columns]
		for _, name := range columns.Names {
			u := sh.unknown[name]
			if u == nil || u.sections < sh.sections {
				continue
			}
			at := sh.first
			at.Column = name
			if len(g.inOrder) == 1 && at.Line != at.Row { // of a table: the header says it
				at.Row, at.Line = 0, 0
			}
			g.wrong.add(at, &ColumnError{Column: name, Nearest: u.near})
		}
	}
}

// parameter is the one that a sweep is of, in the first workflow that has it.
func (g *gathering) parameter(first *section, name string) (*registry.Parameter, error) {
	if first != nil {
		return first.workflow.Parameter(name), nil
	}
	for _, s := range slices.Concat(g.Sweeps, g.Zip) {
		if s.Name != columnWorkflow {
			continue
		}
		points, err := s.points(nil)
		if err != nil {
			return nil, err
		}
		for _, point := range points {
			s, err := g.section(g.Dir, point.axis.Value, "", nil)
			if err != nil {
				return nil, err
			}
			if p := s.workflow.Parameter(name); p != nil {
				return p, nil
			}
		}
	}
	return nil, nil
}

// A NoWorkflowError means a plan that does not say what runs.
type NoWorkflowError struct{}

func (*NoWorkflowError) Error() string { return "no workflow is named" }
