package textdoc

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tailscale/hujson"
)

// The plain reader and hujson see the same document in the same places.
func FuzzPlainReader(f *testing.F) {
	for _, s := range []string{
		`{"a": 1, "b": [true, null, "x\"y\\", -1.5e3], "": {}}`, "[\n ]", `"é\u00e9"`, " 18446744073709551615 ",
		"{\n\t\"workflows\" : {\r\n \"x\":{\"id\":\"x\"} , \"x\":2}}", `{}`, `[[],[[1]],{"k":[{}]}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) || tooDeep(JSON, data) >= 0 {
			return
		}
		root, err := hujson.Parse(data)
		if err != nil {
			return // hujson refuses some strings that encoding/json repairs
		}
		r := plainReader{data: data, line: 1}
		got, want := r.value(), fromHuJSON(root, newLineIndex(data))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q:\n got %+v\nwant %+v", data, got, want)
		}
	})
}
