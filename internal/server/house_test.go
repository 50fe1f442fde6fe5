package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/sources"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/internal/worker"
	"github.com/seed-7d77cb5c/easel/registry"
	"github.com/seed-7d77cb5c/easel/workflows"
)

// A house is a server with its worker on the embedded emulator.
type house struct {
	t   testing.TB
	db  *jobs.DB
	s   *Server
	url string
	out string
	dir string
	log *logBuffer
}

// logBuffer is what a server logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

type houseOptions struct {
	workers int // 0: nothing runs
	step    string
	limits  Limits
	origins []string
	hosts   []string
	inputs  string
	private bool // addresses of this network are taken
	listen  string
	pool    []string // backends besides the emulator, before it
	now     func() time.Time
	price   float64 // of the emulator, USD per hour; 0 = not known
}

func build(t testing.TB, o houseOptions) *house {
	t.Helper()
	dir := t.TempDir()
	own := sources.User(dir)
	live := &sources.Live{Folders: []string{filepath.Join(dir, "workflows")}, Load: func() (*registry.Registry, error) {
		return registry.Load(append([]registry.Layer{{Name: "built-in", FS: workflows.FS(), File: "registry.json"}}, own.Layers()...)...)
	}}
	catalog := &plan.Catalog{Registry: live.Registry, Dir: dir}
	files, err := new(stores.Opener).Open(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: dir, out: filepath.Join(dir, "out")}
	store, err := new(stores.Opener).Open(h.out)
	if err != nil {
		t.Fatal(err)
	}
	var open func(string) (io.ReadCloser, error)
	if o.inputs != "" {
		root, err := os.OpenRoot(o.inputs)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { root.Close() })
		open = func(name string) (io.ReadCloser, error) { return root.Open(name) }
	}
	options := jobs.Options{Workers: o.workers}
	var asked []Backend
	var work *worker.Worker
	if o.workers > 0 {
		step := o.step
		if step == "" {
			step = "1ms"
		}
		be, err := (&backends.Opener{Config: &config.Config{}}).Dial("emulator?step-time="+step, true, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { be.Close() })
		asked = append(asked, Backend{Name: be.Name, Server: be})
		var pool []worker.Place
		for _, spec := range o.pool {
			other, err := (&backends.Opener{Config: &config.Config{}}).Dial(spec, true, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { other.Close() })
			pool = append(pool, worker.Place{Name: spec, Address: spec, Backend: other})
		}
		work = worker.New(worker.Options{
			Catalog: catalog, Store: store, Out: h.out, Inputs: (&Inputs{Files: files, Dir: open}).Open, Contents: (&Inputs{Files: files}).Content, Version: "test",
			Places: append(pool, worker.Place{Name: be.Name, Backend: be, Price: func() float64 { return o.price }}), Slots: o.workers,
		})
		options.Work = work.Work
	}
	ctx := context.Background()
	h.db, err = jobs.Open(ctx, jobstest.Address(t, dir), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.db.Migrate(ctx), h.db.Start(ctx)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop, cancel := context.WithCancel(ctx)
		cancel()
		if err := h.db.Close(stop); err != nil {
			t.Error(err)
		}
	})
	if work != nil {
		reporting, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); work.Report(reporting, h.db) }()
		t.Cleanup(func() { stop(); <-done })
	}
	listen := o.listen
	if listen == "" {
		listen = "127.0.0.1:7860"
	}
	h.log = &logBuffer{}
	h.s = New(Options{
		Log: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		DB:  h.db, Catalog: catalog, Store: store, Files: files, Inputs: open, Private: o.private, Secret: bytes.Repeat([]byte("s"), 32),
		Listen: netip.MustParseAddrPort(listen), Limits: o.limits, Origins: o.origins, Hosts: o.hosts, Version: "test",
		Own: &own, Changed: live.Reload, Backends: asked, Now: o.now,
	})
	web := httptest.NewServer(h.s)
	t.Cleanup(func() { h.s.Close(); web.Close() })
	h.url = web.URL
	return h
}

// A reply is an answer with its body read.
type reply struct {
	*http.Response
	body []byte
}

func (r reply) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%s: %v", r.body, err)
	}
}

// ask sends a request; headers are names and values.
func (h *house) ask(method, path, body string, headers ...string) reply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req) // redirects are answers
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{res, data}
}

func (h *house) want(status int, r reply) reply {
	h.t.Helper()
	if r.StatusCode != status {
		h.t.Fatalf("%s %s answers %d: %s", r.Request.Method, r.Request.URL.Path, r.StatusCode, r.body)
	}
	return r
}

// giveUp ends the tries of the next webhook message.
func (h *house) giveUp() jobs.Delivery {
	h.t.Helper()
	d, err := h.db.TakeDelivery(h.t.Context(), time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	d.State = jobs.DeliveryFailed
	if err := h.db.EndDelivery(h.t.Context(), d); err != nil {
		h.t.Fatal(err)
	}
	return d
}

// upload sends a picture as a form.
func (h *house) upload(name string) string {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		err = png.Encode(part, image.NewGray(image.Rect(0, 0, 64, 48)))
	}
	if err := errors.Join(err, form.Close()); err != nil {
		h.t.Fatal(err)
	}
	r := h.want(http.StatusCreated, h.ask("POST", "/api/v1/files", body.String(), "Content-Type", form.FormDataContentType()))
	var f fileView
	r.into(h.t, &f)
	if f.MediaType != "image/png" || f.Width == nil || *f.Width != 64 || f.Name != name {
		h.t.Errorf("the file is %+v", f)
	}
	return f.ID
}

// kept is all that the database holds: its rows, and the files of one that has some.
func (h *house) kept() string {
	h.t.Helper()
	var all bytes.Buffer
	if _, err := h.db.Export(h.t.Context(), &all); err != nil {
		h.t.Fatal(err)
	}
	if jobstest.OnPostgres() {
		return all.String()
	}
	for _, name := range []string{"easel.db", "easel.db-wal"} {
		data, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil {
			h.t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}
