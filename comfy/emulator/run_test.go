package emulator

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRunSendsEventsInOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t, Options{})
	got := kinds(f.run("job", graph(1, 2)))
	want := "status(1) status(1) execution_start execution_cached ps executing(1) ps ps executing(2) ps progress ps progress ps " +
		"ps executing(3) executed(3) ps execution_success status(0) executing(<nil>)"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	entry := f.history("job")
	outputs := entry["outputs"].(map[string]any)["3"].(map[string]any)["images"].([]any)
	want2 := []any{map[string]any{"filename": "fox_00001_.png", "subfolder": "", "type": "output"}}
	if diff := cmp.Diff(want2, outputs); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	if status, text := f.do("GET", "/view?filename=fox_00001_.png", ""); status != 200 || text != "picture of 1" {
		t.Errorf("view: got %d %q", status, text)
	}
}
