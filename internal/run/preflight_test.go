package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/registry"
)

// definitions is a backend that only answers what classes it has. It refuses a
// graph when refuse says so.
type definitions struct {
	comfy.Backend
	mu        sync.Mutex
	json      string // answer to GET /object_info
	asked     []string
	err       error
	refuse    func(g *comfy.Graph) error
	submitted []*comfy.Graph
}

func (d *definitions) Describe(context.Context) (comfy.Info, error) {
	return comfy.Info{Kind: "comfyui", Version: "0.3.64"}, nil
}

func (d *definitions) Can() comfy.Abilities {
	return comfy.Abilities{ClientIDs: true, ObjectInfo: true}
}

func (d *definitions) Version(context.Context) (string, error) { return "0.3.64", nil }

func (d *definitions) Definitions(_ context.Context, classes ...string) (map[string]*comfy.ClassInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		d.asked = append(d.asked, classes[0])
		return nil, d.err
	}
	d.asked = append(d.asked, classes...)
	return comfy.ParseObjectInfo([]byte(d.json))
}

func (d *definitions) Submit(_ context.Context, s comfy.Submission) (comfy.Handle, error) {
	d.submitted = append(d.submitted, s.Graph.Clone())
	if d.refuse != nil {
		if err := d.refuse(s.Graph); err != nil {
			return "", err
		}
	}
	return comfy.Handle(s.ID), nil
}

// smallServer knows three classes and one checkpoint in a folder.
const smallServer = `{
  "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["sd\\small.safetensors", "other.safetensors"]]}}, "output": ["MODEL", "CLIP", "VAE"]},
  "EmptyImage": {"input": {"required": {"width": ["INT", {"min": 1, "max": 4096}], "checkpoint": ["VAE"]}}, "output": ["IMAGE"]},
  "SaveImage": {"input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING"]}}, "output": [], "output_node": true}
}`

func smallGraph(checkpoint, width, link string, more ...string) string {
	return fmt.Sprintf(`{
	  "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": %q}},
	  "2": {"class_type": "EmptyImage", "inputs": {"width": %s, "checkpoint": ["1", %s]}},
	  "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}%s}`, checkpoint, width, link, strings.Join(more, ""))
}

func ticketOf(t *testing.T, r *run.Runner, graph string) *run.Ticket {
	t.Helper()
	g, err := comfy.ParseGraph([]byte(graph))
	if err != nil {
		t.Fatal(err)
	}
	wf, _, err := registry.Draft(g, registry.DraftOptions{ID: "small", Path: "small.json", KeepFiles: true})
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := r.Prepare(t.Context(), run.Request{Workflow: wf})
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestPreflightNamesEverything(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		graph string
		want  []string // in each message, in order
	}{
		{"fine", smallGraph("other.safetensors", "64", "2"), nil},
		{"separators are repaired", smallGraph("sd/small.safetensors", "64", "2"), nil},
		{"model", smallGraph("smal.safetensors", "64", "2"), []string{`the server does not have "smal.safetensors" (folder models/checkpoints)`}},
		{"limit", smallGraph("other.safetensors", "9999", "2"), []string{"above the server's maximum 4096"}},
		{"kind of a link", smallGraph("other.safetensors", "64", "0"), []string{"takes VAE, but node 1 gives MODEL"}},
		{"kind of a value", smallGraph("other.safetensors", `"wide"`, "2"), []string{"takes a number"}},
		{
			"class of a known package", smallGraph("other.safetensors", "64", "2", `, "7": {"class_type": "FaceDetailer", "inputs": {}}`),
			[]string{"the server has no node FaceDetailer, which small needs; it comes with ComfyUI Impact Pack"},
		},
		{
			"class that nobody knows", smallGraph("other.safetensors", "64", "2", `, "7": {"class_type": "MyOwn", "inputs": {}}`),
			[]string{"the server has no node MyOwn"},
		},
		{"nobody uses the node", smallGraph("other.safetensors", "64", "2", `, "7": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "gone.ckpt"}}`), nil},
		{
			"several at once", smallGraph("smal.safetensors", "0", "0"),
			[]string{"smal.safetensors", "below the server's minimum 1", "takes VAE"},
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := &run.Runner{Backend: &definitions{json: smallServer}}
			err := r.Preflight(t.Context(), ticketOf(t, r, tc.graph), ticketOf(t, r, tc.graph))
			if len(tc.want) == 0 {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var rejected *run.RejectedError
			if !errors.As(err, &rejected) {
				t.Fatalf("error %v, want a *RejectedError", err)
			}
			if len(rejected.Problems) != len(tc.want) || len(rejected.Nodes) != len(tc.want) {
				t.Fatalf("problems %+v, want %d", rejected.Problems, len(tc.want))
			}
			for i, want := range tc.want {
				if got := rejected.Problems[i].Message; !strings.Contains(got, want) {
					t.Errorf("problem %d is %q, want %q in it", i, got, want)
				}
			}
		})
	}
}

