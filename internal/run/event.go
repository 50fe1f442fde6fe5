package run

import (
	"encoding/json"
)

// EventType tells what an Event is about.
type EventType string

// Event types, in the order a plain run shows them.
const (
	EventPrepared EventType = "prepared" // request resolved and bound; ID is known
	EventUpload   EventType = "upload"   // inputs are being sent: Files
	EventWaiting  EventType = "waiting"  // the place takes no more runs now; the graph is sent again later: Message
	EventQueued   EventType = "queued"   // Position
	EventStarted  EventType = "started"
	EventNode     EventType = "node"     // Node, Class, Title, Fraction
	EventProgress EventType = "progress" // Node, Class, Title, Step, Steps, Fraction, ETA; or Message
	EventPreview  EventType = "preview"  // Image, MediaType
	EventEnding   EventType = "ending"   // the backend says that it computes no more of it: where it stands is asked for. Ended may come without
	EventEnded    EventType = "ended"    // the backend has ended the run; what it made is fetched now
	EventStored   EventType = "stored"   // Output
	EventWarning  EventType = "warning"  // Message
	EventLost     EventType = "lost"     // connection gone, trying again: Message
	EventBack     EventType = "back"
	EventDone     EventType = "done" // Result
)

// An Event reports what happens in a run.
type Event struct {
	Type     EventType
	Run      string
	Files    int // to be uploaded
	Node     string
	Class    string
	Title    string
	Step     int
	Steps    int
	Fraction float64 // of the whole run, 0 to 1
	ETA      int64   // milliseconds; 0 = not known
	Position int     // runs ahead
	Message  string
	Output   *Output
	Result   *Result

	Image     []byte // valid until the sink returns
	MediaType string
}

// MarshalJSON writes the fields of the event's type, all of them, and no other:
// a line of --events.
func (e Event) MarshalJSON() ([]byte, error) {
	type head struct {
		Type EventType `json:"type"`
		Run  string    `json:"run"`
	}
	type place struct {
		Node  string `json:"node"`
		Class string `json:"class"`
		Title string `json:"title"`
	}
	about, at := head{e.Type, e.Run}, place{e.Node, e.Class, e.Title}
	switch e.Type {
	case EventUpload:
		return json.Marshal(struct {
			head
			Files int `json:"files"`
		}{about, e.Files})
	case EventQueued:
		return json.Marshal(struct {
			head
			Position int `json:"position"`
		}{about, e.Position})
	case EventNode:
		return json.Marshal(struct {
			head
			place
			Fraction float64 `json:"fraction"`
		}{about, at, e.Fraction})
	case EventProgress:
		var eta *int64
		if e.ETA > 0 {
			eta = &e.ETA
		}
		return json.Marshal(struct {
			head
			place
			Step     int     `json:"step"`
			Steps    int     `json:"steps"`
			Fraction float64 `json:"fraction"`
			ETA      *int64  `json:"eta_ms"`
			Message  string  `json:"message,omitempty"` // of nodes that show a text
		}{about, at, e.Step, e.Steps, e.Fraction, eta, e.Message})
	case EventStored:
		return json.Marshal(struct {
			head
			Output *Output `json:"output"`
		}{about, e.Output})
	case EventWarning, EventLost, EventWaiting:
		return json.Marshal(struct {
			head
			Message string `json:"message"`
		}{about, e.Message})
	}
	return json.Marshal(about)
}

// A Sink receives the events of a run, one at a time.
type Sink func(Event)
