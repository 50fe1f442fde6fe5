package run

import (
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

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
	Name string  `json:"-"`    // in the store
	Path string  `json:"path"` // as --out said it
	File *string `json:"file"` // the same, absolute; nil where the store is no folder of this machine
	URL  *string `json:"url"`

	Public bool `json:"-"` // anybody can fetch it at URL

	// Destination is where the output goes when that place takes it; until then it
	// waits in File. "" when it is there.
	Destination string `json:"destination,omitempty"`

	Kind      comfy.OutputKind `json:"kind"`
	MediaType string           `json:"media_type"`
	Node      string           `json:"node"`
	Width     *int             `json:"width"` // pixels; nil for what is no picture
	Height    *int             `json:"height"`
	Bytes     int64            `json:"bytes"`
	SHA256    string           `json:"sha256"`
	Original  string           `json:"original_sha256,omitempty"` // of what was made, where it was converted
	// ColorProfile names the ICC profile that a file made here was given: that of the
	// picture which it was made of.
	ColorProfile string `json:"color_profile,omitempty"`

	Text *string `json:"text,omitempty"` // of an output that is a text, also an empty one

	RecordSHA256 string `json:"-"` // of the record beside it; "" = there is none, or it was not written now

	waits string // why it is not at its destination
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
	Seed       *Seed    `json:"seed"`      // nil when the workflow draws no noise
	Character  *string  `json:"character"` // nil without one
	Parameters Values   `json:"parameters"`
	PromptID   string   `json:"prompt_id"`
	Cached     bool     `json:"cached"`
	Outputs    []Output `json:"outputs"`
	Timing     Timing   `json:"timing"`
	Cost       Cost     `json:"cost"`
	Warnings   []string `json:"warnings"`

	Started  time.Time `json:"-"`
	Finished time.Time `json:"-"`
	// When the backend executed it, by its own clock; zero when it does not say.
	ExecutionStarted  time.Time `json:"-"`
	ExecutionFinished time.Time `json:"-"`
	// Recovered says that the run came from the record of another process, and that
	// the backend has forgotten it: what was stored before is all there is.
	Recovered bool `json:"-"`
}

// note adds a warning and tells it.
func (res *Result) note(sink Sink, text string) {
	res.Warnings = append(res.Warnings, text)
	sink(Event{Type: EventWarning, Run: res.ID, Message: text})
}
