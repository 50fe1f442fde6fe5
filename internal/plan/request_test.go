package plan

import (
	"strings"
	"testing"
)

// A request has the keys of the HTTP API, exact integers, and nothing else.
func TestDecodeRequest(t *testing.T) {
	t.Parallel()
	read := func(text string) (*Request, error) {
		return DecodeRequest("stdin", []byte(text))
	}
	r, err := read(`{"workflow_id": "w", "character_id": "c", "input_image": "a.png", "input_images": ["b.png"], "mask": "m.png",
		"inputs": {"overlay": "o.png"}, "prompt": "p", "negative": null, "params": {"seed": 18446744073709551615}, "count": 3}`)
	if err != nil {
		t.Fatal(err)
	}
	if r.Workflow != "w" || r.Character != "c" || r.Count != 3 || strings.Join(r.Images, " ") != "a.png b.png" || len(r.Texts) != 2 {
		t.Errorf("got %+v", r)
	}
	if got := string(r.Params[0].JSON); got != "18446744073709551615" {
		t.Errorf("seed %s", got)
	}
	for text, want := range map[string]string{
		`[]`:                       "must be an object",
		`{"workflow": "w"}`:        `unknown key "workflow"`,
		`{"workflow_id": 3}`:       "workflow_id must be text",
		`{"input_image": "-"}`:     "input_image must be the name of a file",
		`{"input_images": "a"}`:    "input_images must be a list",
		`{"input_images": [1]}`:    "input_images must be text",
		`{"mask": {}}`:             "mask must be text",
		`{"inputs": ["a"]}`:        "inputs must be an object",
		`{"params": 3}`:            "params must be an object",
		`{"mask_grow": "x"}`:       "mask_grow must be a whole number of pixels",
		`{"count": 0}`:             "count must be a number",
		`{"count": 1.5}`:           "count must be a number",
		`{"prompt": "a"`:           "stdin:1",
		`{"mask_preview": "a"}`:    `unknown key "mask_preview"`,
		`{"prompt": "a", "x": {}}`: `unknown key "x"`,
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
