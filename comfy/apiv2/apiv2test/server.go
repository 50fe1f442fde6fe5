// Package apiv2test is a Comfy API v2 in a test, by its specification, in front of
// the emulator. What it would answer otherwise can be written into a script.
package apiv2test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/comfy/internal/script"
)

// Options are how a Server behaves.
type Options struct {
	Key      string // the key that it wants; "" = none
	Emulator emulator.Options
	Expire   int  // looks at a job that call it expired, first
	NoEvents bool // no stream of events (501)
	Storage  bool // content lies at another address, which wants a signature and no key
}

// An Answer is what a script says instead.
type Answer = script.Answer

// A Server is the service.
type Server struct {
	script.Answers // for the kinds "submit", "job", "events", "cancel", "upload", "asset", "content"

	URL      string
	opts     Options
	emulator *emulator.Server
	comfy    *comfy.Client
	storage  *httptest.Server

	mu     sync.Mutex
	jobs   map[string]*job
	assets map[string]asset
	keys   map[string]bool
	counts map[string]int
}

type job struct {
	created time.Time
	looks   int
}

type asset struct {
	name string
	file comfy.Output // of ComfyUI
	data []byte       // of an upload
}

// New serves until the test ends.
func New(tb testing.TB, opts Options) *Server {
	tb.Helper()
	s := &Server{
		opts: opts, emulator: emulator.New(opts.Emulator), jobs: map[string]*job{}, assets: map[string]asset{}, keys: map[string]bool{},
		counts: map[string]int{},
	}
	client, err := comfy.NewClient("http://emulator", comfy.WithHTTPClient(s.emulator.Client()))
	if err != nil {
		tb.Fatal(err)
	}
	s.comfy = client
	web := httptest.NewServer(s)
	s.storage = httptest.NewServer(http.HandlerFunc(s.serveStorage))
	s.URL = web.URL
	tb.Cleanup(func() {
		for _, h := range []*httptest.Server{web, s.storage} {
			h.CloseClientConnections()
			h.Close()
		}
		_ = client.Close()
		s.emulator.Close()
	})
	return s
}

// Count is how many requests of a kind came.
func (s *Server) Count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[kind]
}

// Jobs counts those that were accepted.
func (s *Server) Jobs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs)
}

// route names a request.
func route(r *http.Request) (kind, id string) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v2/"), "/")
	switch {
	case len(parts) == 1 && parts[0] == "jobs" && r.Method == http.MethodPost:
		return "submit", ""
	case len(parts) == 1 && parts[0] == "assets" && r.Method == http.MethodPost:
		return "upload", ""
	case len(parts) == 2 && parts[0] == "jobs":
		return "job", parts[1]
	case len(parts) == 2 && parts[0] == "assets":
		return "asset", parts[1]
	case len(parts) == 3:
		return parts[2], parts[1] // events, cancel, content
	}
	return "other", ""
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, id := route(r)
	s.mu.Lock()
	s.counts[kind]++
	s.mu.Unlock()
	s.Serve(w, kind, func(w http.ResponseWriter) { s.answer(w, r, kind, id) })
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, kind, id string) {
	if s.opts.Key != "" && r.Header.Get("Authorization") != "Bearer "+s.opts.Key {
		refuse(w, http.StatusUnauthorized, "unauthorized", "missing or invalid credentials", nil)
		return
	}
	switch kind {
	case "submit":
		s.submit(w, r)
	case "upload":
		s.upload(w, r)
	case "job":
		s.job(w, r, id)
	case "cancel":
		s.cancel(w, r, id)
	case "events":
		s.events(w, r, id)
	case "asset", "content":
		s.asset(w, r, kind, id)
	default:
		refuse(w, http.StatusNotFound, "not_found", "no such path", nil)
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code, message string, details any) {
	reply(w, status, map[string]any{"error": map[string]any{"code": code, "message": message, "details": details}})
}

func (s *Server) submit(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Workflow json.RawMessage `json:"workflow"`
	}
	if json.NewDecoder(r.Body).Decode(&m) != nil || len(m.Workflow) == 0 {
		refuse(w, http.StatusUnprocessableEntity, "invalid_workflow", "Missing 'workflow'", nil)
		return
	}
	graph, err := comfy.ParseGraph(m.Workflow)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "invalid_workflow", err.Error(), nil)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	s.mu.Lock()
	taken := key != "" && s.keys[key]
	s.keys[key] = true
	s.mu.Unlock()
	if taken {
		refuse(w, http.StatusUnprocessableEntity, "idempotency_key_reuse", "This Idempotency-Key has already been used.", nil)
		return
	}
	release := func() {
		s.mu.Lock()
		delete(s.keys, key)
		s.mu.Unlock()
	}
	files, missing := s.resolve(graph)
	if missing != "" {
		release()
		refuse(w, http.StatusUnprocessableEntity, "missing_asset", "Unresolvable core/ASSET reference: "+missing, nil)
		return
	}
	h, err := s.comfy.Submit(context.WithoutCancel(r.Context()), comfy.Submission{ID: comfy.NewID(), Graph: graph, Files: files})
	if err != nil {
		release()
		s.refuseGraph(w, err)
		return
	}
	s.mu.Lock()
	s.jobs[string(h)] = &job{created: time.Now(), looks: s.opts.Expire}
	s.mu.Unlock()
	reply(w, http.StatusCreated, s.document(string(h), comfy.State{Phase: comfy.PhaseQueued, Position: 0}))
}

