// Package plan decides what is run: which workflow, with which values, how many
// times. Flags, the JSON of the HTTP API, presets and rows each make an Order;
// a Catalog expands it into orders of single runs and resolves each of them
// into what the engine takes.
package plan

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An Order asks for one run or several. It is plain data: it can wait in a
// queue or travel to another machine as JSON, and is resolved against a
// registry only where it runs. Texts in it are UTF-8. A file named "-" is the
// stdin of the command that made the order, and nothing anywhere else.
type Order struct {
	ID string `json:"id,omitempty"` // of the run; "" = a new one

	// One of these three says what runs. Graph is run under the name Workflow.
	Workflow string          `json:"workflow,omitempty"`
	File     string          `json:"file,omitempty"` // that holds the graph
	Graph    json.RawMessage `json:"graph,omitempty"`

	Character string      `json:"character,omitempty"`
	Values    []Value     `json:"values,omitempty"`
	Files     []File      `json:"files,omitempty"`    // input files that no parameter has yet
	Mask      *Mask       `json:"mask,omitempty"`     // what is painted anew, besides a mask file
	Recorded  []run.Input `json:"recorded,omitempty"` // files that a recorded graph names already
	Dynamic   bool        `json:"dynamic,omitempty"`  // draw {a|b} and __wildcard__ in prompts

	Naming     run.Naming    `json:"naming,omitzero"`
	Provenance Provenance    `json:"provenance,omitempty"`
	Format     run.Format    `json:"format,omitempty"`     // of pictures
	Strip      bool          `json:"strip,omitempty"`      // remove from files what they say of their making
	Timeout    time.Duration `json:"timeout_ns,omitempty"` // of each run on the backend; 0 = none

	Count    int      `json:"count,omitempty"` // 0 = 1
	SeedMode SeedMode `json:"seed_mode,omitempty"`
}

// A Value is one value as somebody gave it. Text comes from a flag or a table
// and gets the type of its parameter; JSON comes from a file or the API and
// must have it already.
type Value struct {
	Name   string          `json:"name"` // a parameter, or "KSampler.steps"
	Text   string          `json:"text,omitempty"`
	JSON   json.RawMessage `json:"value,omitempty"` // used instead of Text when there; null = not given
	Origin registry.Origin `json:"origin"`          // the strongest one wins, and of equals the last
}

// Provenance says where the record of a file goes.
type Provenance string

// Places of the record. The zero value is ProvenanceNone.
const (
	ProvenanceNone     Provenance = "none"
	ProvenanceSidecar  Provenance = "sidecar"
	ProvenanceEmbedded Provenance = "embedded"
	ProvenanceBoth     Provenance = "both"
)

// Sidecar reports whether a record lies beside the file.
func (p Provenance) Sidecar() bool { return p == ProvenanceSidecar || p == ProvenanceBoth }

// Embedded reports whether a record is inside the file.
func (p Provenance) Embedded() bool { return p == ProvenanceEmbedded || p == ProvenanceBoth }

// Valid reports whether there is such a choice.
func (p Provenance) Valid() bool { return p == ProvenanceNone || p.Sidecar() || p.Embedded() }

// SeedMode says how the seed goes on from one run of an order to the next. The
// zero value is SeedIncrement.
type SeedMode string

// Seed modes.
const (
	SeedIncrement SeedMode = "increment"
	SeedRandom    SeedMode = "random"
	SeedFixed     SeedMode = "fixed"
)

// Valid reports whether there is such a mode.
func (m SeedMode) Valid() bool { return m == SeedIncrement || m == SeedRandom || m == SeedFixed }

// Over lays an order over another one, a request over a preset, flags over a
// request: what it says wins, and what it leaves out is taken from below.
// Neither is changed.
func (o Order) Over(below Order) Order {
	if o.Workflow == "" && o.File == "" && len(o.Graph) == 0 {
		o.Workflow, o.File, o.Graph = below.Workflow, below.File, below.Graph
	}
	if o.ID == "" {
		o.ID = below.ID
	}
	if o.Character == "" {
		o.Character = below.Character
	}
	o.Values = slices.Concat(below.Values, o.Values)
	o.Files = filesOver(o.Files, below.Files)
	o.Mask = o.Mask.over(below.Mask)
	o.Recorded = slices.Concat(below.Recorded, o.Recorded)
	o.Dynamic = o.Dynamic || below.Dynamic
	if o.Naming.Template == "" && o.Naming.Fixed == "" {
		o.Naming.Template, o.Naming.Fixed = below.Naming.Template, below.Naming.Fixed
	}
	o.Naming.Force = o.Naming.Force || below.Naming.Force
	if o.Naming.Fields == nil {
		o.Naming.Fields = below.Naming.Fields
	}
	if o.Provenance == "" {
		o.Provenance = below.Provenance
	}
	o.Strip = o.Strip || below.Strip
	if o.Format == "" {
		o.Format = below.Format
	}
	if o.Timeout == 0 {
		o.Timeout = below.Timeout
	}
	if o.Count == 0 {
		o.Count = below.Count
	}
	if o.SeedMode == "" {
		o.SeedMode = below.SeedMode
	}
	return o
}

// args are the values as the registry takes them.
func (o Order) args() []registry.Arg {
	args := make([]registry.Arg, len(o.Values))
	for i, v := range o.Values {
		args[i] = registry.Arg(v)
	}
	return args
}

// with is the order with more values.
func (o Order) with(values ...Value) Order {
	o.Values = slices.Concat(o.Values, values)
	return o
}
