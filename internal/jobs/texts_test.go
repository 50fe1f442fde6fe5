package jobs

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestARetriedJobKeepsItsFirstOutputs: what a run that failed halfway left is
// kept, and the outputs of the next run are counted on behind it.
func TestARetriedJobKeepsItsFirstOutputs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		id := enqueue(t, db, "", 1)[0]
		output := func(n int64, name string) Output {
			return Output{N: n, Name: name, Kind: "image", MediaType: "image/png", Node: "9", Bytes: 3, SHA256: "ab"}
		}
		partial := Outcome{State: Failed, Error: json.RawMessage(`{"code":"partial"}`), Outputs: []Output{output(1, "a.png"), output(2, "b.png")}}
		if err := db.end(t.Context(), take(t, db), partial); err != nil {
			t.Fatal(err)
		}
		if err := db.Retry(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		again := Outcome{State: Succeeded, Outputs: []Output{output(1, "c.png"), output(2, "d.png"), output(3, "e.png")}}
		if err := db.end(t.Context(), take(t, db), again); err != nil {
			t.Fatal(err)
		}
		outputs, err := db.OutputsOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i, o := range outputs {
			if o.N != int64(i+1) {
				t.Errorf("output %d has the number %d", i+1, o.N)
			}
			names = append(names, o.Name)
		}
		if diff := cmp.Diff([]string{"a.png", "b.png", "c.png", "d.png", "e.png"}, names); diff != "" {
			t.Error(diff)
		}
		if j, err := db.Job(t.Context(), id); err != nil || j.State != Succeeded || len(j.Error) > 0 {
			t.Errorf("the job is %+v, %v", j, err)
		}
	})
}