// resolve turns references to assets into files that go along.
func (s *Server) resolve(g *comfy.Graph) (files []comfy.File, missing string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range g.IDs() {
		inputs := &g.Node(id).Inputs
		for _, name := range inputs.Names() {
			raw, _ := inputs.Get(name)
			var ref struct {
				Type string `json:"__type"`
				Info struct {
					ID string `json:"id"`
				} `json:"info"`
			}
			if json.Unmarshal(raw, &ref) != nil || ref.Type != "core/ASSET" {
				continue
			}
			a, ok := s.assets[ref.Info.ID]
			if !ok {
				return nil, ref.Info.ID
			}
			inputs.SetString(name, a.name)
			files = append(files, comfy.File{
				Name: a.name, SHA256: ref.Info.ID, Size: int64(len(a.data)), Targets: []comfy.Target{{Node: id, Input: name}},
				Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(a.data))), nil },
			})
		}
	}
	return files, ""
}

// refuseGraph tells ComfyUI's refusal as the specification does: by field and
// reason.
func (s *Server) refuseGraph(w http.ResponseWriter, err error) {
	var v *comfy.ValidationError
	if !errors.As(err, &v) {
		refuse(w, http.StatusInternalServerError, "upstream_error", "the server behind it failed", nil)
		return
	}
	nodes := map[string][]map[string]string{}
	for _, p := range v.Nodes {
		nodes[p.Node] = append(nodes[p.Node], map[string]string{"field": p.Input, "reason": p.Type, "message": p.Message})
	}
	refuse(w, http.StatusUnprocessableEntity, "invalid_workflow", v.Message, map[string]any{"node_errors": nodes})
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	f, head, err := r.FormFile("file")
	if err != nil || r.FormValue("content_type") == "" || r.FormValue("file_path") == "" {
		refuse(w, http.StatusUnprocessableEntity, "invalid_request", "file, content_type and file_path are required", nil)
		return
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "upstream_error", "reading failed", nil)
		return
	}
	id := comfy.NewID()
	s.mu.Lock()
	s.assets[id] = asset{name: r.FormValue("file_path"), data: data}
	s.mu.Unlock()
	reply(w, http.StatusCreated, map[string]any{"id": id, "hash": nil, "size_bytes": head.Size, "content_type": r.FormValue("content_type"), "created_at": stamp(time.Now()), "url": "/api/v2/assets/" + id + "/content", "url_expires_at": stamp(time.Now().Add(time.Hour))})
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Lose drops every asset that was uploaded.
func (s *Server) Lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.assets)
}

func (s *Server) job(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	j := s.jobs[id]
	expired := j != nil && j.looks > 0
	if expired {
		j.looks--
	}
	s.mu.Unlock()
	if j == nil {
		refuse(w, http.StatusNotFound, "not_found", "No job "+id, nil)
		return
	}
	st, err := s.comfy.State(r.Context(), comfy.Handle(id))
	if err != nil {
		refuse(w, http.StatusInternalServerError, "upstream_error", "the server behind it failed", nil)
		return
	}
	if expired {
		st = comfy.State{Phase: comfy.PhaseUnknown}
	}
	reply(w, http.StatusOK, s.document(id, st))
}

func (s *Server) cancel(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	j := s.jobs[id]
	s.mu.Unlock()
	if j == nil {
		refuse(w, http.StatusNotFound, "not_found", "No job "+id, nil)
		return
	}
	ctx := context.WithoutCancel(r.Context())
	if err := s.comfy.Cancel(ctx, comfy.Handle(id)); err != nil {
		refuse(w, http.StatusInternalServerError, "upstream_error", "the server behind it failed", nil)
		return
	}
	st, err := s.comfy.State(ctx, comfy.Handle(id))
	if err == nil && st.Phase == comfy.PhaseUnknown {
		st = comfy.State{Phase: comfy.PhaseCancelled}
		s.mu.Lock()
		j.looks = -1 // deleted from the queue: ComfyUI has forgotten it
		s.mu.Unlock()
	}
	reply(w, http.StatusOK, s.document(id, st))
}

