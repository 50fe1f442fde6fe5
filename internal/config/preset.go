package config

import "encoding/json"

// A Preset is a workflow with some of its parameters given; "generate @NAME"
// runs it.
type Preset struct {
	Workflow  string
	Character string
	Params    []Param // in the order of the file
	Origin    Origin
}

// A Param is a parameter's value as it was written. Integers keep every digit.
type Param struct {
	Name string
	JSON json.RawMessage
}
