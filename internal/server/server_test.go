package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
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
	inputs  string
	listen  string
	pool    []string // backends besides the emulator, before it
	now     func() time.Time
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
			Places: append(pool, worker.Place{Name: be.Name, Backend: be}), Slots: o.workers,
		})
		options.Work = work.Work
	}
	ctx := context.Background()
	h.db, err = jobs.Open(ctx, "sqlite:"+filepath.Join(dir, "easel.db"), options)
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
		DB:  h.db, Catalog: catalog, Store: store, Files: files, Inputs: open, Secret: bytes.Repeat([]byte("s"), 32),
		Listen: netip.MustParseAddrPort(listen), Limits: o.limits, Origins: o.origins, Version: "test",
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
	res, err := http.DefaultClient.Do(req)
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

func TestTheOwnersCalls(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 2})
	var entry struct {
		ID      string                     `json:"id"`
		Params  json.RawMessage            `json:"configurable_params"`
		Example map[string]json.RawMessage `json:"example_payload"`
	}
	h.want(200, h.ask("GET", "/api/v1/workflows/qwen_single", "")).into(t, &entry)
	if entry.ID != "qwen_single" || !strings.HasPrefix(string(entry.Params), `{"steps":{"type":"int","min":1,"max":50,"default":20`) {
		t.Errorf("the entry is %+v", entry)
	}
	h.upload("input.jpg")
	entry.Example["workflow_id"] = json.RawMessage(`"qwen_single"`)
	body, err := json.Marshal(entry.Example)
	if err != nil {
		t.Fatal(err)
	}
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", string(body))).into(t, &job)
	if job.State != jobs.Queued && job.State != jobs.Running {
		t.Errorf("the accepted job is %s", job.State)
	}
	h.want(200, h.ask("GET", "/api/v1/status/"+job.ID+"?wait=60", "")).into(t, &job)
	if job.State != jobs.Succeeded || len(job.Outputs) != 1 || job.Seed == nil || *job.Character != "milan" || job.Finished == nil {
		t.Fatalf("the job is %+v", job)
	}
	out := h.want(200, h.ask("GET", job.Outputs[0].URL, ""))
	if _, err := png.Decode(bytes.NewReader(out.body)); err != nil {
		t.Errorf("the content: %v", err)
	}
	if got := out.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox") {
		t.Errorf("the content is served with the policy %q", got)
	}
	small := h.want(200, h.ask("GET", *job.Outputs[0].Thumbnail, ""))
	if c, kind, err := image.DecodeConfig(bytes.NewReader(small.body)); err != nil || kind != "jpeg" || c.Width > 256 {
		t.Errorf("the thumbnail is %s %+v, %v", kind, c, err)
	}
	part := h.want(206, h.ask("GET", job.Outputs[0].URL, "", "Range", "bytes=1-3"))
	if string(part.body) != "PNG" {
		t.Errorf("a range is %q", part.body)
	}
	if r := h.ask("DELETE", "/api/v1/jobs/"+job.ID, ""); r.StatusCode != http.StatusNoContent {
		t.Errorf("deleting the job: %d", r.StatusCode)
	}
	if left, err := os.ReadDir(h.out); err != nil || len(left) != 0 {
		t.Errorf("deleting the job left %v, %v", left, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	for name, c := range map[string]struct {
		path, body string
		status     int
		detail     string
		fields     []fieldError
	}{
		"unknown workflow": {"generate", `{"workflow_id":"flux_sngle"}`, 404, "Workflow not found", []fieldError{{Field: "workflow_id", Message: `unknown workflow "flux_sngle"`, Nearest: []string{"flux_single"}}}},
		"no workflow":      {"generate", `{"prompt":"x"}`, 400, "workflow_id is required", []fieldError{{Field: "workflow_id", Message: "workflow_id is required"}}},
		"below minimum":    {"generate", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":0}}`, 400, "Parameter 'steps' below minimum 1", []fieldError{{Field: "steps", Message: "Parameter 'steps' below minimum 1", Allowed: "1 to 100"}}},
		"unknown character": {
			"generate", `{"workflow_id":"flux_single","prompt":"x","character_id":"milam"}`, 400, "Character not found",
			[]fieldError{{Field: "character_id", Message: `unknown character "milam"`, Nearest: []string{"milan"}}},
		},
		"no such file": {
			"generate", `{"workflow_id":"qwen_single","prompt":"x","input_image":"../../etc/passwd"}`, 400, `there is no file "../../etc/passwd"`,
			[]fieldError{{Field: "input_image", Message: `there is no file "../../etc/passwd"`}},
		},
		"no batch workflow": {"generate/batch", `{"workflow_id":"flux_single","prompt":"x","input_images":["a","b"]}`, 400, "", nil},
		"an item": {
			"generate/batch", `{"workflow_id":"flux_single","items":[{"prompt":"a"},{"prompt":"b","params":{"steps":"many"}}]}`, 400, "Parameter 'steps' must be int",
			[]fieldError{{Field: "items[1].steps", Message: "Parameter 'steps' must be int", Allowed: "1 to 100"}},
		},
		"two runs in one": {"generate/single", `{"workflow_id":"flux_single","prompt":"x","count":2}`, 400, "one run is made here", []fieldError{{Field: "count", Message: "one run is made here"}}},
		"cut off":         {"generate", `{"workflow_id":`, 400, "", nil},
		"no object":       {"generate", `[1]`, 400, "", nil},
		"deep":            {"generate", strings.Repeat("[", 100_000), 400, "", nil},
		"a user in a URL": {"generate", `{"workflow_id":"qwen_single","prompt":"x","input_image":"https://me:pw@example.org/x.png"}`, 400, "the address cannot be used", []fieldError{{Field: "input_image", Message: "the address cannot be used"}}},
		"a file address":  {"generate", `{"workflow_id":"flux_single","prompt":"x","webhook":"file:///etc/passwd"}`, 400, "webhook is an https address", []fieldError{{Field: "webhook", Message: "webhook is an https address"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.ask("POST", "/api/v1/"+c.path, c.body)
			var e statusError
			r.into(t, &e)
			if r.StatusCode != c.status || e.Status != c.status || r.Header.Get("Content-Type") != "application/problem+json" || e.Code == "" {
				t.Errorf("%d %s", r.StatusCode, r.body)
			}
			if c.detail != "" && e.Detail != c.detail {
				t.Errorf("the detail is %q", e.Detail)
			}
			if c.fields != nil {
				if diff := cmp.Diff(c.fields, e.Errors); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	if counts, err := h.db.Counts(t.Context()); err != nil || counts[jobs.Queued] != 0 {
		t.Errorf("a refused request left %v, %v", counts, err)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 2})
	var b batchView
	h.want(202, h.ask("POST", "/api/v1/generate/batch", `{"workflow_id":"flux_single","params":{"steps":2},"items":[{"prompt":"a"},{"prompt":"b","count":2}]}`)).into(t, &b)
	if b.Total != 3 || len(b.Jobs) != 3 {
		t.Fatalf("the batch is %+v", b)
	}
	for _, id := range b.Jobs {
		h.want(200, h.ask("GET", "/api/v1/jobs/"+id+"?wait=60", ""))
	}
	b.States = nil
	h.want(200, h.ask("GET", "/api/v1/batches/"+b.ID, "")).into(t, &b)
	if diff := cmp.Diff(map[jobs.State]int64{jobs.Succeeded: 3}, b.States); diff != "" {
		t.Error(diff)
	}
	var list struct {
		Jobs       []jobView `json:"jobs"`
		NextCursor *string   `json:"next_cursor"`
	}
	h.want(200, h.ask("GET", "/api/v1/jobs?batch="+b.ID+"&limit=2&status=succeeded", "")).into(t, &list)
	if len(list.Jobs) != 2 || list.NextCursor == nil || list.Jobs[0].ID != b.Jobs[2] {
		t.Fatalf("the first page is %+v", list)
	}
	h.want(200, h.ask("GET", "/api/v1/jobs?batch="+b.ID+"&limit=2&cursor="+*list.NextCursor, "")).into(t, &list)
	if len(list.Jobs) != 1 || list.NextCursor != nil || list.Jobs[0].ID != b.Jobs[0] {
		t.Fatalf("the last page is %+v", list)
	}
}

// P-N7: jobs run on all backends of a pool; one that is dead, wants a login or refuses
// the graph costs no job and is no other's matter.
func TestPoolOfBackends(t *testing.T) {
	t.Parallel()
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) }))
	t.Cleanup(login.Close)
	strict := emulator.New(emulator.Options{StrictModels: true})
	other := httptest.NewServer(strict)
	t.Cleanup(func() { other.CloseClientConnections(); other.Close(); strict.Close() })
	h := build(t, houseOptions{workers: 3, pool: []string{"http://127.0.0.1:1", login.URL, other.URL}})
	var b batchView
	h.want(202, h.ask("POST", "/api/v1/generate/batch", `{"workflow_id":"flux_single","params":{"steps":2},"items":[{"prompt":"a","count":6}]}`)).into(t, &b)
	if b.Total != 6 {
		t.Fatalf("the batch is %+v", b)
	}
	for _, id := range b.Jobs {
		h.want(200, h.ask("GET", "/api/v1/jobs/"+id+"?wait=60", ""))
	}
	b.States = nil
	h.want(200, h.ask("GET", "/api/v1/batches/"+b.ID, "")).into(t, &b)
	if diff := cmp.Diff(map[jobs.State]int64{jobs.Succeeded: 6}, b.States); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameRequestTwice(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{})
	body := `{"workflow_id":"flux_single","prompt":"x"}`
	var ids sync.Map
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			r := h.ask("POST", "/api/v1/generate", body, "Idempotency-Key", "one")
			var job jobView
			if r.StatusCode != http.StatusAccepted || json.Unmarshal(r.body, &job) != nil {
				t.Errorf("%d %s", r.StatusCode, r.body)
			}
			ids.Store(job.ID, true)
		})
	}
	calls.Wait()
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d jobs were made", n)
	}
	h.want(422, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"y"}`, "Idempotency-Key", "one"))
}

func TestPA5WhoMay(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{origins: []string{"http://localhost:5173"}})
	_, secret, err := h.db.AddKey(t.Context(), "laptop", []jobs.Scope{jobs.ScopeGenerate})
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := h.db.AddKey(t.Context(), "phone", []jobs.Scope{jobs.ScopeGenerate})
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(h.url, "http://")
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"a script of this machine":   {nil, 200},
		"another name":               {[]string{"Host", "evil.test"}, 421},
		"a page without a key":       {[]string{"Origin", "http://" + host, "Sec-Fetch-Site", "same-origin"}, 401},
		"a page of another site":     {[]string{"Origin", "http://evil.test"}, 401},
		"a page of nowhere":          {[]string{"Origin", "null"}, 401},
		"a key":                      {[]string{"Authorization", "Bearer " + secret}, 200},
		"a wrong key":                {[]string{"Authorization", "Bearer " + secret + "x"}, 401},
		"an admitted page":           {[]string{"Origin", "http://localhost:5173", "Authorization", "Bearer " + secret}, 200},
		"an admitted page without":   {[]string{"Origin", "http://localhost:5173"}, 401},
		"a cookie that was made up":  {[]string{"Cookie", cookieName + "=zzzzzz.abc", "Sec-Fetch-Site", "same-origin"}, 401},
		"a cookie from another site": {[]string{"Cookie", cookieName + "=" + h.s.sign("cookie", time.Now().Add(time.Hour)), "Sec-Fetch-Site", "cross-site"}, 403},
		"a cookie":                   {[]string{"Cookie", cookieName + "=" + h.s.sign("cookie", time.Now().Add(time.Hour)), "Sec-Fetch-Site", "same-origin"}, 200},
		"an old cookie":              {[]string{"Cookie", cookieName + "=" + h.s.sign("cookie", time.Now().Add(-time.Hour)), "Sec-Fetch-Site", "same-origin"}, 401},
		"a login link as a cookie":   {[]string{"Cookie", cookieName + "=" + h.s.sign("login", time.Now().Add(time.Hour)), "Sec-Fetch-Site", "same-origin"}, 401},
	} {
		if r := h.ask("GET", "/api/v1/jobs", "", c.headers...); r.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
	}
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"}`, "Authorization", "Bearer "+secret)).into(t, &job)
	for _, path := range []string{"", "/events", "/deliveries"} {
		h.want(404, h.ask("GET", "/api/v1/jobs/"+job.ID+path, "", "Authorization", "Bearer "+other))
	}
	h.want(404, h.ask("POST", "/api/v1/jobs/"+job.ID+"/cancel", "", "Authorization", "Bearer "+other))
	if keys, err := h.db.Keys(t.Context()); err != nil || keys[0].LastUsed.IsZero() {
		t.Errorf("the keys are %+v, %v: none seems used", keys, err)
	}
	h.want(403, h.ask("POST", "/api/v1/queue/pause", "", "Authorization", "Bearer "+secret))
	if r := h.ask("GET", "/api/v1/jobs", "", "Authorization", "Bearer "+other); !strings.Contains(string(r.body), `"jobs":[]`) {
		t.Errorf("another key sees %s", r.body)
	}
	events := h.url + job.Links.Events
	if r := h.ask("GET", strings.TrimPrefix(strings.Replace(events, job.ID, strings.Repeat("0", 26), 1), h.url), ""); r.StatusCode != http.StatusForbidden {
		t.Errorf("a signature is taken for another path: %d", r.StatusCode)
	}
}

