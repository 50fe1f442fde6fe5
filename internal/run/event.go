package run

import (
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// EventType tells what an Event is about.
type EventType string

// Event types, in the order a plain run shows them.
const (
	EventPrepared EventType = "prepared" // request resolved and bound; ID is known
	EventUpload   EventType = "upload"   // an input is being sent: Message
	EventQueued   EventType = "queued"   // Position
	EventStarted  EventType = "started"
	EventNode     EventType = "node" // Node, Class, Title
	EventProgress EventType = "progress"
	EventPreview  EventType = "preview"
	EventStored   EventType = "stored" // Output
	EventWarning  EventType = "warning"
	EventLost     EventType = "lost" // connection gone, trying again
	EventBack     EventType = "back"
	EventDone     EventType = "done" // Result
)

// An Event reports what happens in a run. The JSON form is what --events prints.
type Event struct {
	Type     EventType `json:"type"`
	Run      string    `json:"run"`
	Node     string    `json:"node,omitempty"`
	Class    string    `json:"class,omitempty"`
	Title    string    `json:"title,omitempty"`
	Step     int       `json:"step,omitempty"`
	Steps    int       `json:"steps,omitempty"`
	Fraction float64   `json:"fraction,omitempty"` // of the whole run, 0 to 1
	ETA      int64     `json:"eta_ms,omitempty"`   // 0 = not known
	Position int       `json:"position,omitempty"` // runs ahead, for queued
	Message  string    `json:"message,omitempty"`
	Output   *Output   `json:"output,omitempty"`
	Result   *Result   `json:"result,omitempty"`

	Image     []byte `json:"-"` // preview; valid until the sink returns
	MediaType string `json:"-"`
}

// A Sink receives the events of a run, one at a time.
type Sink func(Event)

// Status is how a run ended.
type Status string

// How runs end.
const (
	Succeeded Status = "succeeded"
	Partial   Status = "partial"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
	Lost      Status = "lost"
)

// An Output is one stored file or text. Field order and names are the
// contract of INTERFACE section 4.
type Output struct {
	Path      string           `json:"path"`
	URL       *string          `json:"url"`
	Kind      comfy.OutputKind `json:"kind"`
	MediaType string           `json:"media_type"`
	Node      string           `json:"node"`
	Width     int              `json:"width,omitempty"`
	Height    int              `json:"height,omitempty"`
	Bytes     int64            `json:"bytes"`
	SHA256    string           `json:"sha256"`
	Text      string           `json:"text,omitempty"`
}

// Timing of a run in milliseconds; server times from the server's clock.
type Timing struct {
	Queued    int64 `json:"queued_ms"`
	Execution int64 `json:"execution_ms"`
	Download  int64 `json:"download_ms"`
	Total     int64 `json:"total_ms"`
}

// Cost of a run; USD is nil when the backend has no price.
type Cost struct {
	GPUSeconds float64  `json:"gpu_seconds"`
	USD        *float64 `json:"usd"`
}

// A Result is what a run left behind.
type Result struct {
	ID         string   `json:"id"`
	Workflow   string   `json:"workflow"`
	Backend    string   `json:"backend"`
	Status     Status   `json:"status"`
	Seed       *Seed    `json:"seed,omitempty"`
	Character  string   `json:"character,omitempty"`
	Parameters Values   `json:"parameters"`
	PromptID   string   `json:"prompt_id"`
	Cached     bool     `json:"cached"`
	Outputs    []Output `json:"outputs"`
	Timing     Timing   `json:"timing"`
	Cost       Cost     `json:"cost"`
	Warnings   []string `json:"warnings"`

	Started  time.Time `json:"-"`
	Finished time.Time `json:"-"`
}
