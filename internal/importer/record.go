package importer

import "encoding/json"

// A Record is what an import leaves beside the graph, so that a later one can
// tell what the user has changed since.
type Record struct {
	Source  string          `json:"source"` // as it was named: a path (from the record's folder in a project), an address, server:NAME, the name of what was sent
	Mapping string          `json:"mapping,omitempty"`
	Params  []string        `json:"params,omitempty"` // NAME=PLACE
	Drop    []string        `json:"drop,omitempty"`   // names
	Name    string          `json:"name,omitempty"`
	Text    string          `json:"description,omitempty"`
	Entry   json.RawMessage `json:"entry"`
	Graph   json.RawMessage `json:"graph"`
}
