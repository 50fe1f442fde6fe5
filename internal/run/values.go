// Package run is the engine: one request to stored, verified outputs on any
// backend. The command line, batches and the job worker call the same Runner.
//
// It reports typed events to a sink and knows no command line, no HTTP server
// and no SQL.
package run

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Seed is a seed of a run, 0 to 2^64-1; JSON as an exact integer.
type Seed uint64

func (s Seed) String() string { return strconv.FormatUint(uint64(s), 10) }

// A NamedValue is one parameter of a result, as exact JSON.
type NamedValue struct {
	Name string
	JSON json.RawMessage
}

// Values are parameters in the order of the workflow.
type Values []NamedValue

// MarshalJSON writes an object in that order.
func (v Values) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, nv := range v {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(comfy.RawString(nv.Name))
		b.WriteByte(':')
		b.Write(nv.JSON)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
