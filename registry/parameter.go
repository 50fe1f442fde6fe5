package registry

import (
	"encoding/json"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// ParamType is the type of a parameter.
// An int parameter of the file that lands in a seed input only is a seed.
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
	TypeSize   ParamType = "size" // "1024x768": width and height in pixels
	TypeImage  ParamType = "image"
	TypeMask   ParamType = "mask"
	TypeVideo  ParamType = "video"
	TypeAudio  ParamType = "audio"
)

func paramTypes() []string {
	return []string{"int", "float", "bool", "string", "text", "enum", "model", "seed", "size", "image", "mask", "video", "audio"}
}

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

func standardRoles() []Role {
	return []Role{RolePrompt, RoleNegative, RoleSeed, RoleImage, RoleMask, RoleLora, RoleLoraStrength, RoleWidth, RoleHeight}
}

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
	Targets  []comfy.Target // where it lands; empty for a dead parameter, and for a LoRA that is inserted
	// ViaAlpha marks a mask that has no loader of its own: it travels in the
	// alpha channel of the image parameter (transparent = repaint).
	ViaAlpha bool
	// Channel says how a mask with a loader of its own is read: "alpha"
	// (transparent = repaint), or "red", "green", "blue" (white = repaint).
	Channel string

	landings []landing
}

// TypeName is the type as the file writes it: "int", "list<image>".
func (p *Parameter) TypeName() string {
	if p.List {
		return "list<" + string(p.Type) + ">"
	}
	return string(p.Type)
}

// Allowed says what values the parameter takes, in words: "1 to 100",
// "at least 1", "euler, ddim"; "" when nothing limits it.
func (p *Parameter) Allowed() string {
	switch {
	case len(p.Choices) > 0:
		return strings.Join(p.Choices, ", ")
	case p.Min != "" && p.Max != "":
		return string(p.Min) + " to " + string(p.Max)
	case p.Min != "":
		return "at least " + string(p.Min)
	case p.Max != "":
		return "at most " + string(p.Max)
	}
	return ""
}

// fold makes "lora-strength" and "lora_strength" the same name.
func fold(name string) string { return strings.ReplaceAll(name, "-", "_") }

// A Binding says where a value lands: "KSampler.steps" by class if unique,
// "#Title.steps" by title, "12.steps" by node id.
type Binding struct {
	Target string
	Scale  float64                    // multiplied before it is written; 0 = as is
	Map    map[string]json.RawMessage // written instead, by the value's text
	Switch bool                       // a bool that bypasses the node when false; Target is "node"
}

// A landing is a binding resolved against the graph.
type landing struct {
	comfy.Target         // Input is "" for a switch
	scale        float64 // 0 = as is
	values       map[string]json.RawMessage
	turn         bool // a switch: the value turns the node on or off
	like         json.RawMessage
}
