package runpod

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// The states of a job that end it. Any other word, also one that is not known
// yet, means that it goes on.
const (
	jobQueued    = "IN_QUEUE"
	jobCompleted = "COMPLETED"
	jobFailed    = "FAILED"
	jobCancelled = "CANCELLED"
	jobTimedOut  = "TIMED_OUT"
)

// A job is what RunPod says about one. Each field may be absent.
type job struct {
	ID        string          `json:"id"`
	Status    string          `json:"status"`
	Delay     loose           `json:"delayTime"`     // ms, in the queue and for a worker to start
	Execution loose           `json:"executionTime"` // ms
	Output    json.RawMessage `json:"output"`        // of a job that goes on: progress
	Error     json.RawMessage `json:"error"`         // a text; its text may be JSON itself
}

// loose is a number of milliseconds, or 0 where something else stands.
type loose int64

func (l *loose) UnmarshalJSON(data []byte) error {
	var f float64
	if json.Unmarshal(data, &f) == nil && f >= 0 && f < 1e15 {
		*l = loose(f)
	}
	return nil
}

// over reports whether a job has ended.
func (j *job) over() bool {
	switch j.Status {
	case jobCompleted, jobFailed, jobCancelled, jobTimedOut:
		return true
	}
	return false
}

// state is what a job means for its run. ours says that we cancelled it.
func (j *job) state(id string, ours bool, now time.Time) comfy.State {
	st := comfy.State{Phase: comfy.PhaseRunning, Position: -1}
	if j.Status == jobQueued {
		st.Phase = comfy.PhaseQueued
	}
	if !j.over() {
		return st
	}
	// RunPod gives spans and no times: only the distances between these are true.
	st.Finished = now
	st.Started = now.Add(-time.Duration(j.Execution) * time.Millisecond)
	st.Queued = st.Started.Add(-time.Duration(j.Delay) * time.Millisecond)
	if j.Execution == 0 {
		st.Started, st.Queued = time.Time{}, time.Time{}
	}
	switch j.Status {
	case jobCompleted:
		st.Phase, st.Executed = comfy.PhaseDone, true
		j.readOutput(&st)
	case jobCancelled:
		st.Phase, st.Err = comfy.PhaseCancelled, &comfy.CancelledError{ID: id, Ours: ours, Meant: true}
	case jobTimedOut:
		st.Phase, st.Err = comfy.PhaseFailed, &comfy.LostError{
			ID: id, Gone: true, Reason: "RunPod ended it as TIMED_OUT: no worker took it in its time to live, or it ran longer than the endpoint's execution timeout",
		}
	default:
		st.Phase, st.Err = comfy.PhaseFailed, j.failure(id)
	}
	return st
}

// progress is what the output of a job that goes on tells.
func (j *job) progress() []comfy.Event {
	if j.over() || len(j.Output) == 0 || string(j.Output) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(j.Output, &text) == nil {
		return []comfy.Event{{Type: comfy.EventText, Text: transport.Excerpt(text, 200)}}
	}
	var p struct { // of a worker that sends what ComfyUI tells
		Value   loose           `json:"value"`
		Max     loose           `json:"max"`
		Node    json.RawMessage `json:"node"`
		Message string          `json:"message"`
	}
	if json.Unmarshal(j.Output, &p) != nil {
		return nil
	}
	switch {
	case p.Max > 0:
		return []comfy.Event{{Type: comfy.EventProgress, Node: strings.Trim(string(p.Node), `"`), Value: int(min(p.Value, p.Max)), Max: int(min(p.Max, 1<<30))}}
	case p.Message != "":
		return []comfy.Event{{Type: comfy.EventText, Text: transport.Excerpt(p.Message, 200)}}
	}
	return nil
}

// messageIn finds the text of an error in an answer: RunPod's own, FastAPI's, that
// of the account.
func messageIn(body []byte) string {
	var m struct {
		Error   json.RawMessage `json:"error"`
		Detail  json.RawMessage `json:"detail"`
		Message json.RawMessage `json:"message"`
		Title   json.RawMessage `json:"title"`
	}
	if json.Unmarshal(body, &m) != nil {
		return ""
	}
	for _, raw := range []json.RawMessage{m.Error, m.Detail, m.Message, m.Title} {
		if text := textOf(raw); text != "" {
			return text
		}
	}
	return ""
}

// textOf is a JSON text, or any other value as it is; "" of nothing.
func textOf(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
