package plan

import (
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/registry"
)

// checkCommon holds against the workflow what the draft itself gives, so that a
// mistake in it is told once and not for every row.
func (g *gathering) checkCommon(s *section) error {
	if _, err := storage.ParseTemplate(s.order.Naming.Template); err != nil {
		return err
	}
	_, err := s.resolve(s.plain)
	values, ok := errors.AsType[*registry.ValuesError](err)
	if !ok {
		if err != nil && errors.As(err, new(*run.MissingMaskError)) {
			return nil // a row may give it
		}
		return err
	}
	var own []registry.Problem
	for _, problem := range values.Problems {
		if slices.ContainsFunc(s.plain, func(v Value) bool { return SameName(v.Name, problem.Parameter) }) {
			own = append(own, problem)
		}
	}
	if len(own) == 0 {
		return nil
	}
	err = &registry.ValuesError{Workflow: values.Workflow, Problems: own}
	if g.File != "" {
		return &BatchError{Rows: []*RowError{{At: g.place(), Err: err}}}
	}
	return err
}

// validate resolves every item, its files and its name, on all processors.
func (p *planner) validate() error {
	items := p.batch.Items
	wrong := make([][]*RowError, len(items))
	chunk := max(1, min(256, len(items)/runtime.GOMAXPROCS(0)))
	starts := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			groups := map[string]string{}
			for start := range starts {
				for i := start; i < min(start+chunk, len(items)) && p.ctx.Err() == nil; i++ {
					wrong[i] = p.item(&items[i], &p.made[i], groups)
				}
			}
		})
	}
	for start := 0; start < len(items); start += chunk {
		starts <- start
	}
	close(starts)
	workers.Wait()
	if err := p.ctx.Err(); err != nil {
		return err
	}
	last := Position{}
	for i, errs := range wrong {
		for _, e := range errs {
			p.made[i].rejected = true
			if n := len(p.wrong.Rows); n > 0 && items[i].From() == last && p.wrong.Rows[n-1].Err.Error() == e.Err.Error() {
				continue // the same row again, at another point of the sweeps
			}
			p.wrong.add(e.At, e.Err)
		}
		last = items[i].From()
	}
	return nil
}

// item resolves one item: its files, its seed, its digest. groups shares texts
// among items.
func (p *planner) item(item *Item, m *made, groups map[string]string) []*RowError {
	s := item.part
	call, err := s.resolve(s.values(item.source, item.row, item.combo))
	if err != nil {
		return item.errors(err)
	}
	if item.files, err = p.identify.files(p.ctx, s, call); err != nil {
		return item.errors(err)
	}
	if item.name != "" {
		if _, err := storage.ParseTemplate(item.name); err != nil {
			at := item.From()
			at.Column = columnName
			return []*RowError{{at, err}}
		}
	}
	if m.id != "" {
		if err := checkID(m.id); err != nil {
			at := item.From()
			at.Column = columnID
			return []*RowError{{at, err}}
		}
	}
	item.seed = s.seedOf(call, item, m)
	m.key = digestFields(s.withSeed(s.fields(call, item.files, item.seed.kind), item.seed))
	item.Digest = digestFields(item.fields(call)).String()
	item.Group = groupOf(s, call)
	if known, ok := groups[item.Group.Models]; ok {
		item.Group.Models = known
	} else {
		groups[item.Group.Models] = item.Group.Models
	}
	return nil
}

// seedOf decides how an item comes to its seed.
func (s *section) seedOf(call *registry.Call, item *Item, m *made) seed {
	given, seeded := call.Seed()
	switch {
	case !seeded || s.seeds.Parameter == "":
		return seed{}
	case !call.SeedDrawn():
		if s.mode == SeedIncrement || s.mode == "" {
			given = wrapSeed(given, uint64(item.again), call.SeedParameter())
		}
		return seed{given, givenSeed}
	case s.mode == SeedRandom:
		return seed{0, drawnSeed}
	case s.mode == SeedFixed:
		return seed{s.seeds.seedOf(rowKey(s, item.row, m.id)), rowSeed}
	}
	return seed{0, derivedSeed} // its value follows from the id
}

// withSeed adds a given seed to what an id is derived from.
func (s *section) withSeed(fields run.Values, own seed) run.Values {
	if own.kind != givenSeed {
		return fields
	}
	return append(fields, run.NamedValue{Name: "seed of the item", JSON: json.RawMessage(strconv.FormatUint(own.value, 10))})
}

