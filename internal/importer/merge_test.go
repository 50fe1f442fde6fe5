package importer_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/importer"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, base, mine, file, want, conflicts string }{
		{"nothing changed", `{"a":1}`, `{"a":1}`, `{"a":1}`, `{"a":1}`, `null`},
		{"the file changed", `{"a":1,"b":2}`, `{"a":1,"b":2}`, `{"a":3,"c":4}`, `{"a":3,"c":4}`, `null`},
		{"the user changed", `{"a":1,"b":2}`, `{"a":5,"d":6}`, `{"a":1,"b":2}`, `{"a":5,"d":6}`, `null`},
		{"both changed other places", `{"p":{"a":{"max":1,"label":"x"}}}`, `{"p":{"a":{"max":1,"label":"mine"}}}`, `{"p":{"a":{"max":9,"label":"x"},"b":{}}}`, `{"p":{"a":{"max":9,"label":"mine"},"b":{}}}`, `null`},
		{"both made the same change", `{"a":1}`, `{"a":2}`, `{"a":2}`, `{"a":2}`, `null`},
		{"both changed one place", `{"p":{"a":1}}`, `{"p":{"a":2}}`, `{"p":{"a":3}}`, `{"p":{"a":2}}`, `[{"path":"p.a","mine":2,"file":3}]`},
		{"the user took out what the file changed", `{"p":{"a":1,"b":1}}`, `{"p":{"b":1}}`, `{"p":{"a":2,"b":1}}`, `{"p":{"b":1}}`, `[{"path":"p.a","mine":null,"file":2}]`},
		{"the user took out what the file kept", `{"a":1,"b":1}`, `{"b":1}`, `{"a":1,"b":2}`, `{"b":2}`, `null`},
		{"the file took out what the user changed", `{"a":{"x":1}}`, `{"a":{"x":2}}`, `{}`, `{"a":{"x":2}}`, `[{"path":"a","mine":{"x":2},"file":null}]`},
		{"lists are whole", `{"a":[1,2]}`, `{"a":[1,2,3]}`, `{"a":[0,1,2]}`, `{"a":[1,2,3]}`, `[{"path":"a","mine":[1,2,3],"file":[0,1,2]}]`},
		{"both added the same name", `{}`, `{"a":{"x":1}}`, `{"a":{"y":2}}`, `{"a":{"x":1,"y":2}}`, `null`},
		{"the user's order", `{"a":1,"b":2,"c":3}`, `{"c":3,"a":1,"b":2}`, `{"a":1,"b":2,"n":9,"c":3}`, `{"c":3,"a":1,"b":2,"n":9}`, `null`},
		{"the file's order", `{"a":1,"b":2}`, `{"a":1,"u":0,"b":2}`, `{"b":2,"a":1}`, `{"b":2,"a":1,"u":0}`, `null`},
		{"exact numbers", `{"a":18446744073709551614}`, `{"a":18446744073709551615}`, `{"a":18446744073709551614}`, `{"a":18446744073709551615}`, `null`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			merged, conflicts, err := importer.Merge(json.RawMessage(tc.base), json.RawMessage(tc.mine), json.RawMessage(tc.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(merged)); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
			told, err := json.Marshal(conflicts)
			if err != nil {
				t.Fatal(err)
			}
			if string(told) != tc.conflicts {
				t.Errorf("conflicts %s, want %s", told, tc.conflicts)
			}
		})
	}
}

// FuzzMerge: without a change of the user the file is taken, and without a change
// of the file the user's is; whatever the documents hold.
func FuzzMerge(f *testing.F) {
	f.Add(`{"a":{"b":1}}`, `{"a":{"b":2},"c":[1]}`)
	f.Add(`{"a":1,"a":2}`, `{}`)
	f.Add(`[]`, `{"":null}`)
	f.Fuzz(func(t *testing.T, base, other string) {
		same := func(merged json.RawMessage, conflicts []importer.Conflict, err error, want string) {
			if err != nil {
				return
			}
			twice, _, err := importer.Merge(merged, merged, merged)
			if err != nil || string(twice) != string(merged) || len(conflicts) > 0 {
				t.Fatalf("%s merged to %s with %v and then to %s: %v", want, merged, conflicts, twice, err)
			}
			whole, _, err := importer.Merge(json.RawMessage(want), json.RawMessage(want), json.RawMessage(want))
			if err == nil && string(whole) != string(merged) {
				t.Fatalf("got %s, want %s", merged, whole)
			}
		}
		merged, conflicts, err := importer.Merge(json.RawMessage(base), json.RawMessage(base), json.RawMessage(other))
		same(merged, conflicts, err, other)
		merged, conflicts, err = importer.Merge(json.RawMessage(base), json.RawMessage(other), json.RawMessage(base))
		same(merged, conflicts, err, other)
	})
}
