package registry

import (
	"encoding/json"
)

// Origin is where a value came from; a later one in this list wins over an
// earlier one (INTERFACE section 3).
type Origin int

// Origins in ascending precedence.
const (
	FromGraph Origin = iota
	FromDefault
	FromCharacter
	FromPlan
	FromPreset
	FromParams // --params, --request
	FromSet
	FromFlag
	FromSweep
	FromRow
)

// An Arg is one value as somebody gave it. Text comes from a flag or a table
// and is coerced by the parameter's type; JSON comes from a file or the API
// and must already have it (numbers may be strings, for exactness).
type Arg struct {
	Name   string // parameter ("steps", "lora-strength"), or "Class.input", "#Title.input", "12.input"
	Text   string
	JSON   json.RawMessage // used instead of Text when not nil
	Origin Origin
}

// A Value is a resolved parameter: JSON is its canonical text (numbers as
// numbers; a file parameter holds the path or URL as given).
type Value struct {
	Param  *Parameter
	JSON   json.RawMessage
	Origin Origin
}