// origin is where an item has the value of a parameter from.
func (i *Item) origin(parameter string) Position {
	at := i.From()
	at.Column = i.part.column(i.row, parameter)
	if at.Column != "" || i.combo == nil {
		return at
	}
	for _, axis := range i.combo.axes {
		if SameName(axis.Name, parameter) {
			at.Sweep = axis.Name + "=" + axis.Value
		}
	}
	return at
}

// errors puts what is wrong with an item's values under their columns.
func (i *Item) errors(err error) []*RowError {
	if values, ok := errors.AsType[*registry.ValuesError](err); ok {
		var all []*RowError
		for _, problem := range values.Problems {
			place := i.origin(problem.Parameter)
			one := &registry.ValuesError{Workflow: values.Workflow, Problems: []registry.Problem{problem}}
			if missing, ok := errors.AsType[*run.MissingMaskError](err); ok && SameName(missing.Parameter, problem.Parameter) {
				all = append(all, &RowError{place, &run.MissingMaskError{Parameter: missing.Parameter, Err: one}})
				continue
			}
			all = append(all, &RowError{place, one})
		}
		return all
	}
	at := i.From()
	if input, ok := errors.AsType[*run.InputError](err); ok {
		at = i.origin(input.Parameter)
	}
	return []*RowError{{at, err}}
}

// identifyItems gives each item its id and its seed, and takes out those of
// which something is wrong.
func (p *planner) identifyItems() {
	items, kept := p.batch.Items, p.batch.Items[:0]
	equal := make(map[[16]byte]int32, len(items)) // by the first half of the key, which is enough to tell them apart
	taken := make(map[string]int32, len(items))   // where in kept
	for i := range items {
		item, m := &items[i], &p.made[i]
		if m.rejected {
			continue
		}
		half := [16]byte(m.key[:])
		n := int(equal[half])
		equal[half]++
		item.ID = m.id
		switch {
		case m.id == "":
			item.ID = itemID(m.key, n)
		case m.several:
			item.ID += "-" + suffixOf(item.combo, item.again)
		}
		if other, twice := taken[item.ID]; twice {
			at := item.From()
			at.Column = columnID
			p.wrong.add(at, factf("leave ids out and easel derives them", "the id %q is already that of %s", item.ID, kept[other].From()))
			continue
		}
		taken[item.ID] = int32(len(kept))
		if item.seed.kind == derivedSeed {
			item.seed.value = item.part.seeds.seedOf(item.ID)
		}
		kept = append(kept, *item)
	}
	clear(items[len(kept):])
	p.batch.Items, p.made = kept, nil
	p.batch.Digest = planDigest(kept)
}

// name finds items whose files would have the same name: which of them gets it
// must not be up to which ends first. Their names get their ids.
func (p *planner) name() error {
	templates := map[string]*storage.Template{}
	first := map[string]*Item{}
	for i := range p.batch.Items {
		item := &p.batch.Items[i]
		text := item.template()
		t := templates[text]
		if t == nil {
			var err error
			if t, err = storage.ParseTemplate(text); err != nil {
				return err
			}
			templates[text] = t
		}
		if t.Uses("item") || t.Uses("id") {
			continue
		}
		fields, err := item.nameFields(t)
		if err != nil {
			return err
		}
		stem, err := t.Expand(fields)
		if err != nil {
			return &RowError{At: item.From(), Err: err}
		}
		same := strings.ToLower(stem) // what differs in case alone is one file on many systems
		if other := first[same]; other != nil {
			other.shared, item.shared = true, true
			continue
		}
		first[same] = item
	}
	return nil
}

// template is what the item's files are named by, before its id is added where
// others have the same name.
func (i *Item) template() string {
	if i.name != "" {
		return i.name
	}
	return i.part.order.Naming.Template
}

// nameFields are the placeholders of an item's name that are known before it runs.
func (i *Item) nameFields(t *storage.Template) (map[string]string, error) {
	fields := map[string]string{"workflow": i.part.workflow.ID, "n": "1", "character": i.part.order.Character, "item": i.ID}
	if seed, ok := i.Seed(); ok {
		fields["seed"] = strconv.FormatUint(seed, 10)
	}
	for _, name := range usedColumns(i.template()) {
		fields["row."+name] = cellOf(i.row, name)
	}
	if !t.UsesValues() {
		return fields, nil
	}
	call, err := i.part.resolve(i.part.values(i.source, i.row, i.combo))
	if err != nil {
		return nil, err
	}
	for _, v := range call.Values {
		fields["param."+v.Param.Name] = JSONText(v.JSON)
		if v.Param.Role == registry.RolePrompt {
			fields["prompt"] = JSONText(v.JSON)
		}
	}
	return fields, nil
}
