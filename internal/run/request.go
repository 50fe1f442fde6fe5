package run

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A Request asks for one run.
type Request struct {
	ID        string // run id; "" = a new one
	Workflow  *registry.Workflow
	Args      []registry.Arg
	Character *registry.Character
	Mask      *MaskSpec // what is painted anew, besides a mask file among Args
	Naming    Naming
	Embed     bool          // write the record into the files (provenance embedded or both)
	Sidecar   bool          // write the record beside the files
	Strip     bool          // remove from files what they say of their making
	Format    Format        // of pictures; a fixed name that promises a kind wins
	Timeout   time.Duration // of the run on the backend; 0 = none. It is cancelled after that.
	Preview   bool          // somebody looks at preview pictures
	Expand    Expand        // draws the choices of dynamic prompts; nil = texts stay as written
	Recorded  []Input       // files that the graph names already, by the hash of their content: of a recorded run
	Member    *Member       // the item of a batch that the run is for
	Owned     []Owned       // files that are of the same item, and are replaced
}

// A Member is the item of a batch that a run is for.
type Member struct {
	Batch  string `json:"batch"`  // its name
	Item   string `json:"item"`   // its id
	Digest string `json:"digest"` // of all that decides what the item makes
}

// An Owned file was made by an earlier run for the same purpose. The new one
// replaces it, if it still has this content.
type Owned struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	// Sure says that the file was there: another content means then that somebody
	// has edited it, and a run without Force does not replace it. Of one that is
	// not sure, another content means a file of somebody else.
	Sure bool `json:"sure"`
}

// Naming says how outputs are called.
type Naming struct {
	Template string            `json:"template,omitempty"` // "" = DefaultName
	Fixed    string            `json:"fixed,omitempty"`    // exact name with extension, instead of a template
	Force    bool              `json:"force,omitempty"`    // replace files of the same name
	Fields   map[string]string `json:"fields,omitempty"`   // further placeholders: prompt, item, row.COLUMN
}

// DefaultName is the template of INTERFACE section 4.
const DefaultName = "{workflow}-{id}-{n}"

// An Input is one file that went into a run, as the record keeps it.
type Input struct {
	Parameter string `json:"parameter"`
	File      string `json:"file"`                      // as the user named it
	SHA256    string `json:"sha256"`                    // of the bytes that were sent
	Original  string `json:"original_sha256,omitempty"` // of the file, where a masked part of it was sent
}

// A Ticket is everything that it takes to submit and to finish a run, in this
// process or in another, on this backend or another: it is plain data. Files are
// named by their content, and the graph says what the workflow says; what a backend
// calls things is put into a copy. It is what the history keeps.
type Ticket struct {
	Run            string        `json:"run"`
	PromptID       string        `json:"prompt_id"`
	Handle         comfy.Handle  `json:"handle,omitempty"`
	Workflow       string        `json:"workflow"`
	WorkflowDigest string        `json:"workflow_digest,omitempty"`
	Backend        string        `json:"backend"`
	Address        string        `json:"address,omitempty"` // name or address to open the backend again, without credentials
	Out            string        `json:"out"`
	Graph          *comfy.Graph  `json:"graph"`
	Parameters     Values        `json:"parameters"`
	Templates      Values        `json:"templates,omitempty"` // texts as written, before the choices in them were drawn
	Explicit       []Set         `json:"set,omitempty"`
	Seed           *Seed         `json:"seed,omitempty"`
	Character      string        `json:"character,omitempty"`
	Inputs         []Input       `json:"inputs,omitempty"`
	Files          []File        `json:"files,omitempty"`   // what is sent with the graph
	Repaint        *Repaint      `json:"repaint,omitempty"` // only part of the picture is painted
	Naming         Naming        `json:"naming"`
	Sidecar        bool          `json:"sidecar"`
	Embed          bool          `json:"embed,omitempty"`
	Strip          bool          `json:"strip,omitempty"`
	Format         Format        `json:"format,omitempty"`
	Timeout        time.Duration `json:"timeout,omitempty"`
	Preview        bool          `json:"-"`
	// PNGInfo is written into saved pictures, as another easel asked that bound the graph.
	PNGInfo  map[string]json.RawMessage `json:"png_info,omitempty"`
	Warnings []string                   `json:"warnings,omitempty"`
	Prepared time.Time                  `json:"prepared"`
	Member   *Member                    `json:"member,omitempty"`
	Owned    []Owned                    `json:"owned,omitempty"`
	Made     []comfy.Output             `json:"made,omitempty"` // what the backend calls the outputs, once it has ended the run

	local   localGraph // for the backend that it was last meant for
	call    *registry.Call
	resumed bool // it comes from a record
	// collected: Collect was called before in this process.
	collected bool
	tried     bool // it was submitted to a member of a pool
	told      int  // how many of Warnings a sink has heard
}

// A Set is a graph input that the user set by its address, "12.steps".
type Set struct {
	Target string          `json:"target"`
	JSON   json.RawMessage `json:"value"`
}

// OpenInput opens an input file by the name the user gave: a path, a URL, "-".
// It may be called several times for one name and always starts at the
// beginning. What ctx ends is also the reading.
type OpenInput func(ctx context.Context, name string) (io.ReadCloser, error)
