package comfy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// A Backend is a place that executes graphs. Implementations are safe for
// concurrent use; one socket per backend serves all followers.
//
// The order of a run is: write Submission.ID down, Submit, Follow for hints,
// State for the truth, Open for each output. A caller that lost its process in
// between continues with State and the recorded Handle.
//
// Callers ask what a place can do (Can), never which type it has.
type Backend interface {
	// Can tells what callers may rely on, without a request. Of a place that
	// was not asked yet it is what a current version can.
	Can() Abilities
	// Describe asks what the place is and can do. It is never needed for a run.
	Describe(ctx context.Context) (Info, error)
	// Version asks for the place's own version, once; "" when it does not say.
	Version(ctx context.Context) (string, error)
	// Definitions gives the node definitions of the named classes, or of all
	// when none is named. Classes that the place does not have are left out.
	// Where Can().ObjectInfo is false it fails with errors.ErrUnsupported.
	Definitions(ctx context.Context, classes ...string) (map[string]*ClassInfo, error)
	// Submit uploads s.Files (each content once), rewrites the graph's inputs
	// to the names the server gave, and queues the graph. The returned Handle
	// survives a restart. An AmbiguousError means that the run was perhaps
	// accepted: it says by which handle to look it up before trying again.
	// After the end of ctx it waits at most a second for an answer on its way.
	Submit(ctx context.Context, s Submission) (Handle, error)
	// Follow yields what is heard about a run until it is over, ctx ends, or
	// the place is gone for longer than the backend's patience. The last event
	// of a complete sequence is EventDone and carries the State. Everything
	// before it is a hint: it may be missing, late or repeated.
	Follow(ctx context.Context, h Handle) iter.Seq2[Event, error]
	// State is the truth about a run, asked now.
	State(ctx context.Context, h Handle) (State, error)
	// Open streams one output file; the size is -1 when the place does not say.
	Open(ctx context.Context, o Output) (io.ReadCloser, int64, error)
	// Cancel removes this run and no other, queued or running, and returns
	// when the place confirms that it is neither, or ctx ends. A run that
	// finished first is not an error: ask State.
	Cancel(ctx context.Context, h Handle) error
}

// A Handle names a submitted run at its backend. Where our ids are taken
// (Abilities.ClientIDs) it is Submission.ID, so it is known before Submit and
// even if the reply was lost. Elsewhere it is known from the reply alone: until
// then it is empty. The empty handle names no run, and nobody is asked about it:
// its State is PhaseUnknown, Follow and Cancel end with a LostError.
type Handle string

// A Submission is one graph to execute.
type Submission struct {
	ID      string // lowercase UUIDv4 (NewID), recorded by the caller before Submit
	Label   string // what people call it where a place lists runs; may be empty
	Graph   *Graph // not modified
	Files   []File
	PNGInfo map[string]json.RawMessage // extra_pnginfo: each key is written into saved files
	Preview bool                       // ask the server for preview pictures
	// Waiting, when not nil, is called before Submit waits to send the graph again,
	// since the place takes no more runs now: why, and for how long.
	Waiting func(reason string, pause time.Duration)
}

// Check refuses what no backend can be given: a graph that is not whole is a
// *ValidationError.
func (s Submission) Check() error {
	switch {
	case s.ID == "":
		return errors.New("submit a run: it has no id")
	case s.Graph == nil:
		return errors.New("submit a run: it has no graph")
	}
	if err := s.Graph.Check(); err != nil {
		return &ValidationError{Type: "malformed_graph", Message: err.Error()}
	}
	return nil
}

// A File is an input that travels with a submission.
type File struct {
	Name    string // our name: content hash and extension; what the graph says until Submit rewrites it
	SHA256  string // lowercase hex of the content
	Size    int64
	Targets []Target                      // graph inputs that take the name the server returns
	Open    func() (io.ReadCloser, error) // may be called more than once
}

// Bind gives the file's targets in a graph what a place calls it, a JSON value.
func (f File) Bind(g *Graph, value json.RawMessage) error {
	for _, t := range f.Targets {
		n := g.Node(t.Node)
		if n == nil {
			return fmt.Errorf("upload %s: the graph has no node %s", f.Name, t.Node)
		}
		n.Inputs.Set(t.Input, value)
	}
	return nil
}

// A Target is one input of one node of a graph.
type Target struct {
	Node  string `json:"node"`
	Input string `json:"input"`
}

// String gives the form users type: "12.steps".
func (t Target) String() string { return t.Node + "." + t.Input }

// Info says what a backend is and can do.
type Info struct {
	Kind         string    `json:"kind"`              // "comfyui", "emulator", ...
	Version      string    `json:"version,omitempty"` // the server's own, "" if it does not say
	OS           string    `json:"os,omitempty"`
	Devices      []Device  `json:"devices,omitempty"`
	Argv         []string  `json:"argv,omitempty"`
	QueueRunning int       `json:"queue_running"`
	QueuePending int       `json:"queue_pending"`
	MaxUpload    int64     `json:"max_upload,omitempty"` // bytes of one request, 0 = unknown
	Workers      *Workers  `json:"workers,omitempty"`    // of a serverless endpoint
	Can          Abilities `json:"can"`
}

