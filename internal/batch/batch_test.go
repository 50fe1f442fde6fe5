package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/registry"
)

// graph takes a tenth of a second at 10 ms a step.
const graph = `{
	"4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
	"5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
	"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
	"7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
	"3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 4, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
		"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
	"8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
	"9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}}}`

// A bench is a user's machine: a plan, a folder of outputs and a ledger.
type bench struct {
	paused  map[string]func() bool // by backend
	t       testing.TB
	catalog *plan.Catalog
	out     string
	csv     string
	options Options // what the test wants besides
	ledger  LedgerOptions
	events  func(Event)
	clients map[string]*http.Client // by backend: ways to servers of this process
	remote  string                  // where outputs go instead of out, of which the ledger stays
	opener  stores.Opener
}

func newBench(t testing.TB, csv string) *bench {
	t.Helper()
	reg, err := registry.Load(registry.Layer{Name: "test", File: "registry.json", FS: fstest.MapFS{
		"registry.json": {Data: []byte(`{"workflows": {"w": {"id": "w", "name": "W", "description": "d", "workflow_path": "g.json",
			"configurable_params": {"steps": {"type": "int", "default": 4}, "ckpt": {"type": "model", "folder": "checkpoints", "bind": ["4.ckpt_name"]}}}}}`)},
		"g.json": {Data: []byte(graph)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{
		t: t, csv: csv, out: filepath.Join(t.TempDir(), "out"),
		catalog: &plan.Catalog{Registry: func() (*registry.Registry, error) { return reg, nil }},
		options: Options{MaxFailures: -1, Patience: 30 * time.Second, Grace: func(error) time.Duration { return 0 }},
	}
}

// rows is a table of so many prompts.
func rows(n int) string {
	var b strings.Builder
	b.WriteString("id,prompt\n")
	for i := range n {
		fmt.Fprintf(&b, "i%04d,picture %d\n", i, i)
	}
	return b.String()
}

func (b *bench) plan() *plan.Batch {
	b.t.Helper()
	batch, err := b.catalog.Plan(b.t.Context(), plan.Draft{
		Workflow: "w", Order: plan.Order{Naming: run.Naming{Template: "{item}"}, Provenance: plan.ProvenanceSidecar},
		Sources: []plan.Source{{Name: "-", Format: "csv"}},
	}, plan.PlanOptions{Name: "p", Open: func(context.Context, string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(b.csv)), nil
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return batch
}

func (b *bench) path() string { return LedgerPath(b.out, "", "p") }

// run runs the plan on the servers at the addresses, NAME=ADDRESS.
func (b *bench) run(ctx context.Context, addresses ...string) (Summary, error) {
	b.t.Helper()
	p := b.plan()
	store, err := b.opener.Open(cmp.Or(b.remote, b.out))
	if err != nil {
		b.t.Fatal(err)
	}
	defer store.Close()
	b.ledger.Path = b.path()
	book, err := OpenLedger(ctx, p, b.ledger)
	if err != nil {
		return Summary{}, err
	}
	defer book.Close()
	o := b.options
	o.Batch, o.Catalog, o.Ledger = p, b.catalog, book
	o.Prepare = &run.Runner{Store: store, Out: b.out, Version: "test", OpenInput: func(context.Context, string) (io.ReadCloser, error) {
		return nil, errors.New("no inputs here")
	}}
	if b.events != nil {
		o.Sink = b.events
	}
	o.Connect = func(context.Context) ([]Place, error) {
		if len(addresses) == 0 {
			b.t.Error("backends were asked for although nothing was to do")
		}
		var places []Place
		for _, at := range addresses {
			name, address, _ := strings.Cut(at, "=")
			opts := []comfy.Option{comfy.WithPatience(time.Second), comfy.WithTimeouts(comfy.Timeouts{Connect: time.Second})}
			if hc := b.clients[name]; hc != nil {
				opts = append(opts, comfy.WithHTTPClient(hc))
			}
			client, err := comfy.NewClient(address, opts...)
			if err != nil {
				return nil, err
			}
			b.t.Cleanup(func() { client.Close() })
			r := *o.Prepare
			r.Backend, r.BackendName, r.Address = client, name, address
			places = append(places, Place{Runner: &r, Paused: b.paused[name]})
		}
		return places, nil
	}
	return Run(ctx, o)
}

// A host is an emulator on a port of this machine that can be restarted.
type host struct {
	t    testing.TB
	opts emulator.Options
	url  string

	mu   sync.Mutex
	srv  *emulator.Server
	down bool
	done []emulator.Execution
}

func newHost(t testing.TB, opts emulator.Options) *host {
	h := &host{t: t, opts: opts}
	h.opts.OnExecution = func(e emulator.Execution) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.done = append(h.done, e)
	}
	h.srv = emulator.New(h.opts)
	ts := httptest.NewServer(h)
	h.url = ts.URL
	t.Cleanup(func() {
		ts.CloseClientConnections()
		h.server().Close()
		ts.Close()
	})
	return h
}

func (h *host) server() *emulator.Server {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.srv
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	srv, down := h.srv, h.down
	h.mu.Unlock()
	if down {
		panic(http.ErrAbortHandler)
	}
	srv.ServeHTTP(w, r)
}

// restart is the server killed and started again, with nothing in its memory.
func (h *host) restart() {
	fresh := emulator.New(h.opts)
	h.mu.Lock()
	old := h.srv
	h.srv = fresh
	h.mu.Unlock()
	old.Close()
}

func (h *host) setDown(down bool) {
	h.mu.Lock()
	h.down = down
	h.mu.Unlock()
	if down {
		h.restart()
	}
}

// executions counts what really ran, by prompt id.
func (h *host) executions() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := map[string]int{}
	for _, e := range h.done {
		if e.Outcome == emulator.OutcomeSuccess {
			n[e.PromptID]++
		}
	}
	return n
}

// audit fails the test unless each item is one whole file with its record.
func (b *bench) audit(items int) {
	b.t.Helper()
	store, err := (&stores.Opener{}).Open(b.out)
	if err != nil {
		b.t.Fatal(err)
	}
	defer store.Close()
	book, err := ledger.ReadBatch(b.path())
	if err != nil {
		b.t.Fatal(err)
	}
	defer book.Close()
	v, err := Verify(b.t.Context(), store, []*ledger.Batch{book}, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range v.Findings {
		b.t.Errorf("%+v", f)
	}
	if v.Files != 2*items {
		b.t.Errorf("%d files for %d items", v.Files, items)
	}
	for it, err := range book.Items() {
		if err != nil {
			b.t.Fatal(err)
		}
		if it.State != ledger.ItemCommitted {
			b.t.Errorf("item %s is %s: %s", it.ID, it.State, it.Error)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(b.out, ".easel-*")); len(left) > 0 {
		b.t.Errorf("left half-written: %v", left)
	}
}

// mostAttempts fails the test when an item was submitted more often.
func (b *bench) mostAttempts(most int) {
	b.t.Helper()
	book, err := ledger.ReadBatch(b.path())
	if err != nil {
		b.t.Fatal(err)
	}
	defer book.Close()
	for it, err := range book.Items() {
		if err != nil {
			b.t.Fatal(err)
		}
		if it.Attempt > most {
			b.t.Errorf("item %s was submitted %d times", it.ID, it.Attempt)
		}
	}
}

func TestRunsEachItemOnce(t *testing.T) {
	t.Parallel()
	h, b := newHost(t, emulator.Options{StepTime: time.Millisecond}), newBench(t, rows(40))
	var begun, ended int
	b.events = func(e Event) {
		switch e.Type {
		case EventBegun:
			begun++
		case EventItem:
			ended++
			if e.Outcome.Err != nil || e.Totals.Committed < ended {
				t.Errorf("%+v", e)
			}
		}
	}
	sum, err := b.run(t.Context(), "a="+h.url)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Total != 40 || sum.Committed != 40 || sum.Executed != 40 || sum.Open != 0 || sum.GPUBusy == nil || begun != 1 || ended != 40 {
		t.Errorf("%+v, %d begun, %d ended", sum, begun, ended)
	}
	b.audit(40)
	if n := len(h.executions()); n != 40 {
		t.Errorf("%d executions", n)
	}
	b.events = nil
	again, err := b.run(t.Context())
	if err != nil || again.Skipped != 40 || again.Executed != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	// A file that somebody removed is made again, and nothing else.
	if err := os.Remove(filepath.Join(b.out, "i0007.png")); err != nil {
		t.Fatal(err)
	}
	third, err := b.run(t.Context(), "a="+h.url)
	if err != nil || third.Executed != 1 || third.Committed != 40 {
		t.Errorf("%+v, %v", third, err)
	}
	b.audit(40)
}

// What an interrupted batch left on its backend is taken over and not made again.
func TestAdoptsWhatWasSubmitted(t *testing.T) {
	t.Parallel()
	h, b := newHost(t, emulator.Options{StepTime: 10 * time.Millisecond}), newBench(t, rows(12))
	for stops := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		b.events = func(e Event) {
			if e.Type == EventRun && e.Run.Type == run.EventStarted {
				if n++; n == 2 {
					cancel()
				}
			}
		}
		sum, err := b.run(ctx, "a="+h.url)
		cancel()
		if !errors.Is(err, context.Canceled) || sum.Stopped != StoppedInterrupted {
			t.Fatalf("stop %d: %+v, %v", stops, sum, err)
		}
	}
	b.events = nil
	sum, err := b.run(t.Context(), "a="+h.url)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Committed != 12 {
		t.Errorf("%+v", sum)
	}
	b.audit(12)
	for id, n := range h.executions() {
		if n != 1 {
			t.Errorf("%s was executed %d times", id, n)
		}
	}
	if n := len(h.executions()); n != 12 {
		t.Errorf("%d executions of 12 items", n)
	}
}

// A server that comes back without its memory makes again what it had not ended,
// and what was ended and not fetched.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	h, b := newHost(t, emulator.Options{StepTime: 5 * time.Millisecond}), newBench(t, rows(20))
	n := 0
	b.events = func(e Event) {
		if e.Type == EventRun && e.Run.Type == run.EventStarted {
			if n++; n == 5 || n == 11 {
				go h.restart()
			}
		}
	}
	sum, err := b.run(t.Context(), "a="+h.url)
	if err != nil || sum.Committed != 20 {
		t.Fatalf("%+v, %v", sum, err)
	}
	b.audit(20)
	if n := len(h.executions()); n > 20+2*defaultDepth {
		t.Errorf("%d executions for 20 items and 2 restarts", n)
	}
}

// An item that takes its server down each time is retired with the reason, and takes
// no other with it.
func TestPoisonIsRetired(t *testing.T) {
	t.Parallel()
	csv := strings.Replace(rows(10), "picture 4", "poison", 1)
	h, b := newHost(t, emulator.Options{StepTime: 5 * time.Millisecond}), newBench(t, csv)
	b.events = func(e Event) {
		if e.Type == EventRun && e.Run.Type == run.EventStarted && e.Item.ID == "i0004" {
			h.restart()
		}
	}
	sum, err := b.run(t.Context(), "a="+h.url)
	var failed *FailedError
	var retired *RetiredError
	if !errors.As(err, &failed) || !errors.As(failed.First, &retired) || retired.Item != "i0004" || retired.Kills != maxKills {
		t.Fatalf("%+v, %v", sum, err)
	}
	if sum.Committed != 9 || sum.Failed != 1 || sum.Retired != 1 {
		t.Errorf("%+v", sum)
	}
}

// P-N7: a backend that is dead, slow or flapping costs its own share.
func TestBadBackendAmongGood(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(h *host, stop chan struct{}){
		"dead": func(h *host, _ chan struct{}) { h.setDown(true) },
		"flapping": func(h *host, stop chan struct{}) {
			for down := true; ; down = !down {
				h.setDown(down)
				select {
				case <-stop:
					return
				case <-time.After(60 * time.Millisecond): // the flapping is the fault
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, other, bad := newHost(t, emulator.Options{StepTime: 5 * time.Millisecond}), newHost(t, emulator.Options{StepTime: 5 * time.Millisecond}), newHost(t, emulator.Options{StepTime: 5 * time.Millisecond})
			b := newBench(t, rows(60))
			stop := make(chan struct{})
			var spoiling sync.WaitGroup
			spoiling.Go(func() { spoil(bad, stop) })
			sum, err := b.run(t.Context(), "a="+good.url, "b="+bad.url, "c="+other.url)
			close(stop)
			spoiling.Wait()
			if err != nil || sum.Committed != 60 {
				t.Fatalf("%+v, %v", sum, err)
			}
			b.audit(60)
			b.mostAttempts(4)
		})
	}
}

// A backend that is paused gets nothing, and what it has is collected; the batch waits
// for it where there is no other.
func TestPausedBackendIsLeftAlone(t *testing.T) {
	t.Parallel()
	t.Run("beside another", func(t *testing.T) {
		t.Parallel()
		good, held := newHost(t, emulator.Options{StepTime: time.Millisecond}), newHost(t, emulator.Options{StepTime: time.Millisecond})
		b := newBench(t, rows(12))
		b.paused = map[string]func() bool{"held": func() bool { return true }}
		sum, err := b.run(t.Context(), "held="+held.url, "good="+good.url)
		if err != nil || sum.Committed != 12 || len(held.executions()) > 0 || len(good.executions()) != 12 {
			t.Errorf("%+v, %v: %d and %d", sum, err, len(held.executions()), len(good.executions()))
		}
	})
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, emulator.Options{StepTime: time.Millisecond})
		b := newBench(t, rows(6))
		var looks atomic.Int64
		b.paused = map[string]func() bool{"a": func() bool {
			paused := looks.Add(1) <= 3
			if paused && len(h.executions()) > 0 {
				t.Error("it was given a run")
			}
			return paused
		}}
		sum, err := b.run(t.Context(), "a="+h.url)
		if err != nil || sum.Committed != 6 || looks.Load() < 4 {
			t.Errorf("%+v, %v after %d looks", sum, err, looks.Load())
		}
	})
}

func mustFault(t testing.TB, spec string) emulator.Fault {
	t.Helper()
	f, err := emulator.ParseFault(spec)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
