// Package mcp offers workflows to agents by the Model Context Protocol: each is a
// tool with the schema, the checks and the words of errors that it has everywhere
// else. It runs nothing itself: an Engine does, in this process or as jobs of a
// queue. Only this package speaks the protocol, by its official SDK.
package mcp

import (
	"context"
	"encoding/json"
	"io"

	"github.com/seed-7d77cb5c/easel/internal/inventory"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// An Engine makes runs and knows what they left. It is safe for concurrent use.
// What a context carries says who asks, where that matters.
type Engine interface {
	// Input finds an input file that an agent names. It is opened by nobody else.
	Input(ctx context.Context, in Input) (File, error)
	// Prepare checks a request whole, so that nothing is wrong with it when it is
	// its turn.
	Prepare(ctx context.Context, req Request) (Run, error)

	// Offers are what the backend has to choose from, of each workflow by parameter;
	// what is not known is left out. Nil where nothing is known of the backend.
	Offers(ctx context.Context, of []*registry.Workflow) ([]map[string][]string, error)
	// Models lists what the backend has in a folder, in all of them for "".
	Models(ctx context.Context, folder string) ([]inventory.Item, error)

	// Jobs lists what was run, the newest first, as the engine's own face shows it:
	// a JSON array.
	Jobs(ctx context.Context, limit int) (json.RawMessage, error)
	// Results are those of earlier runs, the newest first.
	Results(ctx context.Context, limit int) ([]*run.Result, error)
	// Result is that of an earlier run.
	Result(ctx context.Context, id string) (*run.Result, error)
	// Open reads the n-th output of a result, from 1.
	Open(ctx context.Context, res *run.Result, n int) (io.ReadCloser, error)
}

// A Request is a call in the form of the HTTP API.
type Request struct {
	*plan.Request
	Body  json.RawMessage // the same as it would be sent
	Files []File          // those that Input found for it
}

// A Run is prepared and waits for its turn.
type Run interface {
	// Execute makes it. When ctx ends, the run is taken off its backend. The result
	// is not nil whenever the run ended on the backend, with an error that says why
	// it did not succeed.
	Execute(ctx context.Context, tell func(Progress)) (*run.Result, error)
}

// An Input is a file as an agent names it: one of Name, Data and Output.
type Input struct {
	Parameter string
	Name      string   // a path, an id, or what else the engine knows
	Data      []byte   // the file itself
	Output    *Output  // of an earlier run
	Roots     []string // folders that the client opened for reading, absolute
}

// An Output is one of an earlier run's.
type Output struct {
	Run string
	N   int // from 1
}

// A File is an input that was found.
type File struct {
	Name string // what the order calls it
	// Open reads it from its beginning, each time. Nil where the engine finds it
	// by the name.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Progress is how far a run is.
type Progress struct {
	State    string // "queued", "started", "running"; "" = as before
	Node     string // title or class, as the graph has it
	Step     int
	Steps    int
	Fraction float64 // 0 to 1
	ETA      int64   // milliseconds; 0 = not known
	Position int     // runs ahead
}