// Workers are the machines of a serverless endpoint, by what they do. Initializing
// ones load their image; throttled ones wait for a free GPU.
type Workers struct {
	Idle         int `json:"idle"`
	Running      int `json:"running"`
	Initializing int `json:"initializing"`
	Ready        int `json:"ready"`
	Throttled    int `json:"throttled"`
	Unhealthy    int `json:"unhealthy"`
}

// A Device is one processor of a server; memory in bytes.
type Device struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	VRAMTotal int64  `json:"vram_total"`
	VRAMFree  int64  `json:"vram_free"`
}

// Abilities are what callers may rely on.
type Abilities struct {
	ClientIDs         bool `json:"client_ids"`         // takes our id, so that it is the handle (ComfyUI 0.3.45)
	TargetedInterrupt bool `json:"targeted_interrupt"` // can stop one running job (0.3.57)
	Jobs              bool `json:"jobs"`               // has /api/jobs (0.6.0)
	Progress          bool `json:"progress"`
	Previews          bool `json:"previews"`
	Queue             bool `json:"queue"`       // queue can be listed
	ObjectInfo        bool `json:"object_info"` // node definitions can be asked for
	Ephemeral         bool `json:"ephemeral"`   // it ends with this process, and its runs and files with it
	ImagesOnly        bool `json:"images_only"` // hands over what nodes list under "images", and nothing else
	LateCancel        bool `json:"late_cancel"` // what it cancels may execute to its end, and be billed
}

// Phase is where a run stands.
type Phase string

// The phases of a run. Unknown means that the place has never heard of it, has
// forgotten it, or was restarted.
const (
	PhaseUnknown   Phase = "unknown"
	PhaseQueued    Phase = "queued"
	PhaseRunning   Phase = "running"
	PhaseDone      Phase = "done"
	PhaseFailed    Phase = "failed"
	PhaseCancelled Phase = "cancelled"
)

// Over reports whether the phase is final.
func (p Phase) Over() bool { return p == PhaseDone || p == PhaseFailed || p == PhaseCancelled }

// State is what a backend says about a run.
type State struct {
	Phase    Phase
	Position int       // runs ahead of it while queued, from 0; -1 when not known
	Outputs  []Output  // in order: node id (numerically), then item
	Cached   []string  // ids of nodes that did not execute because their result was kept
	Executed bool      // at least one node really ran
	Err      error     // why it failed: *NodeError, *ValidationError, ...
	Queued   time.Time // server clock; zero when not known
	Started  time.Time
	Finished time.Time
	// Silent are output nodes that ran and named neither a file nor a text, as
	// those do which send their result elsewhere.
	Silent []string
	// Warnings are oddities worth telling: outputs the server skipped, kinds
	// that are not known, a success that produced nothing.
	Warnings []string
	// Missing are the place's reasons why it did not hand over all that the run
	// made: a run that is done and has some is partial. Warnings repeat them.
	Missing []string
	// Rejected are reasons why the server left outputs out although it accepted
	// the graph: a run that is done and has some is partial. Only the process
	// that submitted it is told.
	Rejected []NodeProblem
}

// OutputKind says what an output is.
type OutputKind string

// Output kinds. An OutputOther with a file name is still a file worth keeping.
const (
	OutputImage OutputKind = "image"
	OutputVideo OutputKind = "video"
	OutputAudio OutputKind = "audio"
	OutputModel OutputKind = "3d"
	OutputText  OutputKind = "text"
	OutputOther OutputKind = "other"
)

// An Output is one file or text that a run produced. Filename, Subfolder, Type
// and Ref are the server's words and are never used as local names.
type Output struct {
	Node      string     `json:"node"`
	Key       string     `json:"key"`   // the server's list: images, gifs, audio, text, ...
	Index     int        `json:"index"` // position in that list
	Kind      OutputKind `json:"kind"`
	Filename  string     `json:"filename,omitempty"`
	Subfolder string     `json:"subfolder,omitempty"`
	Type      string     `json:"type,omitempty"` // output, temp, input
	Text      string     `json:"text,omitempty"`
	// Ref is what the place calls the content when a file name is not enough: a
	// URL, an asset id. Only its backend can read it.
	Ref    string  `json:"ref,omitempty"`
	Inline *Inline `json:"-"` // content that came with the event stream or the reply
}

// Temporary reports whether the server will wipe the file at its next start.
func (o Output) Temporary() bool { return o.Type == "temp" }

// EventType tells what an Event is about.
type EventType string

// Event types of Follow.
const (
	EventQueued   EventType = "queued"   // Position
	EventStarted  EventType = "started"  // execution began
	EventCached   EventType = "cached"   // Nodes
	EventNode     EventType = "node"     // Node began
	EventProgress EventType = "progress" // Node, Value, Max
	EventPreview  EventType = "preview"  // Node (may be ""), Image, MediaType
	EventText     EventType = "text"     // Node, Text: progress text of API nodes
	EventOutput   EventType = "output"   // Output
	EventEnding   EventType = "ending"   // the server says that the run is over; its State is being asked for. Not every backend says so
	EventLost     EventType = "lost"     // the connection is gone; Err says how, the backend is trying again
	EventBack     EventType = "back"     // the connection is there again
	EventDone     EventType = "done"     // State
)

// An Event is one hint about a run.
type Event struct {
	Type      EventType
	Node      string
	Nodes     []string
	Value     int
	Max       int
	Position  int
	Image     []byte // valid until the consumer asks for the next event
	MediaType string
	Text      string
	Output    *Output
	State     *State
	Err       error
}
