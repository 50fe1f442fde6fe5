package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// parseYAML reads one YAML document into the tree that JSON is read into, so
// that there is one decoder. Numbers keep their digits.
func parseYAML(data []byte) (value, *FileError) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) // the parser counts some of them as two lines
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return value{}, yamlError(err)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			fe := at(doc.Body, "a second YAML document; a registry file is one")
			return value{}, fe
		}
		body = doc.Body
	}
	if body == nil {
		return value{}, &FileError{Message: "the file is empty"}
	}
	r := yamlReader{anchors: map[string]value{}}
	v, fe := r.read(body)
	if fe != nil {
		return value{}, fe
	}
	return v, nil
}

func yamlError(err error) *FileError {
	fe := &FileError{Message: err.Error(), Err: err}
	var se *yaml.SyntaxError
	if errors.As(err, &se) {
		fe.Message = se.Message
		if se.Token != nil && se.Token.Position != nil {
			fe.Line, fe.Column = se.Token.Position.Line, se.Token.Position.Column
		}
	}
	return fe
}

func at(n ast.Node, format string, args ...any) *FileError {
	line, col := yamlPosition(n)
	return &FileError{Line: line, Column: col, Message: fmt.Sprintf(format, args...)}
}

func yamlPosition(n ast.Node) (line, col int) {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 0, 0
}

type yamlReader struct {
	anchors map[string]value
	count   int // elements made, aliases included
	depth   int
}

func (r *yamlReader) read(n ast.Node) (value, *FileError) {
	if r.depth++; r.depth > maxNesting {
		return value{}, at(n, "nested more than %d levels deep", maxNesting)
	}
	defer func() { r.depth-- }()
	if r.count++; r.count > maxElements {
		return value{}, at(n, "more than %d elements", maxElements)
	}
	var v value
	v.line, v.col = yamlPosition(n)
	switch t := n.(type) {
	case *ast.MappingNode:
		v.kind = kindObject
		for _, mv := range t.Values {
			if fe := r.addMember(&v, mv); fe != nil {
				return value{}, fe
			}
		}
	case *ast.MappingValueNode:
		v.kind = kindObject
		if fe := r.addMember(&v, t); fe != nil {
			return value{}, fe
		}
	case *ast.SequenceNode:
		v.kind = kindList
		for _, e := range t.Values {
			item, fe := r.read(e)
			if fe != nil {
				return value{}, fe
			}
			v.items = append(v.items, item)
		}
	case *ast.AnchorNode:
		inner, fe := r.read(t.Value)
		if fe != nil {
			return value{}, fe
		}
		r.anchors[t.Name.String()] = inner
		return inner, nil
	case *ast.AliasNode:
		inner, ok := r.anchors[t.Value.String()]
		if !ok {
			return value{}, at(n, "alias *%s names no anchor before it", t.Value.String())
		}
		if r.count += inner.size(); r.count > maxElements {
			return value{}, at(n, "more than %d elements", maxElements)
		}
		return inner, nil
	case *ast.TagNode:
		return r.read(t.Value)
	default:
		var fe *FileError
		if v.scalar, fe = yamlScalar(n); fe != nil {
			return value{}, fe
		}
	}
	return v, nil
}

// yamlScalar is a scalar as JSON, numbers as they are written where JSON has
// that form.
func yamlScalar(n ast.Node) (json.RawMessage, *FileError) {
	switch t := n.(type) {
	case *ast.NullNode:
		return json.RawMessage("null"), nil
	case *ast.BoolNode:
		return strconv.AppendBool(nil, t.Value), nil
	case *ast.IntegerNode:
		if digits := strings.TrimLeft(t.Token.Value, "+-"); len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
			return nil, at(n, "%s is another number in YAML 1.1 than in 1.2; write it without the leading zero", t.Token.Value)
		}
		if raw := []byte(t.Token.Value); isNumber(raw) {
			return raw, nil
		}
		return fmt.Append(nil, t.Value), nil // +1, 0x1f, 1_000: int64 or uint64, exact
	case *ast.FloatNode:
		if raw := []byte(t.Token.Value); isNumber(raw) {
			return raw, nil
		}
		if raw := strconv.AppendFloat(nil, t.Value, 'g', -1, 64); isNumber(raw) {
			return raw, nil
		}
		return nil, at(n, "%s is not a number that can be used here", t.Token.Value)
	case *ast.StringNode:
		// The parser takes 1e-5 and integers above 2^64 for text; in YAML 1.2 they are numbers.
		if raw := []byte(t.Value); t.Token.Type == token.StringType && isNumber(raw) {
			return raw, nil
		}
		return comfy.RawString(t.Value), nil
	case *ast.LiteralNode:
		return comfy.RawString(t.Value.Value), nil
	}
	return nil, at(n, "%s cannot be used in a registry file", n.Type())
}

func (r *yamlReader) addMember(v *value, mv *ast.MappingValueNode) *FileError {
	if mv.Key.IsMergeKey() {
		return at(mv.Key, "merge keys (<<) are not understood; write the keys out")
	}
	key, fe := r.read(mv.Key)
	if fe != nil {
		return fe
	}
	if key.kind != kindScalar {
		return at(mv.Key, "a key must be text")
	}
	name, ok := key.text()
	if !ok {
		name = string(key.scalar)
	}
	val, fe := r.read(mv.Value)
	if fe != nil {
		return fe
	}
	v.members = append(v.members, member{name: name, line: key.line, col: key.col, value: val})
	return nil
}

// size is the number of elements in the value.
func (v value) size() int {
	n := 1
	for _, m := range v.members {
		n += m.value.size()
	}
	for _, e := range v.items {
		n += e.size()
	}
	return n
}
