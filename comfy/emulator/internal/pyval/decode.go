package pyval

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is where Python's parser gives up on nesting.
const maxDepth = 990

// maxDigits is the longest decimal integer that Python converts by default.
const maxDigits = 4300

// errDepth reports nesting beyond maxDepth.
var errDepth = errors.New("nested too deeply")

// Decode parses one JSON document as Python's json module does: NaN, Infinity
// and -Infinity are numbers, integers have no width, a leading byte order mark
// and control characters in strings are errors.
func Decode(data []byte) (any, error) {
	d := &decoder{data: data}
	d.space()
	v, err := d.value(0)
	if err != nil {
		return nil, fmt.Errorf("decode JSON at byte %d: %w", d.pos, err)
	}
	d.space()
	if d.pos != len(d.data) {
		return nil, fmt.Errorf("decode JSON at byte %d: more after the end of the document", d.pos)
	}
	return v, nil
}

type decoder struct {
	data []byte
	pos  int
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

func (d *decoder) peek() byte {
	if d.pos < len(d.data) {
		return d.data[d.pos]
	}
	return 0
}

func (d *decoder) take(word string) bool {
	if bytes.HasPrefix(d.data[d.pos:], []byte(word)) {
		d.pos += len(word)
		return true
	}
	return false
}

func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	switch c := d.peek(); {
	case c == '{':
		return d.object(depth)
	case c == '[':
		return d.array(depth)
	case c == '"':
		return d.str()
	case c == '-' || c >= '0' && c <= '9':
		if d.take("-Infinity") {
			return math.Inf(-1), nil
		}
		return d.number()
	case d.take("true"):
		return true, nil
	case d.take("false"):
		return false, nil
	case d.take("null"):
		return nil, nil
	case d.take("NaN"):
		return math.NaN(), nil
	case d.take("Infinity"):
		return math.Inf(1), nil
	}
	return nil, errors.New("expecting value")
}

func (d *decoder) object(depth int) (any, error) {
	d.pos++
	o := &Object{}
	d.space()
	if d.take("}") {
		return o, nil
	}
	for {
		if d.peek() != '"' {
			return nil, errors.New("expecting property name")
		}
		key, err := d.str()
		if err != nil {
			return nil, err
		}
		d.space()
		if !d.take(":") {
			return nil, errors.New("expecting ':'")
		}
		d.space()
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o.Set(key, v)
		d.space()
		if d.take("}") {
			return o, nil
		}
		if !d.take(",") {
			return nil, errors.New("expecting ',' or '}'")
		}
		d.space()
	}
}

func (d *decoder) array(depth int) (any, error) {
	d.pos++
	list := []any{}
	d.space()
	if d.take("]") {
		return list, nil
	}
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		d.space()
		if d.take("]") {
			return list, nil
		}
		if !d.take(",") {
			return nil, errors.New("expecting ',' or ']'")
		}
		d.space()
	}
}

func (d *decoder) digits() int {
	n := 0
	for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
		d.pos++
		n++
	}
	return n
}

func (d *decoder) number() (any, error) {
	start := d.pos
	d.take("-")
	if d.peek() == '0' {
		d.pos++
	} else if d.digits() == 0 {
		return nil, errors.New("expecting value")
	}
	whole := true
	if mark := d.pos; d.take(".") {
		if d.digits() == 0 {
			d.pos = mark
		} else {
			whole = false
		}
	}
	if mark := d.pos; d.take("e") || d.take("E") {
		if !d.take("+") {
			d.take("-")
		}
		if d.digits() == 0 {
			d.pos = mark
		} else {
			whole = false
		}
	}
	text := string(d.data[start:d.pos])
	if !whole {
		f, _ := strconv.ParseFloat(text, 64) // out of range gives an infinity, as in Python
		return f, nil
	}
	if len(text) > maxDigits {
		return nil, errors.New("integer has too many digits")
	}
	return parseInt(text), nil
}

// parseInt turns decimal digits with an optional sign into an integer value.
func parseInt(text string) any {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	b, _ := new(big.Int).SetString(text, 10)
	return normal(b)
}

// normal gives the representation of an integer: int64 where it fits.
func normal(b *big.Int) any {
	if b.IsInt64() {
		return b.Int64()
	}
	return b
}

func (d *decoder) str() (string, error) {
	d.pos++
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			s := d.data[start:d.pos]
			d.pos++
			if !utf8.Valid(s) {
				return "", errors.New("invalid UTF-8")
			}
			return string(s), nil
		case c == '\\':
			return d.escaped(append([]byte(nil), d.data[start:d.pos]...))
		case c < 0x20:
			return "", errors.New("control character in string")
		default:
			d.pos++
		}
	}
	return "", errors.New("unterminated string")
}

func (d *decoder) escaped(buf []byte) (string, error) {
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		d.pos++
		switch {
		case c == '"':
			if !utf8.Valid(buf) {
				return "", errors.New("invalid UTF-8")
			}
			return string(buf), nil
		case c < 0x20:
			return "", errors.New("control character in string")
		case c != '\\':
			buf = append(buf, c)
			continue
		}
		c = d.peek()
		d.pos++
		switch c {
		case '"', '\\', '/':
			buf = append(buf, c)
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r, ok := d.hex4()
			if !ok {
				return "", errors.New("invalid \\u escape")
			}
			if mark := d.pos; utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if d.take(`\u`) {
					low, ok = d.hex4()
				}
				// A lone surrogate cannot be held in a Go string; U+FFFD takes its place.
				if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
					r = pair
				} else {
					r, d.pos = utf8.RuneError, mark
				}
			}
			buf = utf8.AppendRune(buf, r)
		default:
			return "", errors.New("invalid escape")
		}
	}
	return "", errors.New("unterminated string")
}

func (d *decoder) hex4() (rune, bool) {
	if d.pos+4 > len(d.data) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(d.data[d.pos:d.pos+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	d.pos += 4
	return rune(n), true
}
