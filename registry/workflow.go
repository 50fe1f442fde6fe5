// Package registry turns graphs into typed functions: it loads workflows from
// layered sources, knows their parameters, validates and coerces values, finds
// where each lands in the graph, and binds them into a copy.
//
// It has no network and no disk beyond the fs.FS it is given. Integers are
// exact to 2^64-1: a value is JSON text from the file to the graph and never a
// float on the way.
package registry

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A Workflow is a registry entry. Field names and order in JSON are those of
// the owner's file; the fields after ExamplePayload are additions to it.
type Workflow struct {
	ID                 string
	Name               string
	Description        string
	Category           string
	ModelFamily        string
	Path               string // workflow_path
	SupportsBatch      bool
	MaxBatchSize       int
	RequiresInputImage bool
	RequiresMask       bool
	Params             []*Parameter // configurable_params, in file order
	ExamplePayload     json.RawMessage

	Models     []Model // files the graph needs
	MinVersion string  // lowest ComfyUI version, "" = any supported
	Source     Source  // where the entry was read
	Digest     string  // sha256 over entry and graph, lowercase hex
	graph      *comfy.Graph
	raw        json.RawMessage // the entry as it was written
}

// A Model is a file that a workflow needs on the server.
type Model struct {
	Folder string  `json:"folder"`         // key of the server's model folder: checkpoints, loras, ...
	File   string  `json:"file"`           // name relative to the folder
	Page   string  `json:"page,omitempty"` // page that describes and offers it
	URL    string  `json:"url,omitempty"`  // direct download
	SizeGB float64 `json:"size_gb,omitempty"`
}

// A Source is one layer of the registry. Later sources win.
type Source struct {
	Layer string // "built-in", "user", "project", "flag"
	Path  string // the file, for messages; "" for the built-in one
}

// ParamType is the type of a parameter.
type ParamType string

// Parameter types. A list of T is written "list<T>" in the file and has List set.
const (
	TypeInt    ParamType = "int"
	TypeFloat  ParamType = "float"
	TypeBool   ParamType = "bool"
	TypeString ParamType = "string"
	TypeText   ParamType = "text"
	TypeEnum   ParamType = "enum"
	TypeModel  ParamType = "model"
	TypeSeed   ParamType = "seed"
	TypeSize   ParamType = "size"
	TypeImage  ParamType = "image"
	TypeMask   ParamType = "mask"
	TypeVideo  ParamType = "video"
	TypeAudio  ParamType = "audio"
)

// File reports whether values of the type name a file that is uploaded.
func (t ParamType) File() bool {
	return t == TypeImage || t == TypeMask || t == TypeVideo || t == TypeAudio
}

// Role is what a parameter means to the graph, whatever it is called.
type Role string

// Roles, each also the name of its standard input.
const (
	RolePrompt       Role = "prompt"
	RoleNegative     Role = "negative"
	RoleSeed         Role = "seed"
	RoleImage        Role = "image"
	RoleMask         Role = "mask"
	RoleLora         Role = "lora"
	RoleLoraStrength Role = "lora_strength"
	RoleWidth        Role = "width"
	RoleHeight       Role = "height"
)

// A Parameter is a typed, named value of a workflow.
type Parameter struct {
	Name        string
	Type        ParamType
	List        bool
	Min, Max    json.Number // "" = no limit; inclusive
	Default     json.RawMessage
	Description string

	Label       string
	Group       string
	Unit        string
	Step        json.Number
	Choices     []string // of an enum; may also be numbers written as text
	ChoicesFrom string   // "Class.input": the live server's list
	Folder      string   // of a model: the server's model folder
	Required    bool
	Advanced    bool
	Pattern     string // RE2, matched against the whole text
	MaxLength   int    // characters, 0 = no limit
	Bind        []Binding

	Role     Role           // "" when it has none
	Standard bool           // not declared in the file: exists because the graph has the role
	Targets  []comfy.Target // where it lands; empty for a dead parameter
	// ViaAlpha marks a mask that has no loader of its own: it travels in the
	// alpha channel of the image parameter (transparent = repaint).
	ViaAlpha bool
}

// A Binding says where a value lands: "KSampler.steps" by class if unique,
// "#Title.steps" by title, "12.steps" by node id.
type Binding struct {
	Target string
	Scale  float64                    // multiplied before it is written; 0 = as is
	Map    map[string]json.RawMessage // written instead, by the value's text
	Switch bool                       // a bool that bypasses the node when false; Target is "node"
}

// A Problem is one thing wrong with the values given, or with an entry.
type Problem struct {
	Parameter string   `json:"parameter,omitempty"`
	Message   string   `json:"message"`           // "Parameter 'steps' below minimum 1"
	Allowed   string   `json:"allowed,omitempty"` // "1 to 100", "euler, ddim, ..."
	Nearest   []string `json:"nearest,omitempty"`
	Hint      string   `json:"hint,omitempty"`
}

// ValuesError: values do not fit a workflow. It lists every problem found.
type ValuesError struct {
	Workflow string
	Problems []Problem
}

func (e *ValuesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "workflow %s: %s", e.Workflow, e.Problems[0].Message)
	if n := len(e.Problems) - 1; n > 0 {
		fmt.Fprintf(&b, " (and %d more)", n)
	}
	return b.String()
}

// UnknownWorkflowError: no source has this id.
type UnknownWorkflowError struct {
	ID      string
	Nearest []string
}

func (e *UnknownWorkflowError) Error() string { return fmt.Sprintf("unknown workflow %q", e.ID) }

// FileError: a registry or graph file cannot be used. Line and Column count
// from 1; 0 = not known.
type FileError struct {
	Path         string
	Line, Column int
	Message      string
	Hint         string
	Err          error
}

func (e *FileError) Error() string {
	s := e.Path
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
		if e.Column > 0 {
			s += fmt.Sprintf(":%d", e.Column)
		}
	}
	return s + ": " + e.Message
}
func (e *FileError) Unwrap() error { return e.Err }
