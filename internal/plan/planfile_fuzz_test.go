package plan

import (
	"errors"
	"testing"
)

// FuzzDecodePlan holds that a plan file is read, or refused with a place.
func FuzzDecodePlan(f *testing.F) {
	for _, text := range []string{
		"workflow: a\nbackend: [x, y]\nout: o/\ndefaults: {steps: 20}\nsweep: {a: [1, 2], b: 1..4}\nitems:\n  - {id: x, prompt: y}\n",
		"parts:\n  - {workflow: a, from: x.csv, format_in: csv, format: jpg:80}\n  - {zip: {a: [1], b: [2]}, map: {a: b}, ignore_columns: [x]}\n",
		"name: x\ncount: 3\nseed_mode: fixed\ntimeout: 5m\nnaming: \"{row.a}\"\nprovenance: both\ndynamic: true\ncharacter: c\n",
		"a: &x {b: 1}\nc: *x", "items: [1]", "sweep: 3", "{}", "- a", "workflow: a\nworkflow: b",
	} {
		f.Add("p.yaml", []byte(text))
	}
	f.Add("p.json", []byte(`{"workflow": "a", "items": [{"prompt": "x"}], // comment
	"sweep": {"a": "1..3"},}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		plan, err := DecodePlan(name, data)
		if err == nil {
			for _, part := range plan.Draft.flat() {
				for _, s := range append(part.Sweeps, part.Zip...) {
					_, _ = s.points(nil)
				}
			}
			return
		}
		if _, ok := errors.AsType[*PlanFileError](err); ok {
			return
		}
		if _, ok := errors.AsType[*BatchError](err); !ok {
			t.Fatalf("%T: %v", err, err)
		}
	})
}

// FuzzSweep holds that the values of a sweep are counted out, or refused.
func FuzzSweep(f *testing.F) {
	for _, text := range []string{"1,2", "1..8", "2:8:2", "[1, \"2..4\"]", "0.1:1:0.3", "a,b", "", ",", "1..", "[", "9..1,x"} {
		f.Add(text)
	}
	c := catalog(f)
	wf, err := c.Workflow(Order{Workflow: "flux_single"})
	if err != nil {
		f.Fatal(err)
	}
	steps := wf.Parameter("steps")
	f.Fuzz(func(t *testing.T, text string) {
		points, err := Sweep{Name: "steps", Text: text}.points(steps)
		if err == nil && len(points) == 0 {
			t.Fatal("no values and no error")
		}
		for _, p := range points {
			if p.value.Name != "steps" || p.axis.Name != "steps" {
				t.Fatal(p)
			}
		}
	})
}
