package registry

import "fmt"

// DecodeObject reads a JSON (comments allowed) or YAML object of names and
// values, in its order and with exact integers. The name decides between the
// two and stands in the *FileError.
func DecodeObject(name string, data []byte) ([]NamedValue, error) {
	doc, fe := parseDocument(name, data)
	if fe != nil {
		fe.Path = name
		return nil, fe
	}
	if doc.kind != kindObject {
		return nil, &FileError{Path: name, Line: doc.line, Column: doc.col, Message: "must be an object of names and values"}
	}
	values := make([]NamedValue, 0, len(doc.members))
	first := map[string]int{}
	for _, m := range doc.members {
		if line, twice := first[m.name]; twice {
			return nil, &FileError{Path: name, Line: m.line, Column: m.col, Message: fmt.Sprintf("%q is there twice, first in line %d", m.name, line)}
		}
		first[m.name] = m.line
		values = append(values, NamedValue{m.name, m.value.raw()})
	}
	return values, nil
}
