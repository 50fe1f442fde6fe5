package comfy_test

import (
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// The editor's own file is recognised wherever its list of nodes stands.
func TestParseGraphKnowsTheEditorsFormat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"nodes": [], "links": []}`: true,
		`{"id": "7e0b", "revision": 0, "last_node_id": 9, "nodes": [{"id": 1}]}`: true,
		`{"last_node_id": 9, "last_link_id": 3, "links": [], "nodes": []}`:       true,
		`{"nodes": {"class_type": "A", "inputs": {}}}`:                           false,
		`{"last_node_id": 9}`: false,
		`{"1": {"class_type": "A", "inputs": {"nodes": [1, 2, 3]}}, "2": "not a node"}`: false,
	} {
		_, err := comfy.ParseGraph([]byte(text))
		var editor comfy.UIFormatError
		if got := errors.As(err, &editor); got != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}
