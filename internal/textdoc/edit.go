package textdoc

import (
	"bytes"
	"slices"
)

// A Style says how an edit lays out what it writes into YAML, and what it leaves.
type Style struct {
	Inline    bool // below the first two levels, what is short and holds no object stands in one line
	KeepEmpty bool // an object that has lost its last member stays, as it does in JSON
}

// Set returns the text with the value at a path of keys set: in the place of the
// one that is there, else behind its neighbours. Comments, order and layout of
// everything else stay. Empty data is a new document. A document that cannot be
// read, or whose layout is too unusual to be changed safely, is an *Error.
func Set(f Format, data []byte, path []string, v Value, style Style) ([]byte, *Error) {
	before, data, e := opened(f, data)
	if e != nil {
		return nil, e
	}
	var changed []byte
	var err error
	if f == JSON {
		changed, err = setJSON(data, path, v)
	} else {
		changed, err = setYAML(data, before, path, v, style)
	}
	if err != nil {
		return nil, &Error{Message: err.Error(), Hint: byHand, Err: err}
	}
	return changed, holds(f, changed, before.with(path, v))
}

// Remove returns the text without the value at a path; found is false when
// there is none. An object that it leaves empty goes too, unless the style keeps
// it.
func Remove(f Format, data []byte, path []string, style Style) (changed []byte, found bool, e *Error) {
	before, text, e := opened(f, data)
	if e != nil {
		return nil, false, e
	}
	style.KeepEmpty = style.KeepEmpty || f == JSON
	after, found := before.without(path, style.KeepEmpty)
	if !found {
		return data, false, nil
	}
	var err error
	if f == JSON {
		changed, err = removeJSON(text, path)
	} else {
		changed, err = removeYAML(text, before, path, style)
	}
	if err != nil {
		return nil, true, &Error{Message: err.Error(), Hint: byHand, Err: err}
	}
	return changed, true, holds(f, changed, after)
}

const (
	byHand  = "edit it by hand"
	unusual = "its layout is too unusual to be changed safely"
)

// opened reads what is to be changed: an object, or nothing yet.
func opened(f Format, data []byte) (Value, []byte, *Error) {
	v, e := Parse(f, data, Options{Verbatim: true})
	if e != nil {
		return Value{}, nil, e
	}
	if v.IsNull() {
		v = Value{Kind: Object}
	}
	if v.Kind != Object {
		return Value{}, nil, &Error{Line: v.Line, Column: v.Col, Message: "expected an object"}
	}
	data, e = UTF8(data)
	return v, data, e
}

// holds checks what an edit has made: the text must mean exactly what was
// wanted.
func holds(f Format, data []byte, want Value) *Error {
	got, e := Parse(f, data, Options{Verbatim: true})
	if e != nil || !got.means(want) {
		return &Error{Message: unusual, Hint: byHand}
	}
	return nil
}

// means reports whether two documents say the same, in the same order. An empty
// object and nothing are the same.
func (v Value) means(w Value) bool {
	if v.isEmpty() || w.isEmpty() {
		return v.isEmpty() && w.isEmpty()
	}
	return v.Kind == w.Kind && bytes.Equal(v.Scalar, w.Scalar) &&
		slices.EqualFunc(v.Members, w.Members, func(a, b Member) bool { return a.Name == b.Name && a.Value.means(b.Value) }) &&
		slices.EqualFunc(v.Items, w.Items, Value.means)
}

func (v Value) isEmpty() bool { return v.IsNull() || v.Kind == Object && len(v.Members) == 0 }

// with is v with the value at a path; what stands in the way gives way.
func (v Value) with(path []string, set Value) Value {
	if len(path) == 0 {
		return set
	}
	if v.Kind != Object {
		v = Value{Kind: Object}
	}
	v.Members = slices.Clone(v.Members)
	i := slices.IndexFunc(v.Members, func(m Member) bool { return m.Name == path[0] })
	if i < 0 {
		i, v.Members = len(v.Members), append(v.Members, Member{Name: path[0]})
	}
	v.Members[i].Value = v.Members[i].Value.with(path[1:], set)
	return v
}

// without is v without the value at a path, which is there or not.
func (v Value) without(path []string, keepEmpty bool) (Value, bool) {
	i := slices.IndexFunc(v.Members, func(m Member) bool { return m.Name == path[0] })
	if i < 0 {
		return v, false
	}
	v.Members = slices.Clone(v.Members)
	if len(path) == 1 {
		v.Members = slices.Delete(v.Members, i, i+1)
		return v, true
	}
	inner, found := v.Members[i].Value.without(path[1:], keepEmpty)
	v.Members[i].Value = inner
	if found && len(inner.Members) == 0 && !keepEmpty {
		v.Members = slices.Delete(v.Members, i, i+1)
	}
	return v, found
}

// lineEnd is how the lines of a file end; a mixed file was edited on Windows.
func lineEnd(data []byte) string {
	if bytes.Contains(data, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}
