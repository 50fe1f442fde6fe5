package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A cell is data: what looks like a template in it stays, and is told of once.
func TestFieldsInCells(t *testing.T) {
	t.Parallel()
	const where = "; it is filled in where it stands in the prompt on the command line, in --set, in a sweep or in the defaults of a plan"
	for name, test := range map[string]struct {
		table string
		want  []string
	}{
		"none":       {"prompt,steps\na {row},3\nb {row.,4\n", nil},
		"one":        {"prompt,steps\na fox,3\na {row.steps} b,4\n", []string{"r.csv, row 2 (line 3), column prompt: {row.steps} stays as it is written" + where}},
		"several":    {"prompt\na {row.x:20}\nb {row.y}\n", []string{"r.csv, row 1 (line 2), column prompt: {row.x} stays as it is written, as in 2 cells in all" + where}},
		"in a name":  {"prompt,name\na fox,{row.prompt}\n", nil},
		"left aside": {"prompt,internal\na fox,{row.prompt}\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := flux("r.csv")
			d.Ignore = []string{"internal"}
			b, err := planned(t, d, map[string]string{"r.csv": test.table})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.Notes); diff != "" {
				t.Error(diff)
			}
		})
	}
}
