// Package nodes is the emulator's node classes: what each declares, as a server
// shows it, and what it does. Where a node needs no model its pixels are those
// of the server; where it needs one, painter draws.
//
// The package knows no protocol and no queue: it is given a Call and returns
// values.
package nodes

import (
	"context"
	"encoding/json"
	"image"
	"io"
	"time"
)

// A Class is one node type: its definition as /object_info shows it, and what
// it does. Classes are values in one table (classes.go); nothing registers
// itself.
type Class struct {
	Name        string
	Display     string
	Category    string
	Description string
	Module      string // python_module, "nodes" or "comfy_extras.nodes_x"
	Required    []Input
	Optional    []Input
	Hidden      []string // PROMPT, EXTRA_PNGINFO, UNIQUE_ID
	Outputs     []string // types
	OutputNames []string // nil = Outputs
	OutputNode  bool
	Volatile    bool // never cached
	// V3 says that the server writes the class against its newer interface: it
	// is shown as ["COMBO", {options}] and hidden ["PROMPT"], has no display name
	// of its own accord, and old servers do not check its combos.
	V3           bool
	Experimental bool
	Loads        bool // costs --model-load once per model, by its file inputs
	// Run does the work. It returns one value per output, any of which may be
	// a *Blocker, and an error (a *pyval.Exception to name its type) when the node
	// fails. ctx ends when the job is interrupted: return ctx.Err() then; c.Report
	// is the place to look. A node that does not look runs to its end.
	Run func(ctx context.Context, c *Call) ([]any, error)
	// Validate checks constants that the generic rules leave alone, e.g. that
	// an input file exists. Inputs it names in OwnsInputs skip min/max/list;
	// those that name a file of the input folder put its content into the cache
	// key. It is called with the constants only; reason "" is no complaint.
	OwnsInputs []string
	Base       string // the class that the check is inherited from; "" = itself
	Validate   func(c *Call) (inputName, reason string)
}

// An Input is one declared input of a class.
type Input struct {
	Name    string
	Type    string   // INT, FLOAT, STRING, BOOLEAN, COMBO, IMAGE, MODEL, ...
	Choices []string // of a combo (legacy array form)
	Folder  string   // combo of model files: any name is accepted unless strict
	Options map[string]any
}

// A Call is one execution of a node. Values from links are what the source
// node returned; constants are coerced: int64 or uint64, float64, string, bool.
type Call struct {
	Node   string // id
	Class  *Class
	Inputs map[string]any
	Graph  json.RawMessage // the whole prompt as executed, for metadata
	Extra  map[string]json.RawMessage
	UI     map[string][]any // what history shows for the node
	Files  Files
	Seed   uint64 // hash of prompt and node for anything that needs variety
	Step   time.Duration
	Report func(value, max int, preview func() image.Image) // progress; preview is drawn only when somebody listens
}

// Files are the server's folders: "input", "output", "temp".
type Files interface {
	Open(folder, name string) (io.ReadCloser, error)
	Exists(folder, name string) bool
	// Save writes the next numbered file for prefix, as SaveImage names it,
	// and returns file name and subfolder.
	Save(folder, prefix, ext string, write func(io.Writer) error) (filename, subfolder string, err error)
}

// A Blocker among a node's outputs keeps the consumers of that output from
// running. A message is announced to the client once, by the first consumer.
type Blocker struct{ Message string }
