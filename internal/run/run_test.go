package run_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/memstore"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// A bench is a runner on a ComfyUI of its own, with files and a store in
// memory.
type bench struct {
	*run.Runner
	server *emulator.Server
	store  *memstore.Store
	files  fstest.MapFS // the input files
	reg    *registry.Registry
}

func newBench(t testing.TB) *bench {
	t.Helper()
	srv := emulator.New(emulator.Options{StepTime: -1})
	client, err := comfy.NewClient("http://"+emulator.Host, comfy.WithHTTPClient(srv.Client()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		srv.Close()
	})
	reg, err := registry.Load(registry.Layer{Name: "built-in", FS: workflows.FS(), File: "registry.json"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{server: srv, store: memstore.New(), files: fstest.MapFS{}, reg: reg}
	b.Runner = &run.Runner{
		Backend: client, BackendName: "emulator", Store: b.store, Version: "test",
		OpenInput: b.open,
		Now:       func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) },
	}
	return b
}

func (b *bench) open(_ context.Context, name string) (io.ReadCloser, error) {
	return b.files.Open(name)
}

func (b *bench) put(name string, data []byte) { b.files[name] = &fstest.MapFile{Data: data} }

// request asks for a run with name=value arguments, as flags give them.
func (b *bench) request(t testing.TB, workflow string, pairs ...string) run.Request {
	t.Helper()
	wf, err := b.reg.Workflow(workflow)
	if err != nil {
		t.Fatal(err)
	}
	req := run.Request{Workflow: wf}
	for i := 0; i < len(pairs); i += 2 {
		req.Args = append(req.Args, registry.Arg{Name: pairs[i], Text: pairs[i+1], Origin: registry.FromFlag})
	}
	return req
}

// stored reads what a run left under a location of the store.
func (b *bench) stored(t *testing.T, out run.Output) []byte {
	t.Helper()
	for info, err := range b.store.List(context.Background(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if b.store.Location(info.Name) != out.Path {
			continue
		}
		body, _, err := b.store.Open(context.Background(), info.Name)
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	t.Fatalf("the store has no %s", out.Path)
	return nil
}

// sent counts the requests to a path of the server.
func (b *bench) sent(path string) (n int) {
	for _, r := range b.server.Requests() {
		if r.Path == path || r.Path == "/api"+path {
			n++
		}
	}
	return n
}

// ignore is a sink for tests that do not look at events.
func ignore(run.Event) {}

func TestRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put("photo.png", pngOf(t, scene(64, 48)))
	var types []run.EventType
	res, err := b.Run(t.Context(), b.request(t, "image_upscale", "image", "photo.png", "factor", "0.5"), func(e run.Event) {
		types = append(types, e.Type)
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != run.Succeeded || len(res.Outputs) != 1 {
		t.Fatalf("status %s with %d outputs", res.Status, len(res.Outputs))
	}
	out := res.Outputs[0]
	data := b.stored(t, out)
	if got := fmt.Sprintf("%d bytes of %s", len(data), out.MediaType); got != fmt.Sprintf("%d bytes of image/png", out.Bytes) {
		t.Errorf("stored %s, the result says %d", got, out.Bytes)
	}
	for _, want := range []run.EventType{run.EventPrepared, run.EventUpload, run.EventStored, run.EventDone} {
		found := false
		for _, got := range types {
			found = found || got == want
		}
		if !found {
			t.Errorf("no event %s among %v", want, types)
		}
	}
}
