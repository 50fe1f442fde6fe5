package drill

import (
	"context"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/dirstore"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A rig is the engine on a machine, in this process: a client of some server, a
// folder and a history.
type rig struct {
	*machine
	*run.Runner
	workflow *registry.Workflow
}

// newRig opens a rig; the test closes it.
func newRig(t *testing.T, address string, opts ...comfy.Option) *rig {
	t.Helper()
	m := newMachine(t)
	client, err := comfy.NewClient(address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := dirstore.Open(m.out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		store.Close()
	})
	reg, err := registry.Load(registry.Layer{Name: "drill", File: "registry.json", FS: fstest.MapFS{
		"registry.json": {Data: []byte(`{"workflows": {"drill": {"id": "drill", "name": "Drill", "description": "d", "workflow_path": "graph.json",
			"configurable_params": {"seed": {"type": "int", "default": 7}, "steps": {"type": "int", "default": 10}}}}}`)},
		"graph.json": {Data: []byte(graph)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	wf, err := reg.Workflow("drill")
	if err != nil {
		t.Fatal(err)
	}
	return &rig{machine: m, workflow: wf, Runner: &run.Runner{
		Backend: client, BackendName: "drill", Address: address, Store: store, Out: m.out, History: m.history(), Version: "drill",
		OpenInput: func(name string) (io.ReadCloser, error) { return os.Open(name) },
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
