package provenance_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/provenance"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// place is a folder with files, a finder for it, and the built-in workflows.
func place(t *testing.T) (*provenance.Finder, *plan.Catalog) {
	t.Helper()
	dir := t.TempDir()
	reg, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json", Display: "built-in"})
	if err != nil {
		t.Fatal(err)
	}
	return &provenance.Finder{Dir: dir, History: func() (*ledger.History, error) { return ledger.Open(filepath.Join(dir, "history")) }},
		&plan.Catalog{Dir: dir, Registry: func() (*registry.Registry, error) { return reg, nil }}
}

// record writes a file and the record of a run that made it.
func record(t *testing.T, f *provenance.Finder, c *plan.Catalog, o plan.Order, change func(*run.Record)) {
	t.Helper()
	req, err := c.Resolve(o)
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := (&run.Runner{}).Prepare(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	rec := ticket.Record("test")
	if change != nil {
		change(&rec)
	}
	data, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"fox.png": []byte("a picture"), "fox.png" + run.RecordSuffix: data} {
		if err := os.WriteFile(filepath.Join(f.Dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func fox() plan.Order {
	return plan.Order{Workflow: "flux_single", Values: []plan.Value{
		{Name: "prompt", Text: "a fox", Origin: registry.FromFlag},
		{Name: "seed", Text: "18446744073709551615", Origin: registry.FromFlag},
		{Name: "steps", Text: "7", Origin: registry.FromFlag},
	}}
}

// A repetition is an order, which survives as JSON like any other: on the
// workflow when it is as it was, else on the recorded graph.
func TestRepetitionIsAnOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*run.Record)
		graph  bool
	}{
		{"on the workflow", nil, false},
		{"on the graph", func(r *run.Record) { r.WorkflowDigest = "another" }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, c := place(t)
			record(t, f, c, fox(), tt.change)
			rep, err := f.Find(t.Context(), "fox.png", c.Registry)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(rep.Order().Graph) > 0; got != tt.graph {
				t.Errorf("runs the graph: %t, want %t", got, tt.graph)
			}
			orders, err := rep.Runs(c, plan.Order{Values: []plan.Value{{Name: "prompt", Text: "a hare", Origin: registry.FromFlag}}})
			if err != nil || len(orders) != 1 {
				t.Fatalf("%d orders, %v", len(orders), err)
			}
			data, err := json.Marshal(orders[0])
			if err != nil {
				t.Fatal(err)
			}
			var back plan.Order
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			req, err := c.Resolve(back)
			if err != nil {
				t.Fatal(err)
			}
			ticket, err := (&run.Runner{}).Prepare(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"prompt": `"a hare"`, "seed": "18446744073709551615", "steps": "7"}
			got := map[string]string{}
			for _, nv := range ticket.Parameters {
				if _, asked := want[nv.Name]; asked {
					got[nv.Name] = string(nv.JSON)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

// Nothing changed, and the workflow makes another graph: the recorded one runs.
func TestRecordedGraphWinsOverAChangedOne(t *testing.T) {
	t.Parallel()
	f, c := place(t)
	record(t, f, c, fox(), nil)
	rep, err := f.Find(t.Context(), "fox.png", c.Registry)
	if err != nil {
		t.Fatal(err)
	}
	other := &run.Ticket{Graph: comfy.NewGraph()}
	if changed, err := rep.UseRecordedGraph(plan.Order{Count: 2}, []*run.Ticket{other}); changed || err != nil {
		t.Errorf("a variation uses the recorded graph: %t, %v", changed, err)
	}
	changed, err := rep.UseRecordedGraph(plan.Order{Count: 1}, []*run.Ticket{other})
	if !changed || err != nil || len(rep.Order().Graph) == 0 || rep.Note == "" {
		t.Errorf("changed %t, %v, note %q", changed, err, rep.Note)
	}
}

// Every way not to know is told apart.
func TestNotKnown(t *testing.T) {
	t.Parallel()
	f, c := place(t)
	for name, text := range map[string]string{
		"plain.txt": "nothing", "broken.png": "x", "broken.png" + run.RecordSuffix: "{",
	} {
		if err := os.WriteFile(filepath.Join(f.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for word, want := range map[string]provenance.Kind{
		"none.png": provenance.NoFile, "plain.txt": provenance.Unknown, "broken.png": provenance.Damaged, "./": provenance.NoFile,
	} {
		_, err := f.Find(t.Context(), word, c.Registry)
		if e, ok := errors.AsType[*provenance.Error](err); !ok || e.Kind != want {
			t.Errorf("%s: %v, want %q", word, err, want)
		}
	}
	_, err := f.Inspect(t.Context(), ".")
	if e, ok := errors.AsType[*provenance.Error](err); !ok || e.Kind != provenance.Folder {
		t.Errorf("a folder: %v", err)
	}
}