func TestPreflightWritesTheServersNames(t *testing.T) {
	t.Parallel()
	r := &run.Runner{Backend: &definitions{json: smallServer}, Aliases: map[string]string{"models/main.safetensors": "sd/small.safetensors"}}
	a, b := ticketOf(t, r, smallGraph(`models\main.safetensors`, "64", "2")), ticketOf(t, r, smallGraph("other.safetensors", "64", "2"))
	if err := r.Preflight(t.Context(), a, b); err != nil {
		t.Fatal(err)
	}
	if got, _ := r.LocalGraph(a).Node("1").Inputs.Text("ckpt_name"); got != `sd\small.safetensors` {
		t.Errorf("the graph that is sent says %q", got)
	}
	if got, _ := a.Graph.Node("1").Inputs.Text("ckpt_name"); got != `models\main.safetensors` {
		t.Errorf("the ticket says %q", got)
	}
	other := &run.Runner{Backend: r.Backend, Aliases: map[string]string{"models/main.safetensors": "elsewhere.safetensors"}}
	if got, _ := other.LocalGraph(a).Node("1").Inputs.Text("ckpt_name"); got != "elsewhere.safetensors" {
		t.Errorf("the graph for another backend says %q", got)
	}
}

// A single run without files makes no request for definitions, unless they
// were kept; then they are used.
func TestPreflightAsksOnlyWhenItPays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	be := &definitions{json: smallServer}
	r := &run.Runner{Backend: be}
	r.Definitions = preflight.NewCache(t.TempDir(), "http://studio:8188", func() time.Time { return now })
	good, bad := smallGraph("other.safetensors", "64", "2"), smallGraph("gone.safetensors", "64", "2")

	step := func(what string, wantAsked int, wantErr bool, graphs ...string) {
		t.Helper()
		be.asked = nil
		var tickets []*run.Ticket
		for _, g := range graphs {
			tickets = append(tickets, ticketOf(t, r, g))
		}
		err := r.Preflight(t.Context(), tickets...)
		if (err != nil) != wantErr || len(be.asked) != wantAsked {
			t.Errorf("%s: error %v, asked for %q", what, err, be.asked)
		}
	}
	step("one run, nothing kept", 0, false, bad)
	step("two runs, nothing kept", 3, false, good, good)
	step("one run, all kept", 0, false, good)
	step("what a kept list refuses is asked again", 1, true, bad)
	be.json = strings.Replace(smallServer, "other.safetensors", "gone.safetensors", 1)
	step("the file is there by now", 1, false, bad)
	now = now.Add(16 * time.Minute)
	step("kept for too long", 3, false, bad, bad)
	be.err = &comfy.StatusError{Status: 403}
	now = now.Add(16 * time.Minute)
	step("a proxy hides the definitions", 1, false, bad, bad)
}

