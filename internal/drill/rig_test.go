package drill

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// A rig is the engine on a machine, in this process: a client of some server, a
// folder and a history.
type rig struct {
	*machine
	*run.Runner
	workflow *registry.Workflow
	retouch  *registry.Workflow // one that takes a picture
}

// newRig opens a rig; the test closes it.
func newRig(t *testing.T, address string, opts ...comfy.Option) *rig {
	t.Helper()
	m := newMachine(t)
	client, err := comfy.NewClient(address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := (&stores.Opener{}).Open(m.out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		store.Close()
	})
	reg, err := registry.Load(registry.Layer{Name: "drill", File: "registry.json", FS: fstest.MapFS{
		"registry.json": {Data: []byte(`{"workflows": {
			"drill": {"id": "drill", "name": "Drill", "description": "d", "workflow_path": "graph.json",
				"configurable_params": {"seed": {"type": "int", "default": 7}, "steps": {"type": "int", "default": 10}}},
			"retouch": {"id": "retouch", "name": "Retouch", "description": "r", "workflow_path": "retouch.json", "requires_input_image": true}}}`)},
		"graph.json": {Data: []byte(graph)},
		"retouch.json": {Data: []byte(`{"1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
			"9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "drill"}}}`)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var found [2]*registry.Workflow
	for i, id := range []string{"drill", "retouch"} {
		if found[i], err = reg.Workflow(id); err != nil {
			t.Fatal(err)
		}
	}
	return &rig{machine: m, workflow: found[0], retouch: found[1], Runner: &run.Runner{
		Backend: client, BackendName: "drill", Address: address, Store: store, Out: m.out, History: m.history(), Version: "drill",
		OpenInput: func(_ context.Context, name string) (io.ReadCloser, error) { return os.Open(name) },
	}}
}

// emulated is a rig with a server of its own, both in this process, without a
// network, so that time can be virtual.
func emulated(t *testing.T, o emulator.Options, opts ...comfy.Option) (*rig, *emulator.Server) {
	t.Helper()
	srv := emulator.New(o)
	t.Cleanup(func() { srv.Close() })
	r := newRig(t, "http://"+emulator.Host, append([]comfy.Option{comfy.WithHTTPClient(srv.Client())}, opts...)...)
	return r, srv
}

// dialling gives a client of an emulator whose way of connecting is wrapped.
func dialling(t *testing.T, srv *emulator.Server, wrap func(chaos.DialFunc) chaos.DialFunc) *http.Client {
	t.Helper()
	own, ok := srv.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the emulator's client has another transport")
	}
	tr := own.Clone()
	tr.DialContext = wrap(own.DialContext)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// served puts an emulator on a port of this machine.
func served(t *testing.T, o emulator.Options) (*emulator.Server, string) {
	t.Helper()
	srv := emulator.New(o)
	ts := httptest.NewServer(srv)
	t.Cleanup(func() {
		ts.CloseClientConnections()
		srv.Close()
		ts.Close()
	})
	return srv, ts.URL
}

// generate runs the drill's workflow once; pairs are parameters and values.
func (r *rig) generate(ctx context.Context, pairs ...string) (*run.Result, error) {
	return r.watch(ctx, func(run.Event) {}, pairs...)
}

func (r *rig) watch(ctx context.Context, sink run.Sink, pairs ...string) (*run.Result, error) {
	req := run.Request{Workflow: r.workflow, Sidecar: true}
	for i := 0; i < len(pairs); i += 2 {
		req.Args = append(req.Args, registry.Arg{Name: pairs[i], Text: pairs[i+1], Origin: registry.FromFlag})
	}
	return r.Run(ctx, req, sink)
}

// An endpoint is one that runs ask, with the server on which they do: a good run
// asks for the socket, prompt, history and view alone.
type endpoint struct {
	name    string
	version string
	beside  string // fault that makes runs ask it
}

func endpoints() []endpoint {
	return []endpoint{
		{name: "prompt"},
		{name: "history"},
		{name: "view"},
		{name: "ws"},
		{name: "upload"},
		{name: "queue", beside: "ws-refuse"},
		{name: "jobs", beside: "ws-refuse", version: "0.30.0"},
	}
}

// options are those of a server with a fault at the endpoint.
func (e endpoint) options(t *testing.T, spec string) emulator.Options {
	t.Helper()
	specs := []string{spec}
	if e.beside != "" {
		specs = append(specs, e.beside)
	}
	return emulator.Options{StepTime: 10 * time.Millisecond, Version: e.version, Faults: faults(t, specs...)}
}

// exercise makes a run that asks an endpoint, closes the server, and fails the
// test when the fault there has not struck.
func (r *rig) exercise(ctx context.Context, srv *emulator.Server, at endpoint) (*run.Result, error) {
	r.t.Helper()
	req := run.Request{Workflow: r.workflow, Sidecar: true}
	if at.name == "upload" {
		r.takesPicture(&req)
	}
	res, err := r.Run(ctx, req, func(run.Event) {})
	srv.Close() // what it is still answering is in its log after this
	if !slices.ContainsFunc(srv.Requests(), func(q emulator.Request) bool { return strings.Contains(q.Fault, "="+at.name+":") }) {
		r.t.Errorf("the fault at %s never struck: %v", at.name, err)
	}
	return res, err
}

// takesPicture makes the request one that uploads a picture.
func (r *rig) takesPicture(req *run.Request) {
	r.t.Helper()
	picture, err := fs.ReadFile(workflows.FS(), "examples/portrait.png")
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("portrait.png", string(picture))
	req.Workflow = r.retouch
	req.Args = []registry.Arg{{Name: "image", Text: filepath.Join(r.dir, "portrait.png"), Origin: registry.FromFlag}}
}

// resume finishes every run that the history calls unfinished.
func (r *rig) resume(ctx context.Context) error {
	pending, err := r.machine.history().Pending()
	if err != nil {
		return err
	}
	for _, rec := range pending {
		ticket, err := run.OpenTicket(rec.Request)
		if err != nil {
			return err
		}
		if _, err := r.Resume(ctx, ticket, rec.State, func(run.Event) {}); err != nil {
			return err
		}
	}
	return nil
}

func faults(t *testing.T, specs ...string) []emulator.Fault {
	t.Helper()
	var list []emulator.Fault
	for _, s := range specs {
		f, err := emulator.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// hurried are waiting times for tests in real time.
func hurried() comfy.Option {
	return comfy.WithTimeouts(comfy.Timeouts{
		Connect: 300 * time.Millisecond, Answer: time.Second, Idle: 300 * time.Millisecond, Socket: 300 * time.Millisecond,
	})
}

func hostPort(address string) string { return strings.TrimPrefix(address, "http://") }
