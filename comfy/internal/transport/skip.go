package transport

import (
	"bytes"
	"io"
	"strconv"
)

const (
	skipFrom   = 1 << 20 // a value that may be left out is, when it is larger than this
	maxSkipped = 1 << 30 // bytes read of one answer, what is left out included
)

// skipping reads JSON and replaces large values by null, where skip allows it
// for their path: the keys, and the indices as numbers, that lead to them. So
// an answer that repeats a graph of any size costs the memory of what is wanted
// of it. What is not JSON passes through.
func skipping(r io.Reader, skip func(path []string) bool) io.Reader {
	return &skipper{in: r, skip: skip, chunk: make([]byte, 32<<10)}
}

// maxSkipDepth is how deep paths are looked at.
const maxSkipDepth = 4

// A skipper is a small machine over the bytes of a JSON text. It keeps the way
// to the present value down to maxSkipDepth and needs no memory below it.
type skipper struct {
	in    io.Reader
	skip  func(path []string) bool
	chunk []byte
	err   error

	out  bytes.Buffer // to be given out
	held int          // where in out the value begins that may be left out
	at   int          // depth of that value, 0 = there is none; its end is at this depth
	left bool         // it was too large: its rest is read and dropped

	depth   int
	levels  [maxSkipDepth]level
	text    bool // inside a string
	escaped bool // after a backslash
	key     []byte
	keying  bool // the string is a key whose text is wanted
}

// A level is one object or array around the present value.
type level struct {
	array bool
	index int
	key   string
	value bool // a value is expected next, not a key
}

// Read implements io.Reader.
func (s *skipper) Read(p []byte) (int, error) {
	for s.ready() == 0 && s.err == nil {
		n, err := s.in.Read(s.chunk)
		for _, b := range s.chunk[:n] {
			s.take(b)
		}
		if s.err = err; err != nil {
			s.at, s.left = 0, false // whatever is held belongs to a broken text
		}
	}
	if n := s.ready(); n > 0 {
		n = copy(p, s.out.Bytes()[:n])
		s.out.Next(n)
		s.held -= n
		return n, nil
	}
	return 0, s.err
}

// ready is how much can be given out.
func (s *skipper) ready() int {
	if s.at > 0 && !s.left {
		return s.held
	}
	return s.out.Len()
}

// take moves on by one byte.
func (s *skipper) take(b byte) {
	if s.text {
		s.inText(b)
		return
	}
	switch b {
	case ' ', '\t', '\n', '\r':
	case ',', '}', ']', ':':
		s.between(b)
		return
	default:
		s.begin()
		switch b {
		case '"':
			s.text = true
			if l := s.level(); l != nil && !l.array && !l.value {
				s.keying, s.key = true, s.key[:0]
			}
		case '{', '[':
			s.depth++
			if s.depth <= maxSkipDepth {
				s.levels[s.depth-1] = level{array: b == '[', value: b == '['}
			}
		}
	}
	s.put(b)
}

func (s *skipper) inText(b byte) {
	s.put(b)
	switch {
	case s.escaped:
		s.escaped = false
	case b == '\\':
		s.escaped = true
	case b == '"':
		s.text = false
		if s.keying {
			s.levels[s.depth-1].key, s.keying = string(s.key), false
		}
		return
	}
	if s.keying && len(s.key) < 256 {
		s.key = append(s.key, b)
	}
}

// between takes what separates and ends values.
func (s *skipper) between(b byte) {
	if b == '}' || b == ']' {
		s.end() // the last value inside
		s.put(b)
		s.depth = max(s.depth-1, 0)
		return
	}
	if b == ',' {
		s.end()
	}
	s.put(b)
	if l := s.level(); l != nil {
		switch {
		case b == ':':
			l.value = true
		case l.array:
			l.index++
		default:
			l.value = false
		}
	}
}

// level is the innermost object or array, nil outside and too deep inside.
func (s *skipper) level() *level {
	if s.depth == 0 || s.depth > maxSkipDepth {
		return nil
	}
	return &s.levels[s.depth-1]
}

// begin asks, at the first byte of a value, whether it may be left out.
func (s *skipper) begin() {
	l := s.level()
	if s.at > 0 || l == nil || !l.value {
		return
	}
	path := make([]string, 0, maxSkipDepth)
	for _, l := range s.levels[:s.depth] {
		if l.array {
			path = append(path, strconv.Itoa(l.index))
		} else {
			path = append(path, l.key)
		}
	}
	if s.skip(path) {
		s.at, s.held, s.left = s.depth, s.out.Len(), false
	}
}

// end notes that a value is over at this depth.
func (s *skipper) end() {
	if s.at > 0 && s.depth == s.at {
		s.at, s.left = 0, false
	}
}

// put keeps a byte, unless it belongs to what is left out.
func (s *skipper) put(b byte) {
	if s.at > 0 && s.left {
		return
	}
	s.out.WriteByte(b)
	if s.at > 0 && s.out.Len()-s.held > skipFrom {
		s.out.Truncate(s.held)
		s.out.WriteString("null")
		s.left = true
	}
}
