package cmd

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/term"
)

// A request has the keys of the HTTP API, exact integers, and nothing else.
func TestReadRequest(t *testing.T) {
	t.Parallel()
	read := func(text string) (*request, error) {
		streams, in, _, _ := term.Test()
		in.WriteString(text)
		return newApp(t.Context(), streams, Build{}, t.TempDir(), nil).readRequest("-")
	}
	r, err := read(`{"workflow_id": "w", "character_id": "c", "input_image": "a.png", "input_images": ["b.png"], "mask": "m.png",
		"inputs": {"overlay": "o.png"}, "prompt": "p", "negative": null, "params": {"seed": 18446744073709551615}, "count": 3}`)
	if err != nil {
		t.Fatal(err)
	}
	if r.workflow != "w" || r.person != "c" || r.count != 3 || strings.Join(r.images, " ") != "a.png b.png" || len(r.texts) != 2 {
		t.Errorf("got %+v", r)
	}
	if got := string(r.params[0].JSON); got != "18446744073709551615" {
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
