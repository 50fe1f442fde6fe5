package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A Section is one of the lists of entries in a registry file.
type Section string

// The sections of a registry file; a characters file has the second.
const (
	Workflows  Section = "workflows"
	Characters Section = "characters"
)

// SetEntry returns the text of a registry or characters file with one entry
// set: in the place of the one of that id, else behind the others. Comments,
// order and layout of everything else stay. The name decides between JSON and
// YAML; empty data is a new file. A file that cannot be read, or whose layout
// is too unusual to be changed safely, is a *FileError.
func SetEntry(name string, data []byte, section Section, id string, entry json.RawMessage) ([]byte, error) {
	root, fe := parseEdited(name, data)
	if fe != nil {
		return nil, fe
	}
	edit := setInJSON
	if isYAML(name) {
		edit = setInYAML
	}
	changed, err := edit(withoutMark(data), root, section, id, entry)
	if err != nil {
		return nil, &FileError{Path: name, Message: err.Error(), Hint: "edit it by hand"}
	}
	return changed, checkEdit(name, root, changed, section, id, entry)
}

// RemoveEntry returns the text without an entry; found is false when there is
// none of that id.
func RemoveEntry(name string, data []byte, section Section, id string) (changed []byte, found bool, err error) {
	root, fe := parseEdited(name, data)
	if fe != nil {
		return nil, false, fe
	}
	list, _ := root.get(string(section))
	if _, ok := list.get(id); !ok {
		return data, false, nil
	}
	edit := removeFromJSON
	if isYAML(name) {
		edit = removeFromYAML
	}
	if changed, err = edit(withoutMark(data), root, section, id); err != nil {
		return nil, true, &FileError{Path: name, Message: err.Error(), Hint: "edit it by hand"}
	}
	return changed, true, checkEdit(name, root, changed, section, id, nil)
}

// HasEntry reports whether a file has an entry of this id.
func HasEntry(name string, data []byte, section Section, id string) (bool, error) {
	root, fe := parseEdited(name, data)
	if fe != nil {
		return false, fe
	}
	list, _ := root.get(string(section))
	_, ok := list.get(id)
	return ok, nil
}

// parseEdited reads the file that is to be changed.
func parseEdited(name string, data []byte) (value, *FileError) {
	if len(bytes.TrimSpace(data)) == 0 {
		return value{kind: kindObject}, nil
	}
	root, fe := parseDocument(name, data)
	if fe == nil && root.kind != kindObject {
		fe = &FileError{Line: root.line, Column: root.col, Message: "expected an object"}
	}
	if fe != nil {
		fe.Path = name
	}
	return root, fe
}

// checkEdit holds the new text against the old tree: exactly this entry may
// have changed. A nil entry was removed.
func checkEdit(name string, before value, changed []byte, section Section, id string, entry json.RawMessage) error {
	after, fe := parseEdited(name, changed)
	if fe != nil {
		return &FileError{Path: name, Message: "its layout is too unusual to be changed safely", Hint: "edit it by hand", Err: fe}
	}
	want := slices.Clone(before.members)
	i := slices.IndexFunc(want, func(m member) bool { return m.name == string(section) })
	if i < 0 {
		i, want = len(want), append(want, member{name: string(section), value: value{kind: kindObject}})
	}
	list := &want[i].value
	list.kind, list.scalar = kindObject, nil
	list.members = slices.Clone(list.members)
	at := slices.IndexFunc(list.members, func(m member) bool { return m.name == id })
	var set value
	if entry != nil {
		var fe *FileError
		if set, fe = parseDocument("entry.json", entry); fe != nil {
			return fe
		}
	}
	switch {
	case entry == nil && at >= 0:
		list.members = slices.Delete(list.members, at, at+1)
	case entry != nil && at >= 0:
		list.members[at].value = set
	case entry != nil:
		list.members = append(list.members, member{name: id, value: set})
	}
	got := after.members
	same := len(got) == len(want)
	if same {
		for j := range want {
			same = same && got[j].name == want[j].name && bytes.Equal(orEmpty(got[j].value), orEmpty(want[j].value))
		}
	}
	if !same {
		return &FileError{Path: name, Message: "its layout is too unusual to be changed safely", Hint: "edit it by hand"}
	}
	return nil
}

// orEmpty writes a value; a section that says nothing is an empty one.
func orEmpty(v value) []byte {
	if v.kind == kindScalar && string(v.scalar) == "null" {
		return []byte("{}")
	}
	return v.raw()
}

