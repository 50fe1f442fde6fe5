package pyval

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASCIIJSON(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`{"a":[1,2.50,18446744073709551615],"b":"x:y,z"}`: `{"a": [1, 2.50, 18446744073709551615], "b": "x:y,z"}`,
		`{"t":"caf\u00e9 é 🎨"}`:                           `{"t": "caf\u00e9 \u00e9 \ud83c\udfa8"}`,
		`{"q":"a\"b\\","n":null}`:                         `{"q": "a\"b\\", "n": null}`,
		"{ \"a\" :\n 1 }":                                 `{"a": 1}`,
		`not json é`:                                      `not json \u00e9`,
	}
	for source, want := range tests {
		if got := ASCII(json.RawMessage(source)); got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
}

func FuzzASCIIJSON(f *testing.F) {
	f.Add(`{"a":"é","b":[1,2]}`)
	f.Add(`"\u00e9\\"`)
	f.Fuzz(func(t *testing.T, source string) {
		out := ASCII(json.RawMessage(source))
		for i := range len(out) {
			if out[i] >= 0x80 {
				t.Fatalf("not ASCII: %q", out)
			}
		}
		if !json.Valid([]byte(source)) {
			return
		}
		var before, after any
		if json.Unmarshal([]byte(source), &before) != nil {
			return
		}
		if err := json.Unmarshal([]byte(out), &after); err != nil {
			t.Fatalf("%q became %q: %v", source, out, err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("meaning changed: %s", diff)
		}
	})
}
