package runpod

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pythonJSON turns the repr of a Python value into JSON: lists, tuples, dicts
// with text keys, texts, numbers, True, False and None. The worker writes what
// ComfyUI said about a node that way. At most maxPythonDepth levels are read.
func pythonJSON(s string) (json.RawMessage, error) {
	p := &python{in: s}
	if err := p.value(0); err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.in) {
		return nil, errNotPython
	}
	return p.out.Bytes(), nil
}

const maxPythonDepth = 64

var errNotPython = errors.New("not the repr of a Python value")

type python struct {
	in  string
	at  int
	out bytes.Buffer
}

func (p *python) space() {
	for p.at < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.at]) >= 0 {
		p.at++
	}
}

// take moves over a byte, if it is next.
func (p *python) take(b byte) bool {
	p.space()
	if p.at < len(p.in) && p.in[p.at] == b {
		p.at++
		return true
	}
	return false
}

func (p *python) value(depth int) error {
	if p.space(); p.at >= len(p.in) || depth > maxPythonDepth {
		return errNotPython
	}
	switch p.in[p.at] {
	case '[':
		return p.list(']', depth)
	case '(':
		return p.list(')', depth)
	case '{':
		return p.dict(depth)
	case '\'', '"':
		return p.text()
	}
	end := p.at
	for end < len(p.in) && strings.IndexByte(",]}): \t\r\n", p.in[end]) < 0 {
		end++
	}
	word := p.in[p.at:end]
	p.at = end
	switch word {
	case "True", "False":
		p.out.WriteString(strings.ToLower(word))
	case "None", "nan", "inf", "-inf":
		p.out.WriteString("null")
	default:
		if !json.Valid([]byte(word)) || word == "" || (word[0] != '-' && (word[0] < '0' || word[0] > '9')) {
			return errNotPython
		}
		p.out.WriteString(word)
	}
	return nil
}

func (p *python) list(end byte, depth int) error {
	p.at++
	p.out.WriteByte('[')
	for first := true; ; first = false {
		if p.take(end) {
			p.out.WriteByte(']')
			return nil
		}
		if !first {
			if !p.take(',') {
				return errNotPython
			}
			if p.take(end) { // of a tuple with one value
				p.out.WriteByte(']')
				return nil
			}
			p.out.WriteByte(',')
		}
		if err := p.value(depth + 1); err != nil {
			return err
		}
	}
}

func (p *python) dict(depth int) error {
	p.at++
	p.out.WriteByte('{')
	for first := true; ; first = false {
		if p.take('}') {
			p.out.WriteByte('}')
			return nil
		}
		if !first {
			if !p.take(',') {
				return errNotPython
			}
			p.out.WriteByte(',')
		}
		if p.space(); p.at >= len(p.in) || p.in[p.at] != '\'' && p.in[p.at] != '"' {
			return errNotPython
		}
		if err := p.text(); err != nil {
			return err
		}
		if !p.take(':') {
			return errNotPython
		}
		p.out.WriteByte(':')
		if err := p.value(depth + 1); err != nil {
			return err
		}
	}
}

// text reads a quoted text with Python's escapes.
func (p *python) text() error {
	quote := p.in[p.at]
	p.at++
	var s strings.Builder
	for p.at < len(p.in) {
		c := p.in[p.at]
		p.at++
		switch {
		case c == quote:
			p.out.Write(quoted(s.String()))
			return nil
		case c != '\\':
			s.WriteByte(c)
		case p.at >= len(p.in):
			return errNotPython
		default:
			if err := p.escape(&s); err != nil {
				return err
			}
		}
	}
	return errNotPython
}

func (p *python) escape(s *strings.Builder) error {
	c := p.in[p.at]
	p.at++
	digits := 0
	switch c {
	case 'n':
		s.WriteByte('\n')
	case 'r':
		s.WriteByte('\r')
	case 't':
		s.WriteByte('\t')
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default: // \\ \' \"
		s.WriteByte(c)
	}
	if digits == 0 {
		return nil
	}
	if p.at+digits > len(p.in) {
		return errNotPython
	}
	n, err := strconv.ParseUint(p.in[p.at:p.at+digits], 16, 32)
	if err != nil {
		return errNotPython
	}
	p.at += digits
	if n > utf8.MaxRune {
		n = utf8.RuneError
	}
	s.WriteRune(rune(n))
	return nil
}

// quoted is a text as JSON.
func quoted(s string) []byte {
	data, err := json.Marshal(strings.ToValidUTF8(s, "\ufffd"))
	if err != nil {
		return []byte(`""`) // a text can always be written
	}
	return data
}
