package run

import (
	"encoding/json"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// RecordVersion is the version of the provenance record's form.
const RecordVersion = 1

// RecordSuffix is appended to the name of a file to name its record.
const RecordSuffix = ".easel.json"

// A Record says what made a file. It holds the backend's name, never its
// address, and no secret.
type Record struct {
	Record         int           `json:"easel_record"` // RecordVersion
	Easel          string        `json:"easel_version"`
	Run            string        `json:"run"`
	PromptID       string        `json:"prompt_id"`
	Workflow       string        `json:"workflow"`
	WorkflowDigest string        `json:"workflow_digest,omitempty"`
	GraphDigest    string        `json:"graph_digest"`
	Backend        string        `json:"backend"`
	Seed           *Seed         `json:"seed,omitempty"`
	Character      string        `json:"character,omitempty"`
	Parameters     Values        `json:"parameters"`
	Templates      Values        `json:"templates,omitempty"` // texts as written, before the choices in them were drawn
	Explicit       []Set         `json:"set,omitempty"`
	Inputs         []Input       `json:"inputs,omitempty"`
	Mask           *MaskSpec     `json:"mask,omitempty"`   // what was painted anew, besides a mask file
	Member         *Member       `json:"member,omitempty"` // of a batch
	File           *RecordedFile `json:"file,omitempty"`   // absent in a record embedded in the file itself
	Started        *time.Time    `json:"started,omitempty"`
	Finished       *time.Time    `json:"finished,omitempty"`
	Warnings       []string      `json:"warnings,omitempty"`
	Graph          *comfy.Graph  `json:"graph"`
}

// A RecordedFile is the file that a record belongs to.
type RecordedFile struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Width     *int   `json:"width,omitempty"` // pixels
	Height    *int   `json:"height,omitempty"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
	Original  string `json:"original_sha256,omitempty"` // of what was made, where the file was converted from it
	// ColorProfile names the ICC profile that the file was given: that of the picture
	// which it was made of. "" for none.
	ColorProfile string `json:"color_profile,omitempty"`

	Node    string `json:"node"`
	Output  int    `json:"output"`            // position among the run's outputs, from 1
	Outputs int    `json:"outputs,omitempty"` // how many the run has; 0 = not known
}

// Record is the provenance of the run, as far as it is known before its end.
func (t *Ticket) Record(version string) Record {
	var mask *MaskSpec
	if t.Repaint != nil {
		mask = &t.Repaint.Spec
	}
	return Record{
		Mask:           mask,
		Member:         t.Member,
		Record:         RecordVersion,
		Easel:          version,
		Run:            t.Run,
		PromptID:       t.PromptID,
		Workflow:       t.Workflow,
		WorkflowDigest: t.WorkflowDigest,
		GraphDigest:    t.Graph.Digest(),
		Backend:        t.Backend,
		Seed:           t.Seed,
		Character:      t.Character,
		Parameters:     t.ShownParameters(),
		Templates:      t.Templates,
		Explicit:       t.Explicit,
		Inputs:         t.ShownInputs(),
		Warnings:       t.Warnings,
		Graph:          t.Graph,
	}
}

// embedded is what the server writes into the files itself: the record without
// the graph, which is there already.
func (t *Ticket) embedded(version string) map[string]json.RawMessage {
	if !t.Embed {
		return t.PNGInfo
	}
	rec := t.Record(version)
	rec.Graph = nil
	data, err := json.Marshal(rec)
	if err != nil {
		return nil // every field is plain data
	}
	return map[string]json.RawMessage{"easel": data}
}

func (t *Ticket) warn(text string) { t.Warnings = append(t.Warnings, text) }

// tell reports the warnings that no sink has heard yet.
func (t *Ticket) tell(sink Sink) {
	for ; t.told < len(t.Warnings); t.told++ {
		sink(Event{Type: EventWarning, Run: t.Run, Message: t.Warnings[t.told]})
	}
}