func TestPreflightPassesOnADeadServer(t *testing.T) {
	t.Parallel()
	r := &run.Runner{Backend: &definitions{err: &comfy.UnreachableError{Address: "http://x", Reason: "connection refused"}}}
	g := smallGraph("other.safetensors", "64", "2")
	var unreachable *comfy.UnreachableError
	if err := r.Preflight(t.Context(), ticketOf(t, r, g), ticketOf(t, r, g)); !errors.As(err, &unreachable) {
		t.Errorf("error %v, want an *UnreachableError", err)
	}
}

// The server refuses a name for its separators only: the run is repaired and
// submitted again, once.
func TestSubmitRepairsSeparators(t *testing.T) {
	t.Parallel()
	be := &definitions{json: smallServer}
	be.refuse = func(g *comfy.Graph) error {
		if name, _ := g.Node("1").Inputs.Text("ckpt_name"); name != `sd\small.safetensors` {
			return &comfy.ValidationError{Message: "no", Nodes: []comfy.NodeProblem{{
				Node: "1", Class: "CheckpointLoaderSimple", Input: "ckpt_name", Type: "value_not_in_list", Received: name,
			}}}
		}
		return nil
	}
	r := &run.Runner{Backend: be}
	for name, want := range map[string]struct {
		tries int
		ok    bool
	}{"sd/small.safetensors": {2, true}, "sd/large.safetensors": {1, false}} {
		be.submitted = nil
		err := r.Submit(t.Context(), ticketOf(t, r, smallGraph(name, "64", "2")), func(run.Event) {})
		if (err == nil) != want.ok || len(be.submitted) != want.tries {
			t.Errorf("%s: error %v after %d tries", name, err, len(be.submitted))
		}
	}
}

