package textdoc

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

func setJSON(data []byte, path []string, v Value) ([]byte, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{\n}\n")
	}
	eol := lineEnd(data)
	root, err := hujson.Parse(data)
	if err != nil {
		return nil, err
	}
	at, ok := root.Value.(*hujson.Object)
	if !ok {
		return nil, errors.New("expected an object")
	}
	indent := "  "
	for _, key := range path[:len(path)-1] {
		inner := memberOf(at, key)
		if inner == nil {
			appendMember(at, key, eol+indent, hujson.Value{Value: &hujson.Object{}})
			inner = memberOf(at, key)
		}
		if at, ok = inner.Value.(*hujson.Object); !ok {
			return nil, fmt.Errorf("%s is not an object", key)
		}
		indent += "  "
	}
	var text bytes.Buffer
	v.pretty(&text, indent)
	entry, err := hujson.Parse(bytes.ReplaceAll(text.Bytes(), []byte("\n"), []byte(eol)))
	if err != nil {
		return nil, err
	}
	key := path[len(path)-1]
	if old := memberOf(at, key); old != nil {
		entry.BeforeExtra, entry.AfterExtra = old.BeforeExtra, old.AfterExtra
		*old = entry
	} else {
		entry.BeforeExtra = hujson.Extra(" ")
		appendMember(at, key, eol+indent, entry)
	}
	return root.Pack(), nil
}

// removeJSON takes out a member that is there.
func removeJSON(data []byte, path []string) ([]byte, error) {
	root, err := hujson.Parse(data)
	if err != nil {
		return nil, err
	}
	at, _ := root.Value.(*hujson.Object)
	for _, key := range path[:len(path)-1] {
		inner, ok := memberOf(at, key).Value.(*hujson.Object)
		if !ok {
			return nil, fmt.Errorf("%s is not an object", key)
		}
		at = inner
	}
	i := slices.IndexFunc(at.Members, func(m hujson.ObjectMember) bool { return nameOf(m) == path[len(path)-1] })
	last := i == len(at.Members)-1
	trailing := at.Members[len(at.Members)-1].Value.AfterExtra
	at.Members = slices.Delete(at.Members, i, i+1)
	if last && i > 0 {
		at.Members[i-1].Value.AfterExtra = trailing // nil: no comma behind the last one
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
		Name:  hujson.Value{BeforeExtra: append(slices.Clone(comment), margin...), Value: hujson.Literal(Quote(name))},
		Value: v,
	}
	if n := len(o.Members); n > 0 && o.Members[n-1].Value.AfterExtra != nil {
		m.Value.AfterExtra = hujson.Extra{}
	}
	o.AfterExtra = hujson.Extra(strings.TrimSuffix(margin, "  "))
	o.Members = append(o.Members, m)
}
