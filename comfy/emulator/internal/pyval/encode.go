package pyval

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Encode renders a value as Python's json.dumps does by default: a space after
// comma and colon, everything beyond ASCII escaped, NaN and Infinity bare.
func Encode(v any) []byte { return Append(nil, v) }

// Append appends the encoded value to buf. Beside the package's own values it
// takes Fields, int, uint64, []string, []Fields, map[string]any and
// map[string][]any (keys sorted), json.RawMessage (verbatim) and
// map[string]json.RawMessage. Other types are rendered as text, as a server
// would print an object that JSON does not know.
func Append(buf []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(buf, "null"...)
	case bool:
		return strconv.AppendBool(buf, v)
	case int:
		return strconv.AppendInt(buf, int64(v), 10)
	case int64:
		return strconv.AppendInt(buf, v, 10)
	case uint64:
		return strconv.AppendUint(buf, v, 10)
	case *big.Int:
		return v.Append(buf, 10)
	case float64:
		return appendJSONFloat(buf, v)
	case string:
		return appendString(buf, v)
	case json.RawMessage:
		return append(buf, v...)
	case *Object:
		return appendMembers(buf, v.members)
	case Fields:
		return appendMembers(buf, v)
	case []any:
		return appendList(buf, v)
	case []string:
		return appendList(buf, v)
	case []Fields:
		return appendList(buf, v)
	case map[string]any:
		return appendMap(buf, v)
	case map[string][]any:
		return appendMap(buf, v)
	case map[string]json.RawMessage:
		return appendMap(buf, v)
	default:
		return appendString(buf, fmt.Sprint(v))
	}
}

func appendMembers(buf []byte, members []Member) []byte {
	buf = append(buf, '{')
	for i, m := range members {
		if i > 0 {
			buf = append(buf, ", "...)
		}
		buf = appendString(buf, m.Key)
		buf = append(buf, ": "...)
		buf = Append(buf, m.Value)
	}
	return append(buf, '}')
}

func appendList[T any](buf []byte, list []T) []byte {
	buf = append(buf, '[')
	for i, e := range list {
		if i > 0 {
			buf = append(buf, ", "...)
		}
		buf = Append(buf, e)
	}
	return append(buf, ']')
}

func appendMap[T any](buf []byte, m map[string]T) []byte {
	members := make([]Member, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		members = append(members, Member{k, m[k]})
	}
	return appendMembers(buf, members)
}

func appendJSONFloat(buf []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(buf, "NaN"...)
	case math.IsInf(f, 1):
		return append(buf, "Infinity"...)
	case math.IsInf(f, -1):
		return append(buf, "-Infinity"...)
	}
	return appendFloat(buf, f)
}

const hexDigits = "0123456789abcdef"

func appendString(buf []byte, s string) []byte {
	buf = append(buf, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				buf = append(buf, '\\', c)
			case c == '\n':
				buf = append(buf, `\n`...)
			case c == '\r':
				buf = append(buf, `\r`...)
			case c == '\t':
				buf = append(buf, `\t`...)
			case c == '\b':
				buf = append(buf, `\b`...)
			case c == '\f':
				buf = append(buf, `\f`...)
			case c < 0x20:
				buf = append(buf, `\u00`...)
				buf = append(buf, hexDigits[c>>4], hexDigits[c&15])
			default:
				buf = append(buf, c)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if r >= 0x10000 {
			high, low := utf16.EncodeRune(r)
			buf = appendHex4(appendHex4(buf, high), low)
		} else {
			buf = appendHex4(buf, r)
		}
	}
	return append(buf, '"')
}

func appendHex4(buf []byte, r rune) []byte {
	return append(buf, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
