package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
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

// TestPromptsAreFoundByTheirParts: with quotes in them, in other letters, no longer
// when their job is deleted, and behind so many others that no index is asked.
func TestPromptsAreFoundByTheirParts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		e := Enqueue{}
		for i := range searchRare + 2 {
			e.Jobs = append(e.Jobs, New{Workflow: "w", Prompt: fmt.Sprintf("Common valley %d", i), Request: json.RawMessage("{}"), Order: json.RawMessage("{}")})
		}
		e.Jobs = append(e.Jobs, New{Workflow: "w", Prompt: `a sign "to let" in the снег`, Request: json.RawMessage("{}"), Order: json.RawMessage("{}")})
		got, err := db.Enqueue(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		found := func(search string) int {
			t.Helper()
			jobs, err := db.Jobs(t.Context(), Filter{Search: search, Limit: 2000})
			if err != nil {
				t.Errorf("searching %q: %v", search, err)
			}
			return len(jobs)
		}
		for search, want := range map[string]int{
			`"TO LET"`: 1, "gn \"to": 1, "снег": 1, "common VALL": searchRare + 2, "valley 77": 11, "valley OR sign": 0, "си": 0,
		} {
			if n := found(search); n != want {
				t.Errorf("searching %q finds %d jobs, not %d", search, n, want)
			}
		}
		for _, search := range []string{"a\x00b", "abc\xff"} {
			if _, err := db.Jobs(t.Context(), Filter{Search: search, Limit: 1}); !errors.Is(err, ErrText) {
				t.Errorf("searching %q: %v", search, err)
			}
		}
		id := got.Jobs[len(got.Jobs)-1]
		if err := db.Cancel(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := db.Delete(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if n := found("to let"); n != 0 {
			t.Errorf("the deleted job is found %d times", n)
		}
	})
}
