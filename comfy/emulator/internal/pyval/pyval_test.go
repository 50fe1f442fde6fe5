package pyval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The expected texts were printed by Python 3.11: json.dumps(json.loads(x))
// and str(json.loads(x)).
func TestRoundTripAndText(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, dumps, str string }{
		{`null`, `null`, `None`},
		{`true`, `true`, `True`},
		{` [1,-0, 2.0,1e3] `, `[1, 0, 2.0, 1000.0]`, `[1, 0, 2.0, 1000.0]`},
		{`18446744073709551615`, `18446744073709551615`, `18446744073709551615`},
		{`123456789012345678901234567890`, `123456789012345678901234567890`, `123456789012345678901234567890`},
		{`1e16`, `1e+16`, `1e+16`},
		{`123456789.125`, `123456789.125`, `123456789.125`},
		{`1e-5`, `1e-05`, `1e-05`},
		{`0.0001`, `0.0001`, `0.0001`},
		{`1e400`, `Infinity`, `inf`},
		{`-1e400`, `-Infinity`, `-inf`},
		{`[NaN, Infinity, -Infinity]`, `[NaN, Infinity, -Infinity]`, `[nan, inf, -inf]`},
		{`-0.0`, `-0.0`, `-0.0`},
		{`"a\u00fc\ud83d\ude00\n\u0000\u007f/\/"`, `"a\u00fc\ud83d\ude00\n\u0000` + "\x7f" + `//"`, "aü😀\n\x00\x7f//"},
		{
			`["it's", "\"", "'\"", "\\", "\t", "ü", "\u0000", "\u200b"]`, `["it's", "\"", "'\"", "\\", "\t", "\u00fc", "\u0000", "\u200b"]`,
			`["it's", '"', '\'"', '\\', '\t', 'ü', '\x00', '\u200b']`,
		},
		{`{"b": 1, "a": {}, "b": [ ]}`, `{"b": [], "a": {}}`, `{'b': [], 'a': {}}`},
	}
	for _, test := range tests {
		v, err := Decode([]byte(test.in))
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		if diff := cmp.Diff(test.dumps, string(Encode(v))); diff != "" {
			t.Errorf("%s as JSON (-want +got):\n%s", test.in, diff)
		}
		if diff := cmp.Diff(test.str, Str(v)); diff != "" {
			t.Errorf("%s as text (-want +got):\n%s", test.in, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", " ", "{", "[", `"`, `{"a"}`, `{"a":}`, `{a: 1}`, `[1,]`, `{"a": 1,}`, "01", "+1", ".5", "1.", "1e", "nan", "None", "tru", "'a'",
		"1 2", "\ufeff1", "\"\n\"", `"\x"`, `"\u12"`, "\"\xff\"", "[1 2]", "-", strings.Repeat("[", 2000), strings.Repeat("1", 5000),
	} {
		if v, err := Decode([]byte(in)); err == nil {
			t.Errorf("%.20q: got %v", in, v)
		}
	}
}

func TestConversions(t *testing.T) {
	t.Parallel()
	big20, _ := new(big.Int).SetString("99999999999999999999", 10)
	tests := []struct {
		in         any
		wantInt    any // or the message
		wantFloat  any
		wantTruthy bool
	}{
		{nil, "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'", "float() argument must be a string or a real number, not 'NoneType'", false},
		{true, int64(1), 1.0, true},
		{int64(0), int64(0), 0.0, false},
		{64.9, int64(64), 64.9, true},
		{-64.9, int64(-64), -64.9, true},
		{math.NaN(), "cannot convert float NaN to integer", "NaN", true},
		{math.Inf(1), "cannot convert float infinity to integer", math.Inf(1), true},
		{1e20, "100000000000000000000", 1e20, true},
		{big20, "99999999999999999999", 1e20, true},
		{" 7 ", int64(7), 7.0, true},
		{"+7", int64(7), 7.0, true},
		{"-1_000", int64(-1000), -1000.0, true},
		{" \u0667\u0660 ", int64(70), 70.0, true}, // digits of any script
		{"1__0", "invalid literal for int() with base 10: '1__0'", "could not convert string to float: '1__0'", true},
		{"6.5", "invalid literal for int() with base 10: '6.5'", 6.5, true},
		{"", "invalid literal for int() with base 10: ''", "could not convert string to float: ''", false},
		{"0x10", "invalid literal for int() with base 10: '0x10'", "could not convert string to float: '0x10'", true},
		{"inf", "invalid literal for int() with base 10: 'inf'", math.Inf(1), true},
		{"-Infinity", "invalid literal for int() with base 10: '-Infinity'", math.Inf(-1), true},
		{"1e999", "invalid literal for int() with base 10: '1e999'", math.Inf(1), true},
		{"false", "invalid literal for int() with base 10: 'false'", "could not convert string to float: 'false'", true},
		{[]any{}, "int() argument must be a string, a bytes-like object or a real number, not 'list'", "float() argument must be a string or a real number, not 'list'", false},
		{&Object{}, "int() argument must be a string, a bytes-like object or a real number, not 'dict'", "float() argument must be a string or a real number, not 'dict'", false},
	}
	same := func(want any, got any, err error) bool {
		if err != nil {
			return want == any(err.Error())
		}
		return want == got || fmt.Sprint(want) == fmt.Sprint(got)
	}
	for _, test := range tests {
		if got, err := Int(test.in); !same(test.wantInt, got, err) {
			t.Errorf("int(%s): got %v, %v", Repr(test.in), got, err)
		}
		if got, err := Float(test.in); !same(test.wantFloat, got, err) {
			t.Errorf("float(%s): got %v, %v", Repr(test.in), got, err)
		}
		if got := Truthy(test.in); got != test.wantTruthy {
			t.Errorf("bool(%s): got %v", Repr(test.in), got)
		}
	}
}

func TestCompareAndEqual(t *testing.T) {
	t.Parallel()
	big20, _ := new(big.Int).SetString("18446744073709551616", 10)
	if order, ok := Compare(big20, uint64(math.MaxUint64)); !ok || order != 1 {
		t.Errorf("2^64 and 2^64-1: got %d, %v", order, ok)
	}
	if _, ok := Compare(math.NaN(), 1); ok {
		t.Error("NaN is in order")
	}
	if _, ok := Compare("1", 1); ok {
		t.Error("a text is a number")
	}
	if order, ok := Compare(math.Inf(-1), int64(math.MinInt64)); !ok || order != -1 {
		t.Errorf("-inf: got %d, %v", order, ok)
	}
	decode := func(s string) any {
		v, err := Decode([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for pair, want := range map[[2]string]bool{
		{"1", "1.0"}: true, {"true", "1"}: true, {`"1"`, "1"}: false, {"null", "0"}: false, {"NaN", "NaN"}: false,
		{`{"a": 1, "b": [2]}`, `{"b": [2.0], "a": true}`}: true, {`{"a": 1}`, `{"b": 1}`}: false, {"[1]", "[1, 2]"}: false,
	} {
		if got := Equal(decode(pair[0]), decode(pair[1])); got != want {
			t.Errorf("%s == %s: got %v", pair[0], pair[1], got)
		}
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	o := &Object{}
	for i := range 40 { // beyond the size from which it is indexed
		o.Set(fmt.Sprint(i), i)
	}
	o.Set("7", "new")
	o.Delete("3")
	o.Delete("none")
	if v, ok := o.Get("7"); !ok || v != "new" || o.Has("3") || o.Len() != 39 || o.Members()[3].Key != "4" {
		t.Errorf("got %s", Repr(o))
	}
	c := NewObject(Member{"inner", NewObject(Member{"list", []any{NewObject()}})})
	d := c.Clone()
	inner, _ := d.Get("inner")
	list, _ := inner.(*Object).Get("list")
	list.([]any)[0].(*Object).Set("x", 1)
	if got := Repr(c); got != "{'inner': {'list': [{}]}}" {
		t.Errorf("the clone shares: %s", got)
	}
}

// What Go's decoder takes, this one takes, with the same meaning; what this
// one takes comes back the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a": [1, 2.5, "x", null, true]}`, `NaN`, `"\ud800"`, `18446744073709551616`, `1e400`, `{"a": 1, "a": 2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			if json.Valid(data) && bytes.IndexByte(data, '[') < 0 && bytes.IndexByte(data, '{') < 0 && len(data) < 4000 && !bytes.ContainsFunc(data, func(r rune) bool { return r == '\ufffd' }) {
				t.Fatalf("refused valid JSON %q: %v", data, err)
			}
			return
		}
		first := Encode(v)
		again, err := Decode(first)
		if err != nil {
			t.Fatalf("%q encodes as %q, which does not decode: %v", data, first, err)
		}
		if second := Encode(again); !bytes.Equal(first, second) {
			t.Fatalf("%q encodes as %q, then as %q", data, first, second)
		}
		_ = Str(v)
	})
}
