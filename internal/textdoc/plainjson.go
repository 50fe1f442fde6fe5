package textdoc

import "encoding/json"

// A plainReader builds the tree of a document that json.Valid has accepted, so
// it checks nothing. Registries are read at every start, and most are plain
// JSON; hujson, four times slower, reads those with comments and explains what
// is wrong with the others.
type plainReader struct {
	data []byte
	at   int
	line int // of at, from 1
	base int // offset of that line's start

	open []Member // of the objects that are not read to their end
}

func (r *plainReader) space() {
	for ; r.at < len(r.data); r.at++ {
		switch r.data[r.at] {
		case '\n':
			r.line, r.base = r.line+1, r.at+1
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

func (r *plainReader) value() Value {
	r.space()
	v := Value{Line: r.line, Col: r.at - r.base + 1}
	switch r.data[r.at] {
	case '{':
		v.Kind = Object
		start := len(r.open)
		r.each('}', func() {
			m := Member{Line: r.line, Col: r.at - r.base + 1}
			m.Name, _ = unquote(r.scalar())
			r.space()
			r.at++ // the colon
			m.Value = r.value()
			r.open = append(r.open, m)
		})
		v.Members = append(v.Members, r.open[start:]...) // grown in place it would be copied time and again
		r.open = r.open[:start]
	case '[':
		v.Kind = List
		r.each(']', func() { v.Items = append(v.Items, r.value()) })
	default:
		v.Scalar = r.scalar()
	}
	return v
}

// each reads the elements up to the closing bracket.
func (r *plainReader) each(end byte, element func()) {
	r.at++ // the opening bracket
	for r.space(); r.data[r.at] != end; r.space() {
		if r.data[r.at] == ',' {
			r.at++
			r.space()
		}
		element()
	}
	r.at++
}

// scalar cuts out a string, number or word.
func (r *plainReader) scalar() json.RawMessage {
	start := r.at
	if r.data[r.at] == '"' {
		for r.at++; r.data[r.at] != '"'; r.at++ {
			if r.data[r.at] == '\\' {
				r.at++
			}
		}
		r.at++
		return r.data[start:r.at:r.at]
	}
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ',', '}', ']', ' ', '\t', '\r', '\n':
			return r.data[start:r.at:r.at]
		}
		r.at++
	}
	return r.data[start:r.at:r.at]
}
