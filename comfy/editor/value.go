package editor

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/scan"
)

// A word is a string in places where files also hold numbers: ids.
type word string

func (w *word) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0 || string(data) == "null":
		*w = ""
		return nil
	case data[0] == '"':
		s, _ := scan.Text(data)
		*w = word(s)
		return nil
	case data[0] == '-' || data[0] >= '0' && data[0] <= '9':
		*w = word(strings.TrimSuffix(string(data), ".0"))
		return nil
	}
	return errors.New("an id is neither a number nor a text")
}

// words reads a list of ids.
func words(raw json.RawMessage) ([]string, error) {
	list, err := elements(raw)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	all := make([]string, len(list))
	for i, item := range list {
		var w word
		if err := w.UnmarshalJSON(item); err != nil {
			return nil, err
		}
		all[i] = string(w)
	}
	return all, nil
}

// A slot is a small number that files also write as text.
type slot int

func (s *slot) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil || n < -1 || n > 1e6 {
		*s = -1 // nothing is there
		return nil
	}
	*s = slot(n)
	return nil
}

// A phrase is a text; anything else in its place is read as none.
type phrase string

func (p *phrase) UnmarshalJSON(data []byte) error {
	s, _ := scan.Text(data) // what is no text says nothing
	*p = phrase(s)
	return nil
}

// socketType is the type of a socket: a text, a list of choices, which is a
// COMBO, or a number in old files, which means anything.
type socketType string

func (t *socketType) UnmarshalJSON(data []byte) error {
	s, ok := scan.Text(data)
	switch {
	case ok:
		*t = socketType(s)
	case len(data) > 0 && data[0] == '[':
		*t = "COMBO"
	default:
		*t = "*"
	}
	return nil
}

// elements lists a list, or the values of an object; null is none.
func elements(v json.RawMessage) ([]json.RawMessage, error) {
	if v[0] == 'n' {
		return nil, nil
	}
	list := make([]json.RawMessage, 0, min(len(v)/4, 8)) // most have a few
	add := func(item json.RawMessage) error {
		list = append(list, item)
		return nil
	}
	switch v[0] {
	case '{':
		err := scan.Members(v, func(_ string, item json.RawMessage) error { return add(item) })
		return list, err
	}
	return list, scan.Elements(v, add)
}

// members visits an object; null is an empty one.
func members(v json.RawMessage, f func(key string, v json.RawMessage)) error {
	if v[0] == 'n' {
		return nil
	}
	return scan.Members(v, func(key string, v json.RawMessage) error {
		f(key, v)
		return nil
	})
}

// lastID reads a counter; what is no whole number counts nothing.
func lastID(v json.RawMessage) int64 {
	n, _ := strconv.ParseInt(string(v), 10, 64) // what is no number is 0
	return n
}

// text is a text; anything else in its place is none.
func text(v json.RawMessage) string {
	s, _ := scan.Text(v)
	return s
}
