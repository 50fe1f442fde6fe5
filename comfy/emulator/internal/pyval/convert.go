package pyval

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// An error of this package's conversions carries the message of the exception
// that Python would raise.

// Truthy is Python's bool(v).
func Truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case *big.Int:
		return v.Sign() != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case *Object:
		return v.Len() > 0
	default:
		return true
	}
}

// Int is Python's int(v): an int64, or a *big.Int beyond its range.
func Int(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case int64, *big.Int:
		return v, nil
	case float64:
		switch {
		case math.IsNaN(v):
			return nil, errors.New("cannot convert float NaN to integer")
		case math.IsInf(v, 0):
			return nil, errors.New("cannot convert float infinity to integer")
		}
		b, _ := big.NewFloat(v).Int(nil)
		return normal(b), nil
	case string:
		digits, ok := plainNumber(v)
		if ok && decimal(digits) && len(digits) <= maxDigits {
			return parseInt(strings.TrimPrefix(digits, "+")), nil
		}
		return nil, fmt.Errorf("invalid literal for int() with base 10: %s", Repr(v))
	default:
		return nil, fmt.Errorf("int() argument must be a string, a bytes-like object or a real number, not '%s'", TypeName(v))
	}
}

// Float is Python's float(v).
func Float(v any) (float64, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case int64:
		return float64(v), nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		if math.IsInf(f, 0) {
			return 0, errors.New("int too large to convert to float")
		}
		return f, nil
	case float64:
		return v, nil
	case string:
		text, ok := plainNumber(v)
		if ok && !strings.ContainsAny(text, "xXpP") {
			f, err := strconv.ParseFloat(text, 64)
			if err == nil || errors.Is(err, strconv.ErrRange) {
				return f, nil
			}
		}
		return 0, fmt.Errorf("could not convert string to float: %s", Repr(v))
	default:
		return 0, fmt.Errorf("float() argument must be a string or a real number, not '%s'", TypeName(v))
	}
}

// plainNumber trims white space and takes out the single underscores that
// Python allows between digits.
func plainNumber(s string) (string, bool) {
	s = strings.Map(asciiDigit, strings.TrimFunc(s, unicode.IsSpace))
	if !strings.Contains(s, "_") {
		return s, s != ""
	}
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i := range len(s) {
		if s[i] == '_' && (!digit(i-1) || !digit(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

// asciiDigit turns a decimal digit of any script into the usual one. Unicode
// has the digits of a script in a row, from zero on.
func asciiDigit(r rune) rune {
	if r <= unicode.MaxASCII || !unicode.Is(unicode.Nd, r) {
		return r
	}
	n := rune(0)
	for unicode.Is(unicode.Nd, r-n-1) {
		n++
	}
	return '0' + n%10
}

func decimal(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Compare orders two numbers of any kind; ok is false when one of them is NaN
// or not a number.
func Compare(a, b any) (order int, ok bool) {
	x, ok1 := exact(a)
	y, ok2 := exact(b)
	if !ok1 || !ok2 {
		return 0, false
	}
	return x.Cmp(y), true
}

// exact holds any finite or infinite number without loss.
func exact(v any) (*big.Float, bool) {
	f := new(big.Float).SetPrec(1200)
	switch v := v.(type) {
	case bool:
		if v {
			return f.SetInt64(1), true
		}
		return f, true
	case int:
		return f.SetInt64(int64(v)), true
	case int64:
		return f.SetInt64(v), true
	case uint64:
		return f.SetUint64(v), true
	case *big.Int:
		return f.SetInt(v), true
	case float64:
		if math.IsNaN(v) {
			return nil, false
		}
		return f.SetFloat64(v), true
	}
	return nil, false
}
