package batch

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSummaryJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(Summary{Type: "summary"})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"type", "total", "committed", "failed", "executed", "adopted", "skipped", "gpu_busy", "cost"} {
		if !strings.Contains(string(data), `"`+key+`":`) {
			t.Errorf("no %s in %s", key, data)
		}
	}
}
