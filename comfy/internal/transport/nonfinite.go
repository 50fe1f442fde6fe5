package transport

import "bytes"

// ReplaceNonFinite turns the bare words NaN, Infinity and -Infinity outside of
// strings into null; other bytes stay. Data without them is returned as is.
func ReplaceNonFinite(data []byte) []byte {
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return data
	}
	out := make([]byte, 0, len(data))
	inString := false
	for i := 0; i < len(data); i++ {
		c := data[i]
		if inString {
			out = append(out, c)
			if c == '\\' && i+1 < len(data) {
				i++
				out = append(out, data[i])
			} else if c == '"' {
				inString = false
			}
			continue
		}
		if c == '"' {
			inString = true
		}
		skip := 0
		for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(data[i:], []byte(w)) {
				skip = len(w)
			}
		}
		if skip > 0 {
			out = append(out, "null"...)
			i += skip - 1
			continue
		}
		out = append(out, c)
	}
	return out
}
