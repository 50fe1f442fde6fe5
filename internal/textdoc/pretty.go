package textdoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Pretty lays JSON out as people would, two spaces a level; what is no JSON
// stays as it is.
func Pretty(raw json.RawMessage) []byte { return append(pretty(raw, ""), '\n') }

// pretty lays an entry out as people would: an object or list that is short
// and holds no other stands in one line.
func pretty(raw json.RawMessage, indent string) []byte {
	v, e := Parse(JSON, raw, Options{})
	if e != nil {
		return raw // the caller's check refuses it
	}
	var b bytes.Buffer
	v.pretty(&b, indent)
	return b.Bytes()
}

// prettyWidth is how long a value in one line may be.
const prettyWidth = 160

func (v Value) pretty(b *bytes.Buffer, indent string) {
	flat := v.flat()
	if v.Kind == Scalar || (len(flat) <= prettyWidth && !strings.HasPrefix(flat, "{") || v.isLeaf() && len(flat) <= prettyWidth) {
		b.WriteString(flat)
		return
	}
	open, end := "{", "}"
	if v.Kind == List {
		open, end = "[", "]"
	}
	b.WriteString(open)
	inner := indent + "  "
	for i, m := range v.Members {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n%s%s: ", inner, Quote(m.Name))
		m.Value.pretty(b, inner)
	}
	for i, e := range v.Items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + inner)
		e.pretty(b, inner)
	}
	b.WriteString("\n" + indent + end)
}

// isLeaf reports whether an object is like one parameter: it may hold lists of
// scalars, but no object.
func (v Value) isLeaf() bool {
	return !slices.ContainsFunc(v.Members, func(m Member) bool { return m.Value.Kind == Object })
}

// flat is the value in one line, with spaces.
func (v Value) flat() string {
	var parts []string
	switch v.Kind {
	case Object:
		for _, m := range v.Members {
			parts = append(parts, string(Quote(m.Name))+": "+m.Value.flat())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case List:
		for _, e := range v.Items {
			parts = append(parts, e.flat())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return string(v.Raw())
}