func TestWatchingAJob(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, step: "20ms"})
	var job jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":4}}`)).into(t, &job)
	res, err := http.Get(h.url + job.Links.Events)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var events []string
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() { // the stream ends with the job
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			events = append(events, name)
		}
	}
	if len(events) == 0 || events[0] != "snapshot" || events[len(events)-1] != "state" || !slices.Contains(events, "progress") || !slices.Contains(events, "preview") {
		t.Errorf("the events are %v", events)
	}
	h.want(200, h.ask("GET", "/api/v1/jobs/"+job.ID, "")).into(t, &job)
	if job.State != jobs.Succeeded {
		t.Errorf("the stream ended with the job %s", job.State)
	}
}

func TestCancelRetryPause(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{workers: 1, step: "50ms"})
	var first, second jobView
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","params":{"steps":100}}`)).into(t, &first)
	h.want(200, h.ask("POST", "/api/v1/queue/pause", ""))
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"y","params":{"steps":1}}`)).into(t, &second)
	h.want(200, h.ask("POST", "/api/v1/jobs/"+first.ID+"/cancel", ""))
	h.want(200, h.ask("GET", "/api/v1/jobs/"+first.ID+"?wait=30", "")).into(t, &first)
	if first.State != jobs.Cancelled {
		t.Fatalf("the cancelled job is %s: %s", first.State, first.Error)
	}
	h.want(409, h.ask("POST", "/api/v1/jobs/"+first.ID+"/cancel", ""))
	h.want(409, h.ask("DELETE", "/api/v1/jobs/"+second.ID, ""))
	h.want(200, h.ask("GET", "/api/v1/jobs/"+second.ID, "")).into(t, &second)
	if second.State != jobs.Queued {
		t.Errorf("a paused queue let a job be %s", second.State)
	}
	h.want(200, h.ask("POST", "/api/v1/queue/resume", ""))
	h.want(200, h.ask("GET", "/api/v1/jobs/"+second.ID+"?wait=30", "")).into(t, &second)
	if second.State != jobs.Succeeded {
		t.Errorf("after the pause the job is %s: %s", second.State, second.Error)
	}
}

func TestPA8InputsOfTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"in/ok.png", "secret.png"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, picture.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret.png", filepath.Join(dir, "in", "link.png")); err != nil {
		t.Skip(err)
	}
	h := build(t, houseOptions{workers: 1, inputs: filepath.Join(dir, "in")})
	for name, status := range map[string]int{"ok.png": 200, "link.png": 400, "../secret.png": 400, "/etc/passwd": 400, "http://127.0.0.1:1/x.png": 200} {
		r := h.ask("POST", "/api/v1/generate?wait=60", fmt.Sprintf(`{"workflow_id":"image_upscale","input_image":%q}`, name))
		if r.StatusCode != status {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.body)
		}
		var job jobView
		if status == 200 {
			r.into(t, &job)
		}
		if ok := name == "ok.png"; status == 200 && (job.State == jobs.Succeeded) != ok {
			t.Errorf("%s: the job is %s: %s", name, job.State, job.Error)
		}
	}
}

func TestPA7AddressesOfThisNetwork(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"127.0.0.1:80", "[::1]:80", "0.0.0.0:80", "10.1.2.3:80", "172.16.0.1:80", "192.168.1.1:80", "169.254.169.254:80", "100.64.1.1:80",
		"[::ffff:127.0.0.1]:80", "[fe80::1]:80", "[fc00::1]:80", "[64:ff9b::7f00:1]:80", "[2002:7f00:1::]:80", "224.0.0.1:80", "255.255.255.255:80", "192.0.2.1:80", "nonsense",
	} {
		if checkReach(a) == nil {
			t.Errorf("%s would be asked", a)
		}
	}
	for _, a := range []string{"93.184.216.34:443", "[2606:2800:220:1:248:1893:25c8:1946]:443"} {
		if err := checkReach(a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

func TestLargeAndWaiting(t *testing.T) {
	t.Parallel()
	h := build(t, houseOptions{limits: Limits{Upload: 1000, Body: 2000, Waiting: 2, Batch: 5}})
	h.want(413, h.ask("POST", "/api/v1/files?name=x", strings.Repeat("x", 5000), "Content-Type", "application/octet-stream"))
	h.want(400, h.ask("POST", "/api/v1/files?name=x", "", "Content-Type", "application/octet-stream"))
	h.want(413, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"`+strings.Repeat("x", 5000)+`"}`))
	h.want(400, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","count":6}`))
	h.want(202, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x","count":2}`))
	r := h.want(429, h.ask("POST", "/api/v1/generate", `{"workflow_id":"flux_single","prompt":"x"}`))
	if r.Header.Get("Retry-After") == "" {
		t.Error("a full queue does not say when to come back")
	}
}