// What cannot be read from the cache is asked, and what cannot be written is
// no error.
func TestDefinitionCacheIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := smallGraph("other.safetensors", "64", "2")
	check := func(what string, cache *preflight.Cache, wantAsked int) {
		t.Helper()
		be := &definitions{json: smallServer}
		r := &run.Runner{Backend: be, Definitions: cache}
		if err := r.Preflight(t.Context(), ticketOf(t, r, good), ticketOf(t, r, good)); err != nil || len(be.asked) != wantAsked {
			t.Errorf("%s: error %v, asked for %q", what, err, be.asked)
		}
	}
	cache := preflight.NewCache(dir, "a", nil)
	check("empty", cache, 3)
	check("kept", cache, 0)
	check("another address", preflight.NewCache(dir, "b", nil), 3)
	files, err := filepath.Glob(filepath.Join(dir, "objects", "*", "SaveImage.json"))
	if err != nil || len(files) != 2 {
		t.Fatalf("files %q, %v", files, err)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte(`{"class":"SaveImage","info":`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check("half a file", cache, 1)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	check("no folder can be made", preflight.NewCache(file, "a", nil), 3)
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wf := func(id string) *registry.Workflow {
		w, err := b.reg.Workflow(id)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	got := map[string][]string{}
	for _, few := range [][]*registry.Workflow{{wf("flux_single")}, b.reg.Workflows()} {
		s, err := preflight.NewSurvey(t.Context(), b.Backend, nil, few...)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range few {
			lacks, err := s.Check(t.Context(), w)
			if err != nil {
				t.Fatalf("%s: %v", w.ID, err)
			}
			for _, l := range lacks {
				got[w.ID] = append(got[w.ID], l.What+": "+l.Problem.Message)
			}
		}
	}
	if diff := cmp.Diff(map[string][]string{}, got); diff != "" {
		t.Errorf("the emulator lacks something (-want +got):\n%s", diff)
	}

	s, err := preflight.NewSurvey(t.Context(), &definitions{json: smallServer}, nil, wf("flux_single"))
	if err != nil {
		t.Fatal(err)
	}
	lacks, err := s.Check(t.Context(), wf("flux_single"))
	if err != nil || len(lacks) < 2 || lacks[0].What != "checkpoints/flux1-dev-fp8.safetensors" || lacks[1].What != "node CLIPTextEncode" || lacks[0].Instead != "" {
		t.Errorf("lacks %v, %v", lacks, err)
	}
	lacks, err = s.Check(t.Context(), wf("sd_single")) // whose checkpoint is a parameter
	if err != nil || len(lacks) < 2 || lacks[0].Instead != "checkpoint" || lacks[0].Models != 2 || lacks[1].Instead != "" {
		t.Errorf("lacks %v, %v", lacks, err)
	}
}

// No class of ComfyUI itself is taken for one of a package.
func TestPackagesAreNotCore(t *testing.T) {
	t.Parallel()
	r := &run.Runner{Backend: &definitions{json: "{}"}}
	for _, version := range []string{"0.3.64", "0.8.0"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "corpus", "object_info-"+version+".json"))
		if err != nil {
			t.Skipf("no recorded definitions here: %v", err)
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		g := comfy.NewGraph()
		for class := range all {
			g.Set(g.FreeID(), &comfy.Node{Class: class})
		}
		raw, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		var rejected *run.RejectedError
		a := ticketOf(t, r, string(raw))
		if err := r.Preflight(t.Context(), a, a); !errors.As(err, &rejected) {
			t.Fatalf("error %v", err)
		}
		for _, p := range rejected.Problems {
			if strings.Contains(p.Message, "comes with") {
				t.Error(p.Message)
			}
		}
	}
}

// A server that is too old for a workflow is named as the reason, for nodes
// and for values.
func TestPreflightNamesTheVersion(t *testing.T) {
	t.Parallel()
	reg, err := registry.Load(registry.Layer{Name: "project", File: "r.json", Display: "r.json", FS: fstest.MapFS{
		"r.json": {Data: []byte(`{"workflows": {"new": {"id": "new", "workflow_path": "g.json", "min_version": "0.9.0"}}}`)},
		"g.json": {Data: []byte(`{
		  "1": {"class_type": "BrandNew", "inputs": {"type": "krea9"}},
		  "2": {"class_type": "Loader", "inputs": {"type": "krea9", "from": ["1", 0]}},
		  "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	wf, err := reg.Workflow("new")
	if err != nil {
		t.Fatal(err)
	}
	be := &definitions{json: `{
	  "Loader": {"input": {"required": {"type": [["flux", "sdxl"]], "from": ["X"]}}, "output": ["IMAGE"]},
	  "SaveImage": {"input": {"required": {"images": ["IMAGE"], "filename_prefix": ["STRING"]}}, "output": [], "output_node": true}}`}
	r := &run.Runner{Backend: be}
	ticket, err := r.Prepare(t.Context(), run.Request{Workflow: wf})
	if err != nil {
		t.Fatal(err)
	}
	var rejected *run.RejectedError
	if err := r.Preflight(t.Context(), ticket, ticket); !errors.As(err, &rejected) || len(rejected.Problems) != 2 {
		t.Fatalf("error %v, want two problems", err)
	}
	if p := rejected.Problems[0]; !strings.Contains(p.Message, "ComfyUI 0.3.64 has no node BrandNew; new needs 0.9.0 or newer") {
		t.Errorf("node: %+v", p)
	}
	if p := rejected.Problems[1]; !strings.Contains(p.Hint, "update ComfyUI on the server: it is 0.3.64, and new needs 0.9.0 or newer") {
		t.Errorf("value: %+v", p)
	}

	s, err := preflight.NewSurvey(t.Context(), be, nil, wf)
	if err != nil {
		t.Fatal(err)
	}
	lacks, err := s.Check(t.Context(), wf)
	if err != nil || len(lacks) != 2 || lacks[0].What != "ComfyUI 0.9.0" || lacks[1].What != "ComfyUI 0.9.0" {
		t.Errorf("lacks %+v, %v", lacks, err)
	}
}
