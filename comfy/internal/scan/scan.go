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
		key, err := keyText(data[i:end])
		if err != nil {
			return err
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

// valueEnd is the index behind the value that begins at i.
func valueEnd(data []byte, i int) int {
	depth := 0
	for i < len(data) {
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
		case ',', ' ', '\n', '\t', '\r', ':':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}
