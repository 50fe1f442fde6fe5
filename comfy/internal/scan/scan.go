// Package scan walks JSON that is known to be valid, which it must be: it finds
// the borders of values and checks nothing. Values are parts of the data, and
// members come in their order.
package scan

import (
	"encoding/json"
	"fmt"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// Members calls f for the members of an object. Anything but an object is an
// error.
func Members(data []byte, f func(key string, value json.RawMessage) error) error {
	i := skipSpace(data, 0)
	if data[i] != '{' {
		return fmt.Errorf("expected a JSON object, found %s", transport.Excerpt(string(data[i:min(len(data), i+80)]), 20))
	}
	i = skipSpace(data, i+1)
	for data[i] != '}' {
		end := valueEnd(data, i)
		key := known(data[i+1 : end-1])
		if key == "" {
			var err error
			if key, err = keyText(data[i:end]); err != nil {
				return err
			}
		}
		i = skipSpace(data, end) // the colon
		i = skipSpace(data, i+1) // the value
		end = valueEnd(data, i)
		if err := f(key, data[i:end:end]); err != nil {
			return err
		}
		i = skipSpace(data, end)
		if data[i] == ',' {
			i = skipSpace(data, i+1)
		}
	}
	return nil
}

// Elements calls f for the elements of a list. Anything but a list is an error.
func Elements(data []byte, f func(value json.RawMessage) error) error {
	i := skipSpace(data, 0)
	if data[i] != '[' {
		return fmt.Errorf("expected a JSON list, found %s", transport.Excerpt(string(data[i:min(len(data), i+80)]), 20))
	}
	i = skipSpace(data, i+1)
	for data[i] != ']' {
		end := valueEnd(data, i)
		if err := f(data[i:end:end]); err != nil {
			return err
		}
		i = skipSpace(data, end)
		if data[i] == ',' {
			i = skipSpace(data, i+1)
		}
	}
	return nil
}

// Text is a string without its quotes; not ok when the value is none.
func Text(value []byte) (s string, ok bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	s, err := keyText(value)
	return s, err == nil
}

// known is one of the keys that an editor's file repeats for each node and
// link, without a copy; "" for all others.
func known(key []byte) string {
	switch string(key) {
	case "id":
		return "id"
	case "type":
		return "type"
	case "name":
		return "name"
	case "label":
		return "label"
	case "localized_name":
		return "localized_name"
	case "mode":
		return "mode"
	case "pos":
		return "pos"
	case "size":
		return "size"
	case "flags":
		return "flags"
	case "order":
		return "order"
	case "link":
		return "link"
	case "links":
		return "links"
	case "linkIds":
		return "linkIds"
	case "slot_index":
		return "slot_index"
	case "shape":
		return "shape"
	case "widget":
		return "widget"
	case "inputs":
		return "inputs"
	case "outputs":
		return "outputs"
	case "properties":
		return "properties"
	case "widgets_values":
		return "widgets_values"
	case "origin_id":
		return "origin_id"
	case "origin_slot":
		return "origin_slot"
	case "target_id":
		return "target_id"
	case "target_slot":
		return "target_slot"
	}
	return ""
}

func keyText(quoted []byte) (string, error) {
	plain := quoted[1 : len(quoted)-1]
	for _, c := range plain {
		if c == '\\' || c >= 0x80 {
			var s string
			err := json.Unmarshal(quoted, &s)
			return s, err
		}
	}
	return string(plain), nil
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// borders are the bytes that valueEnd looks at; it skips all others.
var borders = [256]bool{'"': true, '{': true, '[': true, '}': true, ']': true, ',': true, ' ': true, '\n': true, '\t': true, '\r': true, ':': true}

// valueEnd is the index behind the value that begins at i.
func valueEnd(data []byte, i int) int {
	for depth := 0; ; i++ {
		for i < len(data) && !borders[data[i]] {
			i++
		}
		if i >= len(data) {
			return i
		}
		switch data[i] {
		case '"':
			for i++; data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // the end of a number in front of it
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		default:
			if depth == 0 {
				return i
			}
		}
	}
}