// lineEnd is how the lines of a file end; a mixed file was edited on Windows.
func lineEnd(data []byte) string {
	if bytes.Contains(data, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

func setInJSON(data []byte, _ value, section Section, id string, entry json.RawMessage) ([]byte, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{\n}\n")
	}
	eol := lineEnd(data)
	root, err := hujson.Parse(data)
	if err != nil {
		return nil, err
	}
	top, ok := root.Value.(*hujson.Object)
	if !ok {
		return nil, errors.New("expected an object")
	}
	list := memberOf(top, string(section))
	if list == nil {
		appendMember(top, string(section), eol+"  ", hujson.Value{Value: &hujson.Object{}})
		list = memberOf(top, string(section))
	}
	entries, ok := list.Value.(*hujson.Object)
	if !ok {
		return nil, fmt.Errorf("%s is not an object", section)
	}
	v, err := hujson.Parse(bytes.ReplaceAll(pretty(entry, "    "), []byte("\n"), []byte(eol)))
	if err != nil {
		return nil, err
	}
	if old := memberOf(entries, id); old != nil {
		v.BeforeExtra, v.AfterExtra = old.BeforeExtra, old.AfterExtra
		*old = v
	} else {
		v.BeforeExtra = hujson.Extra(" ")
		appendMember(entries, id, eol+"    ", v)
	}
	return root.Pack(), nil
}

func removeFromJSON(data []byte, _ value, section Section, id string) ([]byte, error) {
	root, err := hujson.Parse(data)
	if err != nil {
		return nil, err
	}
	top, _ := root.Value.(*hujson.Object)
	list := memberOf(top, string(section))
	if list == nil {
		return nil, fmt.Errorf("there is no %s", section)
	}
	entries, ok := list.Value.(*hujson.Object)
	if !ok {
		return nil, fmt.Errorf("%s is not an object", section)
	}
	i := slices.IndexFunc(entries.Members, func(m hujson.ObjectMember) bool { return nameOf(m) == id })
	last := i == len(entries.Members)-1
	trailing := entries.Members[len(entries.Members)-1].Value.AfterExtra
	entries.Members = slices.Delete(entries.Members, i, i+1)
	if last && i > 0 {
		entries.Members[i-1].Value.AfterExtra = trailing // nil: no comma behind the last one
	}
	return root.Pack(), nil
}

func memberOf(o *hujson.Object, name string) *hujson.Value {
	for i := range o.Members {
		if nameOf(o.Members[i]) == name {
			return &o.Members[i].Value
		}
	}
	return nil
}

func nameOf(m hujson.ObjectMember) string {
	l, _ := m.Name.Value.(hujson.Literal)
	return literalText(l)
}

// appendMember puts a member behind the others, on a line of its own: margin is
// a line end and the indent. A comment behind the last one stays with it, and
// so does a trailing comma.
func appendMember(o *hujson.Object, name, margin string, v hujson.Value) {
	if v.BeforeExtra == nil {
		v.BeforeExtra = hujson.Extra(" ")
	}
	comment := bytes.TrimRight(o.AfterExtra, " \t\r\n")
	m := hujson.ObjectMember{
		Name:  hujson.Value{BeforeExtra: append(slices.Clone(comment), margin...), Value: hujson.Literal(comfy.RawString(name))},
		Value: v,
	}
	if n := len(o.Members); n > 0 && o.Members[n-1].Value.AfterExtra != nil {
		m.Value.AfterExtra = hujson.Extra{}
	}
	o.AfterExtra = hujson.Extra(strings.TrimSuffix(margin, "  "))
	o.Members = append(o.Members, m)
}

// Pretty lays JSON out as people would, two spaces a level; what is no JSON
// stays as it is.
func Pretty(raw json.RawMessage) []byte { return append(pretty(raw, ""), '\n') }

// pretty lays an entry out as people would: an object or list that is short
// and holds no other stands in one line.
func pretty(raw json.RawMessage, indent string) []byte {
	v, fe := parseDocument("entry.json", raw)
	if fe != nil {
		return raw // the caller's check refuses it
	}
	var b bytes.Buffer
	v.pretty(&b, indent)
	return b.Bytes()
}

// prettyWidth is how long a value in one line may be.
const prettyWidth = 160

func (v value) pretty(b *bytes.Buffer, indent string) {
	flat := v.flat()
	if v.kind == kindScalar || (len(flat) <= prettyWidth && !strings.HasPrefix(flat, "{") || v.isLeaf() && len(flat) <= prettyWidth) {
		b.WriteString(flat)
		return
	}
	open, end := "{", "}"
	if v.kind == kindList {
		open, end = "[", "]"
	}
	b.WriteString(open)
	inner := indent + "  "
	for i, m := range v.members {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n%s%s: ", inner, comfy.RawString(m.name))
		m.value.pretty(b, inner)
	}
	for i, e := range v.items {
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
func (v value) isLeaf() bool {
	return !slices.ContainsFunc(v.members, func(m member) bool { return m.value.kind == kindObject })
}

// flat is the value in one line, with spaces.
func (v value) flat() string {
	var parts []string
	switch v.kind {
	case kindObject:
		for _, m := range v.members {
			parts = append(parts, string(comfy.RawString(m.name))+": "+m.value.flat())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case kindList:
		for _, e := range v.items {
			parts = append(parts, e.flat())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return string(v.scalar)
}
