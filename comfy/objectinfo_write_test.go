package comfy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// Definitions are written as they are read: nothing that we look at is lost.
func TestClassInfoRoundTrip(t *testing.T) {
	t.Parallel()
	small := `{"Odd": {"input": {"required": {
	    "mode": [["b", 1, true], {"default": "b"}], "seed": ["INT", {"min": 0, "max": 18446744073709551615}],
	    "free": ["FLOAT", {"max": Infinity}], "remote": ["COMBO", {"remote": {"route": "/x"}}]},
	  "optional": {"mask": ["MASK"]}, "hidden": {"prompt": "PROMPT"}},
	  "input_order": {"required": ["seed", "mode", "remote", "free"]},
	  "output": ["IMAGE", ["a", "b"]], "output_name": ["picture", "x"], "output_is_list": [false, true],
	  "output_node": true, "python_module": "custom_nodes.odd"}}`
	for name, data := range map[string][]byte{"small": []byte(small), "0.3.64": recorded(t, "object_info-0.3.64.json"), "0.8.0": recorded(t, "object_info-0.8.0.json")} {
		if data == nil {
			continue
		}
		want, err := comfy.ParseObjectInfo(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatalf("%s: write: %v", name, err)
		}
		got, err := comfy.ParseObjectInfo(text)
		if err != nil {
			t.Fatalf("%s: read again: %v", name, err)
		}
		sameJSON := cmp.Transformer("compact", func(raw json.RawMessage) string {
			var v any
			_ = json.Unmarshal(raw, &v)
			s, _ := json.Marshal(v)
			return string(s)
		})
		if diff := cmp.Diff(want, got, sameJSON); diff != "" {
			t.Errorf("%s changed on the way (-want +got):\n%s", name, diff)
		}
	}
}

// recorded is a file of the shared corpus, nil where it is not at hand.
func recorded(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "corpus", name))
	if err != nil {
		t.Logf("without %s: %v", name, err)
		return nil
	}
	return data
}
