package textdoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parseYAML reads one YAML document into the tree that JSON is read into, so
// that there is one decoder. Numbers keep their digits.
func parseYAML(data []byte, opts Options) (Value, *Error) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) // the parser counts some of them as two lines
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return Value{}, yamlError(err)
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			fe := at(doc.Body, "a second YAML document; a file is one")
			return Value{}, fe
		}
		body = doc.Body
	}
	if body == nil {
		return Value{}, nil
	}
	r := yamlReader{verbatim: opts.Verbatim, anchors: map[string]Value{}}
	v, fe := r.read(body)
	if fe != nil {
		return Value{}, fe
	}
	return v, nil
}

func yamlError(err error) *Error {
	fe := &Error{Message: err.Error(), Err: err}
	var se *yaml.SyntaxError
	if errors.As(err, &se) {
		fe.Message = se.Message
		if se.Token != nil && se.Token.Position != nil {
			fe.Line, fe.Column = se.Token.Position.Line, se.Token.Position.Column
		}
	}
	return fe
}

func at(n ast.Node, format string, args ...any) *Error {
	line, col := yamlPosition(n)
	return &Error{Line: line, Column: col, Message: fmt.Sprintf(format, args...)}
}

func yamlPosition(n ast.Node) (line, col int) {
	switch t := n.(type) { // the token of a block mapping is its first colon
	case *ast.MappingValueNode:
		n = t.Key
	case *ast.MappingNode:
		if !t.IsFlowStyle && len(t.Values) > 0 {
			n = t.Values[0].Key
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 0, 0
}

type yamlReader struct {
	verbatim bool
	anchors  map[string]Value
	count    int // elements made, aliases included
	depth    int
}

func (r *yamlReader) read(n ast.Node) (Value, *Error) {
	if r.depth++; r.depth > maxNesting {
		return Value{}, at(n, "nested more than %d levels deep", maxNesting)
	}
	defer func() { r.depth-- }()
	if r.count++; r.count > maxElements {
		return Value{}, at(n, "more than %d elements", maxElements)
	}
	var v Value
	v.Line, v.Col = yamlPosition(n)
	switch t := n.(type) {
	case *ast.MappingNode:
		v.Kind = Object
		for _, mv := range t.Values {
			if fe := r.addMember(&v, mv); fe != nil {
				return Value{}, fe
			}
		}
	case *ast.MappingValueNode:
		v.Kind = Object
		if fe := r.addMember(&v, t); fe != nil {
			return Value{}, fe
		}
	case *ast.SequenceNode:
		v.Kind = List
		for _, e := range t.Values {
			item, fe := r.read(e)
			if fe != nil {
				return Value{}, fe
			}
			v.Items = append(v.Items, item)
		}
	case *ast.AnchorNode:
		inner, fe := r.read(t.Value)
		if fe != nil {
			return Value{}, fe
		}
		r.anchors[t.Name.String()] = inner
		return inner, nil
	case *ast.AliasNode:
		inner, ok := r.anchors[t.Value.String()]
		if !ok {
			return Value{}, at(n, "alias *%s names no anchor before it", t.Value.String())
		}
		if r.count += inner.size(); r.count > maxElements {
			return Value{}, at(n, "more than %d elements", maxElements)
		}
		return inner, nil
	case *ast.TagNode:
		return r.read(t.Value)
	default:
		if number, ok := foreignNumber(n); ok && r.verbatim {
			v.Kind, v.Scalar = Foreign, number
			break
		}
		var fe *Error
		if v.Scalar, fe = yamlScalar(n); fe != nil {
			return Value{}, fe
		}
	}
	return v, nil
}

// yamlScalar is a scalar as JSON, numbers as they are written where JSON has
// that form.
func yamlScalar(n ast.Node) (json.RawMessage, *Error) {
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
		return Quote(t.Value), nil
	case *ast.LiteralNode:
		return Quote(t.Value.Value), nil
	}
	return nil, at(n, "%s cannot be used here", n.Type())
}

// foreignNumber is a number, as it is written, that JSON does not write so.
func foreignNumber(n ast.Node) (json.RawMessage, bool) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		raw := []byte(n.GetToken().Value)
		return raw, !isNumber(raw)
	}
	return nil, false
}

// Plain turns the Foreign values in v into JSON; it fails where that cannot be
// done safely.
func (v Value) Plain() (Value, *Error) {
	if v.Kind == Foreign {
		read, e := parseYAML(v.Scalar, Options{})
		if e != nil {
			return Value{}, &Error{Line: v.Line, Column: v.Col, Message: e.Message}
		}
		read.Line, read.Col = v.Line, v.Col
		return read, nil
	}
	v.Members, v.Items = slices.Clone(v.Members), slices.Clone(v.Items)
	for i := range v.Members {
		var e *Error
		if v.Members[i].Value, e = v.Members[i].Value.Plain(); e != nil {
			return Value{}, e
		}
	}
	for i := range v.Items {
		var e *Error
		if v.Items[i], e = v.Items[i].Plain(); e != nil {
			return Value{}, e
		}
	}
	return v, nil
}

func (r *yamlReader) addMember(v *Value, mv *ast.MappingValueNode) *Error {
	if mv.Key.IsMergeKey() {
		return at(mv.Key, "merge keys (<<) are not understood; write the keys out")
	}
	key, fe := r.read(mv.Key)
	if fe != nil {
		return fe
	}
	if key.Kind != Scalar && key.Kind != Foreign {
		return at(mv.Key, "a key must be text")
	}
	name, ok := key.Text()
	if !ok {
		name = string(key.Scalar)
	}
	val, fe := r.read(mv.Value)
	if fe != nil {
		return fe
	}
	v.Members = append(v.Members, Member{Name: name, Line: key.Line, Col: key.Col, Value: val})
	return nil
}
