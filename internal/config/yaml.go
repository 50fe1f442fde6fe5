package config

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
)

// Bounds of a settings file. A larger one is a mistake or an attack.
const (
	maxFile     = 1 << 20 // bytes
	maxElements = 100_000 // with aliases counted where they stand
	maxNesting  = 50
)

// A document is one YAML document with its anchors.
type document struct {
	body     ast.Node // nil when empty
	anchors  map[string]ast.Node
	elements int // turned into JSON so far
}

// A member is one key of a mapping with its value.
type member struct {
	name         string
	line, column int
	value        ast.Node // nil for null
}

// parseDocument reads YAML. Its error is a Problem with a position.
func parseDocument(data []byte) (*document, *Problem) {
	if len(data) > maxFile {
		return nil, &Problem{Message: fmt.Sprintf("the file is larger than %d bytes", maxFile)}
	}
	data = bytes.ReplaceAll(withoutMark(data), []byte("\r\n"), []byte("\n")) // the parser counts some of them as two lines
	file, err := parser.ParseBytes(data, parser.ParseComments)
	if err != nil {
		return nil, syntaxProblem(err)
	}
	d := &document{anchors: map[string]ast.Node{}}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil, doc.Body.Type() == ast.CommentType:
		case d.body != nil:
			p := problemAt(doc.Body, "", "a second YAML document; settings are one")
			return nil, &p
		default:
			d.body = doc.Body
		}
	}
	if d.body != nil {
		ast.Walk(d, d.body)
	}
	return d, nil
}

// withoutMark leaves out the byte order mark that editors on Windows write.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

func syntaxProblem(err error) *Problem {
	p := &Problem{Message: err.Error()}
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		p.Message = syntax.Message
		if t := syntax.Token; t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

// Visit collects anchors; see ast.Walk.
func (d *document) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok {
		d.anchors[a.Name.String()] = a.Value
	}
	return d
}

// plain looks through anchors, aliases and tags; nil stands for null.
func (d *document) plain(n ast.Node) ast.Node {
	for range maxNesting {
		switch t := n.(type) {
		case *ast.AnchorNode:
			n = t.Value
		case *ast.AliasNode:
			n = d.anchors[t.Value.String()]
		case *ast.TagNode:
			n = t.Value
		case *ast.NullNode:
			return nil
		default:
			return n
		}
	}
	return nil
}

// members lists a mapping's keys in order; ok is false for anything else.
func (d *document) members(n ast.Node) (list []member, ok bool) {
	var values []*ast.MappingValueNode
	switch t := d.plain(n).(type) {
	case *ast.MappingNode:
		values = t.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{t}
	default:
		return nil, false
	}
	for _, v := range values {
		m := member{value: d.plain(v.Value)}
		if t := v.Key.GetToken(); t != nil {
			m.name = t.Value
			if t.Position != nil {
				m.line, m.column = t.Position.Line, t.Position.Column
			}
		}
		list = append(list, m)
	}
	return list, true
}

// text returns the text of a string node.
func text(n ast.Node) (string, bool) {
	switch t := n.(type) {
	case *ast.StringNode:
		return t.Value, true
	case *ast.LiteralNode:
		return t.Value.Value, true
	}
	return "", false
}

// toJSON writes a node as JSON with every digit of its numbers.
func (d *document) toJSON(b *bytes.Buffer, n ast.Node, depth int) error {
	if d.elements++; d.elements > maxElements || depth > maxNesting {
		return fmt.Errorf("more than %d elements or %d levels", maxElements, maxNesting)
	}
	n = d.plain(n)
	if s, ok := text(n); ok {
		return writeJSONString(b, s)
	}
	if list, ok := d.members(n); ok {
		b.WriteByte('{')
		for i, m := range list {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSONString(b, m.name); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := d.toJSON(b, m.value, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	}
	switch t := n.(type) {
	case nil:
		b.WriteString("null")
	case *ast.BoolNode:
		b.WriteString(strconv.FormatBool(t.Value))
	case *ast.IntegerNode:
		if digits := strings.TrimLeft(t.Token.Value, "+-"); len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
			return fmt.Errorf("%s is another number in YAML 1.1 than in 1.2; write it without the leading zero", t.Token.Value)
		}
		fmt.Fprint(b, t.Value) // int64 or uint64
	case *ast.FloatNode:
		number := t.Token.Value
		if !json.Valid([]byte(number)) {
			number = strconv.FormatFloat(t.Value, 'g', -1, 64)
		}
		b.WriteString(number)
	case *ast.SequenceNode:
		b.WriteByte('[')
		for i, e := range t.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := d.toJSON(b, e, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		return fmt.Errorf("%s cannot be used here", n.Type())
	}
	return nil
}

func writeJSONString(b *bytes.Buffer, s string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // Encode ends with a line end
	return nil
}

func problemAt(n ast.Node, key, format string, args ...any) Problem {
	p := Problem{Key: key, Message: fmt.Sprintf(format, args...)}
	switch t := n.(type) { // the token of a block mapping is its first colon
	case nil:
		return p
	case *ast.MappingValueNode:
		n = t.Key
	case *ast.MappingNode:
		if !t.IsFlowStyle && len(t.Values) > 0 {
			n = t.Values[0].Key
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	return p
}

// kindOf names what a node is, in the words of people who write YAML.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case nil:
		return "empty"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	}
	return n.Type().String()
}
