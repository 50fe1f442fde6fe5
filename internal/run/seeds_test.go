package run_test

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

const (
	narrowServer = `{
	  "Paid": {"input": {"required": {"prompt": ["STRING"], "seed": ["INT", {"min": 1, "max": 9}]}}, "output": ["IMAGE"]},
	  "SaveImage": {"input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING"]}}, "output": [], "output_node": true}}`
	narrowGraph = `{"1":{"class_type":"Paid","inputs":{"prompt":"x","seed":5}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}}`
)

func narrowTicket(t *testing.T, r *run.Runner, args ...registry.Arg) *run.Ticket {
	t.Helper()
	g, err := comfy.ParseGraph([]byte(narrowGraph))
	if err != nil {
		t.Fatal(err)
	}
	wf, _, err := registry.Draft(g, registry.DraftOptions{ID: "narrow", Path: "narrow.json", KeepFiles: true})
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := r.Prepare(t.Context(), run.Request{Workflow: wf, Args: args})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func checkSeed(t *testing.T, ticket *run.Ticket) {
	t.Helper()
	seed := uint64(*ticket.Seed)
	sent, _ := ticket.Graph.Node("1").Inputs.Get("seed")
	i := slices.IndexFunc(ticket.Parameters, func(v run.NamedValue) bool { return v.Name == "seed" })
	if seed < 1 || seed > 9 || string(sent) != ticket.Seed.String() || string(ticket.Parameters[i].JSON) != ticket.Seed.String() {
		t.Errorf("seed %d, sent %s, recorded %s", seed, sent, ticket.Parameters[i].JSON)
	}
}

// TestSeedOfTheNode: a drawn seed lies in the node's range, whether that is
// known before or told by the refusal. One that was given is refused.
func TestSeedOfTheNode(t *testing.T) {
	t.Parallel()
	given := registry.Arg{Name: "seed", Text: "10", Origin: registry.FromFlag}
	counted := registry.Arg{Name: "seed", Text: "18446744073709551615", Origin: registry.FromSweep}
	t.Run("dry run", func(t *testing.T) {
		t.Parallel()
		defs, err := comfy.ParseObjectInfo([]byte(narrowServer))
		if err != nil {
			t.Fatal(err)
		}
		kept := preflight.NewCache(t.TempDir(), "http://narrow", nil)
		kept.Keep("Paid", defs["Paid"], "0.3.64")
		r := &run.Runner{Definitions: kept}
		drawn, next, fixed := narrowTicket(t, r), narrowTicket(t, r, counted), narrowTicket(t, r, given)
		r.FitSeeds(drawn, next, fixed)
		checkSeed(t, drawn)
		checkSeed(t, next)
		if fixed.Seed.String() != "10" {
			t.Errorf("the given seed became %s", fixed.Seed)
		}
	})
	t.Run("preflight", func(t *testing.T) {
		t.Parallel()
		r := &run.Runner{Backend: &definitions{json: narrowServer}}
		drawn, next := narrowTicket(t, r), narrowTicket(t, r, counted)
		if err := r.Preflight(t.Context(), drawn, next); err != nil {
			t.Fatal(err)
		}
		checkSeed(t, drawn)
		checkSeed(t, next)
		var rejected *run.RejectedError
		if err := r.Preflight(t.Context(), narrowTicket(t, r, given, counted), narrowTicket(t, r)); !errors.As(err, &rejected) {
			t.Errorf("a seed that was given is %v, want a refusal", err)
		}
	})
	t.Run("refusal", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		be := &definitions{json: narrowServer}
		be.refuse = func(g *comfy.Graph) error {
			defs, _ := comfy.ParseObjectInfo([]byte(narrowServer))
			if nodes := comfy.CheckAgainst(g, defs); len(nodes) > 0 {
				return &comfy.ValidationError{Message: "refused", Nodes: nodes}
			}
			return nil
		}
		b.Backend = be
		ticket := narrowTicket(t, b.Runner)
		if err := b.Submit(t.Context(), ticket, ignore); err != nil {
			t.Fatal(err)
		}
		checkSeed(t, ticket)
		if len(be.submitted) != 2 {
			t.Errorf("%d submissions, want 2", len(be.submitted))
		}
		if err := b.Submit(t.Context(), narrowTicket(t, b.Runner, given), ignore); err == nil {
			t.Error("a seed that was given was changed")
		}
	})
}

// TestSeedOfASurvey: a survey binds as a run without flags does, and holds the
// seed that it draws against nobody. One that the entry gives is named.
func TestSeedOfASurvey(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ seed, want string }{
		{"-1", ""},
		{"5", ""},
		{"10", "Parameter 'seed' above the server's maximum 9"},
	} {
		reg, err := registry.Load(registry.Layer{Name: "project", File: "r.json", FS: fstest.MapFS{
			"narrow.json": {Data: []byte(narrowGraph)},
			"r.json": {Data: []byte(`{"workflows":{"narrow":{"id":"narrow","workflow_path":"narrow.json",
				"configurable_params":{"seed":{"type":"seed","bind":"1.seed","default":` + tc.seed + `}}}}}`)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		wf, err := reg.Workflow("narrow")
		if err != nil {
			t.Fatal(err)
		}
		s, err := preflight.NewSurvey(t.Context(), &definitions{json: narrowServer}, nil, wf)
		if err != nil {
			t.Fatal(err)
		}
		lacks, err := s.Check(t.Context(), wf)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, l := range lacks {
			got += l.Problem.Message
		}
		if got != tc.want {
			t.Errorf("default %s: lacks %q, want %q", tc.seed, got, tc.want)
		}
	}
}
