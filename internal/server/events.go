package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func (s *Server) eventRoutes() {
	stream := map[string]*huma.Response{"200": {Description: "Server-sent events: snapshot first, then state, progress, preview, output, queue", Content: map[string]*huma.MediaType{
		"text/event-stream": {Schema: &huma.Schema{Type: "string"}},
	}}}
	one := operation(http.MethodGet, "/jobs/{id}/events", "watch-job", "Watch a job until it ends", "events")
	one.Parameters, one.Responses = []*huma.Param{idParam()}, stream
	s.raw(one, s.watchJob)
	all := operation(http.MethodGet, "/events", "watch", "Watch all jobs of a key", "events")
	all.Responses = stream
	s.raw(all, s.watchAll)
}

const (
	heartbeat  = 15 * time.Second // a comment, so that nothing between takes the silence for the end
	writeLimit = 10 * time.Second // for a client to take an event
	retryAfter = time.Second      // for a client to come back
)

// A sender writes server-sent events.
type sender struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newSender(w http.ResponseWriter) *sender {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // of nginx
	w.WriteHeader(http.StatusOK)
	return &sender{w, http.NewResponseController(w)}
}

// send writes one event. An id of 0 is none: it cannot be resumed from.
func (s *sender) send(id int64, event string, data []byte) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeLimit)) // a connection without deadlines waits
	var err error
	if id > 0 {
		_, err = fmt.Fprintf(s.w, "id: %d\n", id)
	}
	if err == nil {
		_, err = fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", event, data)
	}
	if err != nil {
		return err
	}
	return s.control.Flush()
}

func (s *sender) comment(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(writeLimit))
	if _, err := fmt.Fprintf(s.w, ": %s\n\n", text); err != nil {
		return err
	}
	return s.control.Flush()
}

func (s *Server) watchJob(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	watch := s.o.DB.Watch(func(e jobs.Event) bool { return e.Job == id })
	defer watch.Close()
	j, err := s.own(ctx, id)
	if err != nil {
		return err
	}
	v, err := s.jobView(ctx, j)
	if err != nil {
		return err
	}
	out := newSender(w)
	if err := out.snapshot(v); err != nil || j.State.Ended() {
		return nil
	}
	s.stream(out, r, watch, func(e jobs.Event) bool {
		return e.Type == jobs.EventState && stateOf(e).Ended()
	})
	return nil
}

// snapshot tells first what is, so that a client that comes back misses nothing.
func (s *sender) snapshot(v any) error {
	if _, err := fmt.Fprintf(s.w, "retry: %d\n", retryAfter.Milliseconds()); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.send(0, "snapshot", data)
}

func stateOf(e jobs.Event) jobs.State {
	var data struct {
		State jobs.State `json:"state"`
	}
	_ = json.Unmarshal(e.Data, &data) // it is ours
	return data.State
}

type queueSnapshot struct {
	Jobs   []jobView            `json:"jobs" doc:"those that have not ended, oldest first"`
	Counts map[jobs.State]int64 `json:"counts"`
	Paused bool                 `json:"paused"`
}

func (s *Server) watchAll(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := asking(ctx)
	all := p.allows(jobs.ScopeManage)
	watch := s.o.DB.Watch(func(e jobs.Event) bool { return all || e.Key == p.key.ID || e.Type == jobs.EventQueue })
	defer watch.Close()
	var since int64
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		var err error
		if since, err = strconv.ParseInt(last, 10, 64); err != nil {
			return invalid("Last-Event-ID", "it is the id of no event", "send the id of the last event that came, or leave it out: a snapshot comes first")
		}
	}
	snapshot, err := s.queueSnapshot(r, all, p.key.ID)
	if err != nil {
		return err
	}
	out := newSender(w)
	if err := out.snapshot(snapshot); err != nil {
		return nil
	}
	if since > 0 { // what it missed; the snapshot has it too, but not that it happened
		missed, err := s.o.DB.EventsSince(ctx, since)
		if err != nil {
			return nil
		}
		for _, e := range missed {
			if (all || e.Key == p.key.ID) && s.tell(out, e) != nil {
				return nil
			}
		}
	}
	s.stream(out, r, watch, func(jobs.Event) bool { return false })
	return nil
}

func (s *Server) queueSnapshot(r *http.Request, all bool, key string) (queueSnapshot, error) {
	ctx := r.Context()
	f := jobs.Filter{States: []jobs.State{jobs.Queued, jobs.Running}, OldFirst: true, Limit: 500}
	if !all {
		f.Key = &key
	}
	found, err := s.o.DB.Jobs(ctx, f)
	if err != nil {
		return queueSnapshot{}, err
	}
	v := queueSnapshot{Jobs: []jobView{}}
	for _, j := range found {
		v.Jobs = append(v.Jobs, s.view(j, nil))
	}
	if v.Counts, err = s.o.DB.Counts(ctx); err != nil {
		return v, err
	}
	v.Paused, err = s.o.DB.Paused(ctx)
	return v, err
}

// stream sends events until last says so, the client is gone or too slow, or
// the server stops.
func (s *Server) stream(out *sender, r *http.Request, watch *jobs.Watch, last func(jobs.Event) bool) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case e, open := <-watch.C:
			if !open || s.tell(out, e) != nil || last(e) {
				return
			}
		case <-beat.C:
			if out.comment("still here") != nil {
				return
			}
		case <-s.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// tell sends one event in the words of the API.
func (s *Server) tell(out *sender, e jobs.Event) error {
	switch e.Type {
	case jobs.EventCancel, jobs.EventDeliver: // of this process
		return nil
	case jobs.EventPreview:
		data, err := json.Marshal(struct {
			Job   string `json:"job_id"`
			Image string `json:"image"`
		}{e.Job, "data:" + e.MediaType + ";base64," + base64.StdEncoding.EncodeToString(e.Image)})
		if err != nil {
			return err
		}
		return out.send(0, string(e.Type), data)
	}
	data, err := json.Marshal(struct {
		Job  string          `json:"job_id,omitempty"`
		Data json.RawMessage `json:"data"`
		At   time.Time       `json:"at"`
	}{e.Job, e.Data, e.Created})
	if err != nil {
		return err
	}
	return out.send(e.ID, string(e.Type), data)
}
