package plan

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math/bits"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Batch is a plan that was read and validated: many runs, and what they have
// in common. What its items are depends on the plan and its files alone, and
// neither on the machine nor on the time.
type Batch struct {
	Name  string // of the plan, safe in a file name: it names ledger and lock
	Items []Item // in the order of the plan
	// Digest is over ids and digests of all items, in any order of theirs: two
	// equal ones ask for the same files.
	Digest string
	// Skipped is what is wrong with rows that were left out; nil = nothing was.
	Skipped *BatchError
	Notes   []string // oddities of the sources that are no errors
}

// An Item is one run of a batch. It is small, since there may be 100,000: what
// items have in common is shared, and its order is put together when asked for.
// It must not be changed and is safe for concurrent use.
type Item struct {
	// ID is given, or derived from what decides what is made: stable, the same on
	// every machine, unique within the batch.
	ID string
	// Digest is the SHA-256, as lowercase hex, over Fields. An item of another
	// reading of the plan with the same ID and Digest makes the same files.
	Digest string
	Group  Group

	part   *section // shared: what the item runs, with what many have in common
	source *source  // where its row stands
	row    *rows.Row
	combo  *combo
	again  int // which of --count, from 0
	seed   seed
	files  []string // SHA-256 of its input files, in the order of the call
	name   string   // the item's own name for files, a template; "" = that of all
	shared bool     // other items would name their files the same
}

// A Group says which items are best made one after the other. Items with equal
// keys need the same things on the server.
type Group struct {
	Models string // workflow and every model file, LoRAs with strength: loading them costs most
	Texts  string // what text encoders see, as a digest
}

// An Axis is the coordinate of an item within one sweep.
type Axis struct {
	Name  string
	Value string // as written
}

// A seed is how an item comes to its seed.
type seed struct {
	value uint64
	kind  seedKind
}

type seedKind uint8

const (
	noSeed      seedKind = iota // the workflow takes none
	givenSeed                   // somebody gave it, or one that it counts up from
	derivedSeed                 // from the item's id
	rowSeed                     // from the item's row: seed mode fixed
	drawnSeed                   // to be drawn: seed mode random
)

// Seeds is where a seed goes that is drawn once (seed mode random), and its
// range, both ends included.
type Seeds struct {
	Parameter string
	Low, High uint64
}

// Draw draws a seed uniformly.
func (s Seeds) Draw() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return s.within(binary.LittleEndian.Uint64(b[:]))
}

// within maps all of 2^64 evenly on the range.
func (s Seeds) within(n uint64) uint64 {
	span := s.High - s.Low + 1
	if span == 0 {
		return n // the whole range
	}
	high, _ := bits.Mul64(n, span)
	return s.Low + high
}

// Draws says that the item's seed is drawn once and kept by whoever runs it.
func (i *Item) Draws() (Seeds, bool) {
	if i.seed.kind != drawnSeed {
		return Seeds{}, false
	}
	return i.part.seeds, true
}

// Seed is the seed of the item; false where it has none or draws it.
func (i *Item) Seed() (uint64, bool) {
	return i.seed.value, i.seed.kind != noSeed && i.seed.kind != drawnSeed
}

// Workflow is the workflow that the item runs.
func (i *Item) Workflow() *registry.Workflow { return i.part.workflow }

// Axes are the coordinates within sweeps, outermost first; nil = none.
func (i *Item) Axes() []Axis {
	if i.combo == nil {
		return nil
	}
	return i.combo.axes
}

// From is where the item stands in its plan.
func (i *Item) From() Position {
	p := Position{File: i.source.file}
	if i.row != nil {
		p.Row, p.Line = i.row.Number, i.row.Line
	}
	return p
}

// Order is the item as an order for exactly one run: plain data, complete but
// for a seed that has to be drawn (see Draws and OrderWith).
func (i *Item) Order() Order {
	o := i.part.order
	o.Values = i.part.values(i.source, i.row, i.combo)
	if i.seed.kind != noSeed {
		o.Values = i.part.withoutDrawn(o.Values)
	}
	if s, ok := i.Seed(); ok {
		o.Values = append(o.Values, i.part.seedValue(s, i.seed.kind == givenSeed))
	}
	if o.Naming.Template = i.template(); i.shared {
		o.Naming.Template = withID(o.Naming.Template)
	}
	fields := maps.Clone(o.Naming.Fields)
	if fields == nil {
		fields = make(map[string]string, 4)
	}
	// The name of a batch's file is the same each time: {id} is not that of a run.
	fields["item"], fields["id"] = i.ID, i.ID
	for _, name := range usedColumns(o.Naming.Template) {
		fields["row."+name] = cellOf(i.row, name)
	}
	o.Naming.Fields = fields
	return o
}

// OrderWith is the order with a seed that was drawn for it.
func (i *Item) OrderWith(seed uint64) Order {
	o := i.Order()
	if i.seed.kind == drawnSeed {
		o.Values = append(o.Values, i.part.seedValue(seed, true))
	}
	return o
}

// Fields are what decides what the item makes, by name: "workflow" and
// "character" (digests of their content), "name", each parameter that was
// given, and of each input file the SHA-256. Two lists compared say what
// changed. A seed that is derived from the id or drawn is not in it.
func (i *Item) Fields() run.Values {
	call, err := i.part.resolve(i.part.values(i.source, i.row, i.combo))
	if err != nil {
		return nil // it was resolved when the plan was read
	}
	return i.fields(call)
}

func (i *Item) fields(call *registry.Call) run.Values {
	out := i.part.fields(call, i.files, i.seed.kind)
	if i.seed.kind == givenSeed || i.seed.kind == rowSeed {
		raw := json.RawMessage(strconv.FormatUint(i.seed.value, 10))
		if n := slices.IndexFunc(out, func(v run.NamedValue) bool { return v.Name == i.part.seeds.Parameter }); n >= 0 {
			out[n].JSON = raw
		} else {
			out = append(out, run.NamedValue{Name: i.part.seeds.Parameter, JSON: raw})
		}
	}
	if i.name != "" {
		out = append(out, run.NamedValue{Name: "name", JSON: jsonString(i.name)})
	}
	return out
}

// withID is a template of names that others share, with the item's id.
func withID(template string) string {
	if ext := filepath.Ext(template); rows.IsMedia(template) {
		return strings.TrimSuffix(template, ext) + "-{item}" + ext
	}
	return template + "-{item}"
}

// Item finds an item by its id.
func (b *Batch) Item(id string) (*Item, bool) {
	n := slices.IndexFunc(b.Items, func(i Item) bool { return i.ID == id })
	if n < 0 {
		return nil, false
	}
	return &b.Items[n], true
}
