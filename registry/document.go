package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Limits on a registry file: far above any real one, low enough that a hostile
// file cannot exhaust the stack or the memory.
const (
	maxFileBytes = 8 << 20
	maxNesting   = 1000
	maxElements  = 1 << 20
)

// A value is one element of a JSON or YAML file with its place. Scalars keep
// their exact JSON text; objects keep their order and their duplicates.
type value struct {
	kind      kind
	line, col int             // from 1
	scalar    json.RawMessage // of kindScalar
	members   []member        // of kindObject
	items     []value         // of kindList
}

type kind uint8

const (
	kindScalar kind = iota
	kindObject
	kindList
)

type member struct {
	name      string
	line, col int
	value     value
}

// parseDocument reads a registry file: YAML if the name says so, else JSON in
// which comments and trailing commas are allowed.
func parseDocument(name string, data []byte) (value, *FileError) {
	if len(data) > maxFileBytes {
		return value{}, &FileError{Message: fmt.Sprintf("larger than %d MiB", maxFileBytes>>20)}
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return value{}, &FileError{Message: "is UTF-16 text, as PowerShell's > writes it", Hint: "save it as UTF-8"}
	}
	data = withoutMark(data)
	if len(bytes.TrimSpace(data)) == 0 {
		return value{}, &FileError{Message: "the file is empty"}
	}
	if at := tooDeep(data); at >= 0 {
		line, col := position(data, at)
		return value{}, &FileError{Line: line, Column: col, Message: fmt.Sprintf("nested more than %d levels deep", maxNesting)}
	}
	if isYAML(name) {
		return parseYAML(data)
	}
	return parseJSON(data)
}

// withoutMark leaves out the byte order mark that editors on Windows write.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

func isYAML(name string) bool {
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// tooDeep returns the offset where more than maxNesting brackets are open, or
// -1. It counts brackets in strings too, which only makes it stricter.
func tooDeep(data []byte) int {
	depth := 0
	for i, c := range data {
		switch c {
		case '[', '{':
			if depth++; depth > maxNesting {
				return i
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return -1
}

func parseJSON(data []byte) (value, *FileError) {
	if json.Valid(data) {
		r := plainReader{data: data, line: 1}
		return r.value(), nil
	}
	root, err := hujson.Parse(data)
	if err != nil {
		fe := &FileError{Message: strings.TrimPrefix(err.Error(), "hujson: "), Err: err}
		// The position is only in the text; the cause behind it has none.
		if n, _ := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &fe.Line, &fe.Column); n == 2 {
			if cause := errors.Unwrap(err); cause != nil {
				fe.Message = cause.Error()
			}
		}
		return value{}, fe
	}
	lines := newLineIndex(data)
	return fromHuJSON(root, lines), nil
}

func fromHuJSON(h hujson.Value, lines lineIndex) value {
	var v value
	v.line, v.col = lines.position(h.StartOffset)
	switch t := h.Value.(type) {
	case *hujson.Object:
		v.kind = kindObject
		for _, m := range t.Members {
			line, col := lines.position(m.Name.StartOffset)
			v.members = append(v.members, member{
				name:  literalText(m.Name.Value.(hujson.Literal)),
				line:  line,
				col:   col,
				value: fromHuJSON(m.Value, lines),
			})
		}
	case *hujson.Array:
		v.kind = kindList
		for _, e := range t.Elements {
			v.items = append(v.items, fromHuJSON(e, lines))
		}
	case hujson.Literal:
		v.scalar = json.RawMessage(t)
	}
	return v
}

func literalText(l hujson.Literal) string {
	s, _ := unquote(json.RawMessage(l)) // the parser has checked it
	return s
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

// get returns the member of an object.
func (v value) get(name string) (value, bool) {
	for _, m := range v.members {
		if m.name == name {
			return m.value, true
		}
	}
	return value{}, false
}

// text returns the string that the value holds.
func (v value) text() (string, bool) {
	if v.kind != kindScalar {
		return "", false
	}
	return unquote(v.scalar)
}

// number returns the exact number that the value holds.
func (v value) number() (json.Number, bool) {
	if v.kind != kindScalar || !isNumber(v.scalar) {
		return "", false
	}
	return json.Number(v.scalar), true
}

// raw writes the value as compact JSON, in its order, scalars byte for byte.
func (v value) raw() json.RawMessage {
	var b bytes.Buffer
	v.write(&b)
	return b.Bytes()
}

func (v value) write(b *bytes.Buffer) {
	switch v.kind {
	case kindScalar:
		b.Write(v.scalar)
	case kindObject:
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(comfy.RawString(m.name))
			b.WriteByte(':')
			m.value.write(b)
		}
		b.WriteByte('}')
	case kindList:
		b.WriteByte('[')
		for i, e := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			e.write(b)
		}
		b.WriteByte(']')
	}
}
