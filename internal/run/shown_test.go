package run

import (
	"encoding/json"
	"strings"
	"testing"
)

// What may be a key in the address of an input is in no record and no result,
// and a text that only looks like an address stays.
func TestShownWithoutQueries(t *testing.T) {
	t.Parallel()
	const address = "https://host/a.png?token=CANARY#CANARY"
	ticket := &Ticket{
		Inputs: []Input{{Parameter: "image", File: address}, {Parameter: "images", File: address}},
		Parameters: Values{
			{"image", json.RawMessage(`"` + address + `"`)},
			{"images", json.RawMessage(`["` + address + `","b.png"]`)},
			{"prompt", json.RawMessage(`"https://x/?kept"`)},
		},
	}
	data, err := json.Marshal([]any{ticket.ShownInputs(), ticket.ShownParameters()})
	if err != nil {
		t.Fatal(err)
	}
	shown := string(data)
	if strings.Contains(shown, "CANARY") || strings.Count(shown, `"https://host/a.png"`) != 4 || !strings.Contains(shown, `"https://x/?kept"`) {
		t.Errorf("%s", shown)
	}
	if ticket.Inputs[0].File != address || !strings.Contains(string(ticket.Parameters[0].JSON), "CANARY") {
		t.Error("the ticket has lost what a repetition needs")
	}
}
