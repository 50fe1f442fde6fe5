package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func second(path []string) bool { return len(path) == 3 && path[1] == "prompt" && path[2] == "1" }

func TestSkipping(t *testing.T) {
	t.Parallel()
	big := `{"a": [1, "` + strings.Repeat(`\"]}, `, 1<<19) + `"]}`
	for name, tc := range map[string]struct{ in, want string }{
		"small values stay":   {`{"id": {"prompt": [1, {"a": ["]", 2]}, 3]}}`, `{"id": {"prompt": [1, {"a": ["]", 2]}, 3]}}`},
		"a large one goes":    {`{"id": {"prompt": [1, ` + big + `, 3], "x": "y"}}`, `{"id": {"prompt": [1, null, 3], "x": "y"}}`},
		"the last one":        {`{"id": {"prompt": [1, ` + big + `]}}`, `{"id": {"prompt": [1, null]}}`},
		"a large text":        {`{"id": {"prompt": [1, "` + strings.Repeat("x", 2<<20) + `", 3]}}`, `{"id": {"prompt": [1, null, 3]}}`},
		"only at its path":    {`{"id": {"other": [1, ` + big + `]}}`, `{"id": {"other": [1, ` + big + `]}}`},
		"keys in odd places":  {`{"prompt": "prompt", "id": {"prompt": {"1": ` + big + `}}}`, `{"prompt": "prompt", "id": {"prompt": {"1": null}}}`},
		"no JSON":             {`<html>, : } ] "`, `<html>, : } ] "`},
		"nothing":             {``, ``},
		"two, one after each": {`{"a": {"prompt": [0, ` + big + `]}, "b": {"prompt": [0, ` + big + `, 2]}}`, `{"a": {"prompt": [0, null]}, "b": {"prompt": [0, null, 2]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := io.ReadAll(skipping(strings.NewReader(tc.in), second))
			if err != nil || string(got) != tc.want {
				t.Errorf("%.200s, %v", got, err)
			}
		})
	}
}

// What holds no large value comes out as it went in, in any portions.
func FuzzSkipping(f *testing.F) {
	f.Add([]byte(`{"id": {"prompt": [1, {"a": "\\\""}, 3], "prompt": [[[[[1]]]]]}}`))
	f.Add([]byte(`}}]],,::""{`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := io.ReadAll(skipping(iotest.OneByteReader(bytes.NewReader(data)), second))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q became %q, %v", data, got, err)
		}
		if json.Valid(data) && !json.Valid(got) {
			t.Errorf("%q is no JSON any more", got)
		}
	})
}
