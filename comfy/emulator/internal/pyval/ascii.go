package pyval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// ASCII rewrites JSON in the form of Python's json.dumps: ", " and ": " as
// separators and every character above ASCII as \u escapes. Numbers keep their
// digits. What is no JSON is returned with its characters escaped.
func ASCII(raw json.RawMessage) string {
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		compact.Reset()
		compact.Write(raw)
	}
	src := compact.Bytes()
	out := make([]byte, 0, len(src)+len(src)/8)
	quoted := false
	for i := 0; i < len(src); {
		b := src[i]
		switch {
		case b >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(src[i:])
			if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
				out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			i += size
			continue
		case quoted && b == '\\' && i+1 < len(src) && src[i+1] < utf8.RuneSelf:
			out = append(out, b, src[i+1])
			i += 2
			continue
		case b == '"':
			quoted = !quoted
			out = append(out, b)
		case !quoted && (b == ',' || b == ':'):
			out = append(out, b, ' ')
		default:
			out = append(out, b)
		}
		i++
	}
	return string(out)
}
