package registry

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
	for _, m := range doc.members {
		values = append(values, NamedValue{m.name, m.value.raw()})
	}
	return values, nil
}
