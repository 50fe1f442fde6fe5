package registry

import (
	"fmt"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// DecodeObject reads a JSON (comments allowed) or YAML object of names and
// values, in its order and with exact integers. The name decides between the
// two and stands in the *FileError.
func DecodeObject(name string, data []byte) ([]NamedValue, error) {
	doc, fe := parseDocument(name, data)
	if fe != nil {
		fe.Path = name
		return nil, fe
	}
	if doc.Kind != textdoc.Object {
		return nil, &FileError{Path: name, Line: doc.Line, Column: doc.Col, Message: "must be an object of names and values"}
	}
	values := make([]NamedValue, 0, len(doc.Members))
	first := map[string]int{}
	for _, m := range doc.Members {
		if line, twice := first[m.Name]; twice {
			return nil, &FileError{Path: name, Line: m.Line, Column: m.Col, Message: fmt.Sprintf("%q is there twice, first in line %d", m.Name, line)}
		}
		first[m.Name] = m.Line
		values = append(values, NamedValue{m.Name, m.Value.Raw()})
	}
	return values, nil
}
