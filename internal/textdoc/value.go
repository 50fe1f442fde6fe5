package textdoc

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// A Value is one element of a document with its place. Scalars keep their exact
// JSON text; objects keep their order and their duplicates.
type Value struct {
	Kind      Kind
	Line, Col int             // from 1
	Scalar    json.RawMessage // of Scalar and Foreign
	Members   []Member        // of Object
	Items     []Value         // of List
}

// A Member is one key of an object, with the place of the key.
type Member struct {
	Name      string
	Line, Col int
	Value     Value
}

// A Kind says what a Value is.
type Kind uint8

// The kinds.
const (
	Scalar  Kind = iota
	Object       // a mapping in YAML
	List         // a sequence in YAML
	Foreign      // a number that YAML writes in another way than JSON, as it is written; only with Options.Verbatim
)

// IsNull reports whether the value says nothing.
func (v Value) IsNull() bool {
	return v.Kind == Scalar && (v.Scalar == nil || string(v.Scalar) == "null")
}

// Get returns the member of an object.
func (v Value) Get(name string) (Value, bool) {
	for _, m := range v.Members {
		if m.Name == name {
			return m.Value, true
		}
	}
	return Value{}, false
}

// Text returns the string that the value holds.
func (v Value) Text() (string, bool) {
	if v.Kind != Scalar {
		return "", false
	}
	return unquote(v.Scalar)
}

// Number returns the exact number that the value holds.
func (v Value) Number() (json.Number, bool) {
	if v.Kind != Scalar || !isNumber(v.Scalar) {
		return "", false
	}
	return json.Number(v.Scalar), true
}

// Raw writes the value as compact JSON, in its order, scalars byte for byte.
func (v Value) Raw() json.RawMessage {
	var b bytes.Buffer
	v.write(&b)
	return b.Bytes()
}

func (v Value) write(b *bytes.Buffer) {
	switch v.Kind {
	case Object:
		b.WriteByte('{')
		for i, m := range v.Members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(Quote(m.Name))
			b.WriteByte(':')
			m.Value.write(b)
		}
		b.WriteByte('}')
	case List:
		b.WriteByte('[')
		for i, e := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			e.write(b)
		}
		b.WriteByte(']')
	default:
		if v.Scalar == nil {
			b.WriteString("null")
		}
		b.Write(v.Scalar)
	}
}

// size is the number of elements in the value.
func (v Value) size() int {
	n := 1
	for _, m := range v.Members {
		n += m.Value.size()
	}
	for _, e := range v.Items {
		n += e.size()
	}
	return n
}

// Quote is a text as JSON, without escapes that only HTML needs.
func Quote(s string) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}

// unquote reads a JSON string; one without escapes is only cut out.
func unquote(raw json.RawMessage) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if inner := raw[1 : len(raw)-1]; !bytes.ContainsRune(inner, '\\') && utf8.Valid(inner) {
		return string(inner), true
	}
	var s string
	return s, json.Unmarshal(raw, &s) == nil
}

// isNumber reports whether the text is a JSON number, and nothing else.
func isNumber(v []byte) bool {
	return len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9') && json.Valid(v)
}

// A lineIndex turns offsets into lines and columns without rereading the file.
type lineIndex []int // offsets of line starts

func newLineIndex(data []byte) lineIndex {
	idx := lineIndex{0}
	for i, c := range data {
		if c == '\n' {
			idx = append(idx, i+1)
		}
	}
	return idx
}

func (idx lineIndex) position(offset int) (line, col int) {
	i, found := slices.BinarySearch(idx, offset)
	if !found {
		i--
	}
	return i + 1, offset - idx[i] + 1
}

func position(data []byte, offset int) (line, col int) {
	return newLineIndex(data[:offset]).position(offset)
}

// String is a text as a Value.
func String(s string) Value { return Value{Scalar: Quote(s)} }

// Strings are texts as a Value.
func Strings(list []string) Value {
	v := Value{Kind: List}
	for _, s := range list {
		v.Items = append(v.Items, String(s))
	}
	return v
}
