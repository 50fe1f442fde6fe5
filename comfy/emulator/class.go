package emulator

import (
	"context"
	"encoding/json"
	"image"
	"io"
	"time"
)

// A class is one node type: its definition as /object_info shows it, and what
// it does. Classes are values in one table (classes.go); nothing registers
// itself.
type class struct {
	name        string
	display     string
	category    string
	description string
	module      string // python_module, "nodes" or "comfy_extras.nodes_x"
	required    []input
	optional    []input
	hidden      []string // PROMPT, EXTRA_PNGINFO, UNIQUE_ID
	outputs     []string // types
	outputNames []string // nil = outputs
	outputNode  bool
	volatile    bool // never cached
	// v3 says that the server writes the class against its newer interface: it
	// is shown as ["COMBO", {options}] and hidden ["PROMPT"], has no display name
	// of its own accord, and old servers do not check its combos.
	v3           bool
	experimental bool
	loads        bool // costs --model-load once per model, by its file inputs
	// run does the work. It returns one value per output, any of which may be
	// a *blocker, and an error (a *pyval.Exception to name its type) when the node
	// fails. ctx ends when the job is interrupted: return ctx.Err() then; c.report
	// is the place to look. A node that does not look runs to its end.
	run func(ctx context.Context, c *call) ([]any, error)
	// validate checks constants that the generic rules leave alone, e.g. that
	// an input file exists. Inputs it names in ownsInputs skip min/max/list;
	// those that name a file of the input folder put its content into the cache
	// key. It is called with the constants only; reason "" is no complaint.
	ownsInputs []string
	base       string // the class that the check is inherited from; "" = itself
	validate   func(c *call) (inputName, reason string)
}

// An input is one declared input of a class.
type input struct {
	name    string
	typ     string   // INT, FLOAT, STRING, BOOLEAN, COMBO, IMAGE, MODEL, ...
	choices []string // of a combo (legacy array form)
	folder  string   // combo of model files: any name is accepted unless strict
	options map[string]any
}

// A call is one execution of a node. Values from links are what the source
// node returned; constants are coerced: int64 or uint64, float64, string, bool.
type call struct {
	node   string // id
	class  *class
	inputs map[string]any
	graph  json.RawMessage // the whole prompt as executed, for metadata
	extra  map[string]json.RawMessage
	ui     map[string][]any // what history shows for the node
	files  files
	seed   uint64 // hash of prompt and node for anything that needs variety
	step   time.Duration
	report func(value, max int, preview func() image.Image) // progress; preview is drawn only when somebody listens
}

// files are the server's folders: "input", "output", "temp".
type files interface {
	open(folder, name string) (io.ReadCloser, error)
	exists(folder, name string) bool
	// save writes the next numbered file for prefix, as SaveImage names it,
	// and returns file name and subfolder.
	save(folder, prefix, ext string, write func(io.Writer) error) (filename, subfolder string, err error)
}

// A blocker among a node's outputs keeps the consumers of that output from
// running. A message is announced to the client once, by the first consumer.
type blocker struct{ message string }
