package apiv2

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// maxOutputs bounds the outputs of one run; the rest is left out with a warning.
const maxOutputs = 1000

// A job is one execution as the service tells it.
type job struct {
	ID        string            `json:"id"`
	Status    string            `json:"status"`
	Created   string            `json:"created_at"`
	Started   string            `json:"started_at"`
	Completed string            `json:"completed_at"`
	Position  *int              `json:"queue_position"` // counted from 1
	Progress  *progress         `json:"progress"`
	Outputs   []json.RawMessage `json:"outputs"`
	Error     *jobError         `json:"error"`
	Reused    bool              `json:"outputs_reused"` // comfy-api-proxy: from ComfyUI's cache
	Metrics   map[string]*int64 `json:"metrics"`
}

type progress struct {
	Value   float64 `json:"value"`
	Node    string  `json:"current_node"`
	Step    *int    `json:"step"`
	Steps   *int    `json:"steps"`
	Message string  `json:"message"`
}

type jobError struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Node      string `json:"node_id"`
	Class     string `json:"class_type"`
	Traceback string `json:"traceback"`
}

type output struct {
	Node        string `json:"node_id"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	ContentType string `json:"content_type"`
	ID          string `json:"id"`
	URL         string `json:"url"`
	Expires     string `json:"url_expires_at"`
}

// state is what a job means for its run. ours says that we cancelled it.
func (j *job) state(id string, ours bool) comfy.State {
	st := comfy.State{Phase: comfy.PhaseRunning, Position: -1, Queued: timeOf(j.Created), Started: timeOf(j.Started), Finished: timeOf(j.Completed)}
	if ms := j.Metrics["execution_ms"]; ms != nil && st.Started.IsZero() && !st.Finished.IsZero() {
		st.Started = st.Finished.Add(-time.Duration(*ms) * time.Millisecond)
	}
	switch j.Status {
	case "queued":
		st.Phase = comfy.PhaseQueued
		if j.Position != nil {
			st.Position = max(*j.Position-1, 0)
		}
	case "expired":
		st.Phase = comfy.PhaseUnknown
	case "succeeded":
		st.Phase, st.Executed = comfy.PhaseDone, true
		j.readOutputs(&st)
	case "canceled":
		st.Phase, st.Err = comfy.PhaseCancelled, &comfy.CancelledError{ID: id, Ours: ours, Meant: true}
	case "failed":
		st.Phase, st.Err = comfy.PhaseFailed, j.failure(id)
	}
	return st
}

// timeOf reads a stamp, zero when it is none.
func timeOf(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}

func (j *job) failure(id string) error {
	e := j.Error
	if e == nil {
		e = &jobError{Message: "it gave no reason"}
	}
	if e.Node == "" {
		return &comfy.WorkerError{ID: id, Message: transport.Excerpt(strings.TrimSpace(e.Code+": "+e.Message), 500), Detail: e.Message}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(e.Message), "\n")
	if first == "" {
		first = "it gave no reason"
	}
	ne := &comfy.NodeError{Node: e.Node, Class: e.Class, Message: first, Detail: e.Message, OOM: comfy.OutOfMemory("", e.Message)}
	if e.Traceback != "" {
		ne.Traceback = strings.Split(e.Traceback, "\n")
	}
	return ne
}

// readOutputs lists what a job made, in the order of nodes.
func (j *job) readOutputs(st *comfy.State) {
	for i, raw := range j.Outputs {
		if i == maxOutputs {
			st.Warnings = append(st.Warnings, fmt.Sprintf("only the first %d outputs are kept, %d more were left out", maxOutputs, len(j.Outputs)-maxOutputs))
			break
		}
		var m output
		if json.Unmarshal(raw, &m) != nil || m.ID == "" {
			st.Missing = append(st.Missing, fmt.Sprintf("the service described output %d as %s", i+1, transport.Excerpt(string(raw), 60)))
			continue
		}
		o := comfy.Output{Node: m.Node, Key: m.Type, Kind: kindOf(m), Filename: m.Name, Type: "output", Ref: m.ID}
		if strings.HasPrefix(m.Name, "ComfyUI_temp_") { // a preview: nodes that save name their files otherwise
			o.Type = "temp"
		}
		if o.Filename == "" {
			o.Filename = m.ID
		}
		st.Outputs = append(st.Outputs, o)
	}
	slices.SortStableFunc(st.Outputs, func(a, b comfy.Output) int { return comfy.CompareIDs(a.Node, b.Node) })
	count := map[string]int{}
	for i := range st.Outputs {
		o := &st.Outputs[i]
		o.Index = count[o.Node+"/"+o.Key]
		count[o.Node+"/"+o.Key]++
	}
	st.Warnings = append(st.Warnings, st.Missing...)
	switch {
	case len(st.Outputs) == 0 && len(st.Missing) == 0:
		st.Warnings = append(st.Warnings, "the run succeeded, but no node saved anything: is there a node such as SaveImage, and does something reach it?")
	case j.Reused:
		st.Executed = false
		st.Warnings = append(st.Warnings, "nothing was executed, because every result was kept from before: these are the files of an earlier run")
	}
}

func kindOf(m output) comfy.OutputKind {
	switch m.Type {
	case "image", "video", "audio", "text":
		return comfy.OutputKind(m.Type)
	}
	return comfy.KindOf(m.Name, m.ContentType)
}

// events are what a progress snapshot tells, held against the one before.
func (p *progress) events(before string) []comfy.Event {
	if p == nil {
		return nil
	}
	var all []comfy.Event
	if p.Node != "" && p.Node != before {
		all = append(all, comfy.Event{Type: comfy.EventNode, Node: p.Node})
	}
	if p.Node != "" && p.Step != nil && p.Steps != nil && *p.Steps > 0 {
		all = append(all, comfy.Event{Type: comfy.EventProgress, Node: p.Node, Value: min(max(*p.Step, 0), *p.Steps), Max: *p.Steps})
	}
	return all
}
