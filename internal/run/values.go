package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Seed is a seed of a run, 0 to 2^64-1; JSON as an exact integer.
type Seed uint64

func (s Seed) String() string { return strconv.FormatUint(uint64(s), 10) }

// known is nil for a value that says nothing, so that it is null in JSON.
func known[T comparable](v T) *T {
	var nothing T
	if v == nothing {
		return nil
	}
	return &v
}

// A NamedValue is one parameter of a result, as exact JSON.
type NamedValue struct {
	Name string
	JSON json.RawMessage
}

// Values are parameters in the order of the workflow.
type Values []NamedValue

// Get returns the JSON of a value.
func (v Values) Get(name string) (json.RawMessage, bool) {
	for _, nv := range v {
		if nv.Name == name {
			return nv.JSON, true
		}
	}
	return nil, false
}

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

// UnmarshalJSON reads an object and keeps its order and its numbers.
func (v *Values) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errors.New("parameters are not an object")
	}
	var out Values
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		nv := NamedValue{Name: key.(string)}
		if err := dec.Decode(&nv.JSON); err != nil {
			return err
		}
		out = append(out, nv)
	}
	*v = out
	return nil
}
