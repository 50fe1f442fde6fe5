package importer

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A Conflict is a place that the user and the file have both changed. The
// user's is kept.
type Conflict struct {
	Path string          `json:"path"` // "configurable_params.steps.default"
	Mine json.RawMessage `json:"mine"` // null when the user took it out
	File json.RawMessage `json:"file"` // null when the file no longer has it
}

// Merge brings a JSON object that the user may have changed up to date: base is
// what was imported, mine what there is now, file what the changed file gives.
// What only one side changed is taken from it; where both did, mine stays and
// the place is a conflict. Objects are merged member by member, lists are taken
// whole. The order is mine where the user changed it, else the file's.
func Merge(base, mine, file json.RawMessage) (merged json.RawMessage, conflicts []Conflict, err error) {
	var parsed [3]textdoc.Value
	for i, raw := range []json.RawMessage{base, mine, file} {
		v, e := textdoc.Parse(textdoc.JSON, raw, textdoc.Options{})
		if e != nil {
			return nil, nil, e
		}
		parsed[i] = v
	}
	m := merger{}
	out := m.value("", &parsed[0], &parsed[1], &parsed[2])
	if out == nil {
		return nil, m.conflicts, nil
	}
	return out.Raw(), m.conflicts, nil
}

type merger struct{ conflicts []Conflict }

func equal(a, b *textdoc.Value) bool {
	if a == nil || b == nil {
		return a == b
	}
	return bytes.Equal(a.Raw(), b.Raw())
}

// value merges one place; nil is one that is not there.
func (m *merger) value(path string, base, mine, file *textdoc.Value) *textdoc.Value {
	switch {
	case equal(mine, base):
		return file
	case equal(file, base), equal(mine, file):
		return mine
	case mine != nil && file != nil && mine.Kind == textdoc.Object && file.Kind == textdoc.Object:
		if base == nil || base.Kind != textdoc.Object {
			base = &textdoc.Value{Kind: textdoc.Object}
		}
		return m.object(path, base, mine, file)
	}
	m.conflicts = append(m.conflicts, Conflict{path, raw(mine), raw(file)})
	return mine
}

func raw(v *textdoc.Value) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	return v.Raw()
}

func (m *merger) object(path string, base, mine, file *textdoc.Value) *textdoc.Value {
	out := &textdoc.Value{Kind: textdoc.Object}
	for _, name := range mergedOrder(names(base), names(mine), names(file)) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		if v := m.value(at, member(base, name), member(mine, name), member(file, name)); v != nil {
			out.Members = append(out.Members, textdoc.Member{Name: name, Value: *v})
		}
	}
	return out
}

func names(v *textdoc.Value) []string {
	list := make([]string, len(v.Members))
	for i, member := range v.Members {
		list[i] = member.Name
	}
	return list
}

func member(v *textdoc.Value, name string) *textdoc.Value {
	if inner, ok := v.Get(name); ok {
		return &inner
	}
	return nil
}

// mergedOrder is the order of all names: the user's where he moved something,
// else the file's. Names that only the other side has stand behind the one
// that they follow there.
func mergedOrder(base, mine, file []string) []string {
	common := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return !slices.Contains(other, n) })
	}
	first, second := file, mine
	if !slices.Equal(common(base, mine), common(mine, base)) {
		first, second = mine, file
	}
	order := slices.Clone(first)
	for i, name := range second {
		if slices.Contains(order, name) {
			continue
		}
		at := 0
		if i > 0 {
			at = slices.Index(order, second[i-1]) + 1
		}
		order = slices.Insert(order, at, name)
	}
	return order
}
