package pyval

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// Str is Python's str(v).
func Str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

// Repr is Python's repr(v).
func Repr(v any) string { return string(appendRepr(nil, v)) }

func appendRepr(buf []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(buf, "None"...)
	case bool:
		if v {
			return append(buf, "True"...)
		}
		return append(buf, "False"...)
	case int:
		return strconv.AppendInt(buf, int64(v), 10)
	case int64:
		return strconv.AppendInt(buf, v, 10)
	case uint64:
		return strconv.AppendUint(buf, v, 10)
	case *big.Int:
		return v.Append(buf, 10)
	case float64:
		return appendFloat(buf, v)
	case string:
		return appendReprString(buf, v)
	case []any:
		return appendReprList(buf, v)
	case []string:
		return appendReprList(buf, v)
	case *Object:
		return appendReprMembers(buf, v.members)
	case Fields:
		return appendReprMembers(buf, v)
	default:
		return fmt.Append(buf, v)
	}
}

func appendReprList[T any](buf []byte, list []T) []byte {
	buf = append(buf, '[')
	for i, e := range list {
		if i > 0 {
			buf = append(buf, ", "...)
		}
		buf = appendRepr(buf, e)
	}
	return append(buf, ']')
}

func appendReprMembers(buf []byte, members []Member) []byte {
	buf = append(buf, '{')
	for i, m := range members {
		if i > 0 {
			buf = append(buf, ", "...)
		}
		buf = appendReprString(buf, m.Key)
		buf = append(buf, ": "...)
		buf = appendRepr(buf, m.Value)
	}
	return append(buf, '}')
}

func appendReprString(buf []byte, s string) []byte {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	buf = append(buf, quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			buf = append(buf, '\\', byte(r))
		case r == '\n':
			buf = append(buf, `\n`...)
		case r == '\r':
			buf = append(buf, `\r`...)
		case r == '\t':
			buf = append(buf, `\t`...)
		case r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r):
			buf = append(buf, string(r)...)
		case r <= 0xff:
			buf = fmt.Appendf(buf, `\x%02x`, r)
		case r <= 0xffff:
			buf = fmt.Appendf(buf, `\u%04x`, r)
		default:
			buf = fmt.Appendf(buf, `\U%08x`, r)
		}
	}
	return append(buf, quote)
}

// appendFloat is repr of a float: the shortest digits that read back the same,
// always with a point or an exponent.
func appendFloat(buf []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(buf, "nan"...)
	case math.IsInf(f, 1):
		return append(buf, "inf"...)
	case math.IsInf(f, -1):
		return append(buf, "-inf"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(buf, f, 'e', -1, 64)
	}
	start := len(buf)
	buf = strconv.AppendFloat(buf, f, 'f', -1, 64)
	if !strings.Contains(string(buf[start:]), ".") {
		buf = append(buf, ".0"...)
	}
	return buf
}

// TypeName is the name of the Python type of v.
func TypeName(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int, int64, uint64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []any, []string:
		return "list"
	default:
		return "dict"
	}
}