// document is a job as the specification has it.
func (s *Server) document(id string, st comfy.State) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[id]
	created, deleted := time.Now(), false
	if j != nil {
		created, deleted = j.created, j.looks < 0
	}
	status := map[comfy.Phase]string{
		comfy.PhaseQueued: "queued", comfy.PhaseRunning: "running", comfy.PhaseDone: "succeeded", comfy.PhaseFailed: "failed",
		comfy.PhaseCancelled: "canceled", comfy.PhaseUnknown: "expired",
	}[st.Phase]
	if deleted {
		status = "canceled"
	}
	doc := map[string]any{
		"id": id, "status": status, "created_at": stamp(created), "started_at": nil, "completed_at": nil, "expires_at": stamp(created.Add(24 * time.Hour)),
		"queue_position": nil, "progress": nil, "outputs": []any{}, "error": nil,
		"urls": map[string]string{"self": "/api/v2/jobs/" + id, "events": "/api/v2/jobs/" + id + "/events", "cancel": "/api/v2/jobs/" + id + "/cancel"},
	}
	if st.Phase == comfy.PhaseQueued {
		doc["queue_position"] = st.Position + 1
	}
	if st.Phase == comfy.PhaseRunning {
		doc["progress"] = map[string]any{"value": 0, "nodes_done": 0, "nodes_total": 0}
	}
	if st.Phase.Over() {
		doc["started_at"], doc["completed_at"] = stamp(st.Started), stamp(st.Finished)
	}
	var node *comfy.NodeError
	if errors.As(st.Err, &node) {
		doc["error"] = map[string]any{"code": "node_execution_error", "message": node.Detail, "node_id": node.Node, "class_type": node.Class, "traceback": nil}
	}
	outs := []any{}
	for i, o := range st.Outputs {
		aid := fmt.Sprintf("%s-%d", id, i)
		s.assets[aid] = asset{name: o.Filename, file: o}
		outs = append(outs, map[string]any{
			"node_id": o.Node, "name": o.Filename, "type": o.Kind, "content_type": "application/octet-stream", "size_bytes": 0, "id": aid, "hash": nil,
			"url": s.link(aid), "url_expires_at": stamp(time.Now().Add(time.Hour)), "job_id": id,
		})
	}
	doc["outputs"] = outs
	return doc
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request, kind, id string) {
	s.mu.Lock()
	a, ok := s.assets[id]
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "not_found", "Unknown asset id.", nil)
		return
	}
	if kind == "content" {
		s.serveContent(w, r, a)
		return
	}
	reply(w, http.StatusOK, map[string]any{
		"id": id, "hash": nil, "size_bytes": 0, "content_type": "image/png", "created_at": stamp(time.Now()), "url": s.link(id), "url_expires_at": stamp(time.Now().Add(time.Hour)),
	})
}

// link is where the content of an asset lies.
func (s *Server) link(id string) string {
	if s.opts.Storage {
		return s.storage.URL + "/" + id + "?sig=a%2Bb%2F"
	}
	return "/api/v2/assets/" + id + "/content"
}

func (s *Server) serveContent(w http.ResponseWriter, r *http.Request, a asset) {
	if a.data != nil {
		_, _ = w.Write(a.data)
		return
	}
	body, _, err := s.comfy.Open(r.Context(), a.file)
	if err != nil {
		refuse(w, http.StatusNotFound, "output_unavailable", "its bytes are gone", nil)
		return
	}
	defer body.Close()
	_, _ = io.Copy(w, body)
}

// serveStorage gives content to who has its signature, and none to who shows a key.
func (s *Server) serveStorage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, ok := s.assets[strings.TrimPrefix(r.URL.Path, "/")]
	s.mu.Unlock()
	if !ok || r.Header.Get("Authorization") != "" || r.URL.RawQuery != "sig=a%2Bb%2F" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	s.serveContent(w, r, a)
}

// events is the stream of a job.
func (s *Server) events(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	j := s.jobs[id]
	s.mu.Unlock()
	switch {
	case s.opts.NoEvents:
		refuse(w, http.StatusNotImplemented, "not_implemented", "no stream here", nil)
		return
	case j == nil:
		refuse(w, http.StatusNotFound, "not_found", "No job "+id, nil)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	flusher, _ := w.(http.Flusher)
	send := func(name string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			return
		}
		fmt.Fprintf(w, ": a comment\nevent: %s\ndata: %s\n\n", name, data)
		if flusher != nil {
			flusher.Flush()
		}
	}
	send("status", map[string]any{"status": "queued", "queue_position": 1})
	for e, err := range s.comfy.Follow(r.Context(), comfy.Handle(id)) {
		if err != nil {
			return
		}
		switch e.Type {
		case comfy.EventStarted:
			send("status", map[string]any{"status": "running", "queue_position": nil})
		case comfy.EventProgress:
			send("progress", map[string]any{"value": 0.5, "nodes_done": 1, "nodes_total": 2, "current_node": e.Node, "step": e.Value, "steps": e.Max})
		case comfy.EventPreview:
			send("preview", map[string]any{"node_id": e.Node, "content_type": e.MediaType, "data_base64": base64.StdEncoding.EncodeToString(e.Image)})
		case comfy.EventDone:
			send("status", map[string]any{"status": "succeeded", "queue_position": nil})
		}
	}
}
