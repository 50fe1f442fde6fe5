package plan

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math/bits"
	"slices"
	"strconv"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Batch is a plan that was read and validated: many runs, and what they have
// in common. Nothing in it depends on the machine, on its folders or on the
// time, but for Out, which is where it stands.
type Batch struct {
	Name     string   // of the plan, safe in a file name: it names ledger and lock
	File     string   // the plan file, absolute; "" = there is none
	Out      string   // an absolute folder or the URL of a store; "" = the plan names none
	Backends []string // as the plan names them; nil = it names none
	Items    []Item   // in the order of the plan
	Skipped  []error  // what is wrong with rows that were left out, each a *RowError
	// Digest is over ids and digests of all items, in any order of theirs: two
	// equal ones ask for the same files.
	Digest string
}

// An Item is one run of a batch. It is small, since there may be 100,000: what
// items have in common is shared, and its order is put together when asked for.
// It must not be changed.
type Item struct {
	// ID is given, or derived from what decides what is made: stable, the same on
	// every machine, unique within the batch.
	ID string
	// Digest is the SHA-256, as lowercase hex, over Fields. An item of another
	// run of the plan with the same ID and Digest makes the same files.
	Digest string
	Group  Group
	Axes   []Axis // the coordinates within sweeps; nil = none
	From   Position

	base  *Order  // shared: all that the item does not say itself
	own   []Value // the item's own values, over those of base
	row   *row    // nil = from no row
	draw  *Seeds  // nil = the seed is decided, or the workflow takes none
	name  string  // the item's own name for files, a template; "" = that of base
	makes []field // what Fields gives, in its order
}

// A Group says which items are best made one after the other. Items with equal
// keys need the same things on the server.
type Group struct {
	Models string // workflow and every model file, LoRAs with strength: loading them costs most
	Texts  string // what text encoders see
}

// An Axis is the coordinate of an item within one sweep.
type Axis struct {
	Name  string
	Value string // as written
}

// A Position is where something stands in a source or plan file.
type Position struct {
	File   string // as the user named it, "-" for stdin; "" = nowhere: flags
	Row    int    // from 1, without the header; for a plan file the item. 0 = not in a row
	Line   int    // of the file, from 1; 0 = not known
	Column string // "" = the whole row
}

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
	n := binary.LittleEndian.Uint64(b[:])
	span := s.High - s.Low + 1
	if span == 0 {
		return n // the whole range
	}
	high, _ := bits.Mul64(n, span)
	return s.Low + high
}

// Draws says that the item's seed is drawn once and kept by whoever runs it.
func (i *Item) Draws() (Seeds, bool) {
	if i.draw == nil {
		return Seeds{}, false
	}
	return *i.draw, true
}

// Order is the item as an order for exactly one run: plain data, complete but
// for a seed that has to be drawn (see Draws and OrderWith).
func (i *Item) Order() Order {
	o := i.base.with(i.own...)
	if i.name != "" {
		o.Naming.Template = i.name
	}
	fields := maps.Clone(o.Naming.Fields)
	if fields == nil {
		fields = make(map[string]string, 1+len(i.row.cells()))
	}
	fields["item"] = i.ID
	for _, c := range i.row.cells() {
		fields["row."+c.name] = c.text
	}
	o.Naming.Fields = fields
	return o
}

// OrderWith is the order with a seed that was drawn for it.
func (i *Item) OrderWith(seed uint64) Order {
	o := i.Order()
	if i.draw == nil {
		return o
	}
	return o.with(Value{Name: i.draw.Parameter, JSON: json.RawMessage(strconv.FormatUint(seed, 10)), Origin: registry.FromRow})
}

// Fields are what decides what the item makes, by name: "workflow" and
// "character" (digests of their content), "name", each parameter as written,
// and of each input file the SHA-256. Two lists compared say what changed.
func (i *Item) Fields() run.Values {
	out := make(run.Values, len(i.makes))
	for n, f := range i.makes {
		out[n] = run.NamedValue{Name: f.name, JSON: f.value}
	}
	return out
}

// A field is one thing that decides what an item makes.
type field struct {
	name  string
	value json.RawMessage
}

// Item finds an item by its id.
func (b *Batch) Item(id string) (*Item, bool) {
	n := slices.IndexFunc(b.Items, func(i Item) bool { return i.ID == id })
	if n < 0 {
		return nil, false
	}
	return &b.Items[n], true
}

// A row is one line of a source.
type row struct {
	header *[]string // shared by all rows of a source
	texts  []string  // one for each of header
}

// A cell is one value of a row.
type cell struct{ name, text string }

// cells are the values of a row that has any.
func (r *row) cells() []cell {
	if r == nil {
		return nil
	}
	out := make([]cell, len(*r.header))
	for i, name := range *r.header {
		out[i] = cell{name, r.texts[i]}
	}
	return out
}
