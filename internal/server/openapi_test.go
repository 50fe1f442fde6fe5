package server

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/openapi.json and docs/api.md")

// TestTheDescriptionIsCheckedIn keeps the description of the API beside the
// code, so that a change of it is seen in a review and by clients.
func TestTheDescriptionIsCheckedIn(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	data, err := h.s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Indent(&want, data, "", " "); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	const file = "../../docs/openapi.json"
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the server says; go test ./internal/server -run Description -update writes it", file)
	}
}
