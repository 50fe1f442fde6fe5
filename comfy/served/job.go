package served

import (
	"encoding/json"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A Job is a job as the API shows it.
type Job struct {
	ID       string          `json:"id"`
	Workflow string          `json:"workflow_id"`
	Batch    *string         `json:"batch_id"`
	State    string          `json:"state"` // queued, running, succeeded, failed, cancelled
	Progress *Progress       `json:"progress"`
	Request  json.RawMessage `json:"request"`
	Seed     *string         `json:"seed"`
	Backend  *string         `json:"backend"`
	Outputs  []Output        `json:"outputs"`
	Warnings []string        `json:"warnings"`
	Error    *JobError       `json:"error"`
	Attempt  int             `json:"attempt"`
	Priority int             `json:"priority"`
	Position int64           `json:"position"` // within a priority and a key, lower goes first
	Created  time.Time       `json:"created_at"`
	Started  *time.Time      `json:"started_at"`
	Finished *time.Time      `json:"finished_at"`
}

// Over reports whether nothing more happens to the job by itself.
func (j *Job) Over() bool {
	return j.State == "succeeded" || j.State == "failed" || j.State == "cancelled"
}

// Progress is how far a job is.
type Progress struct {
	Node     *string `json:"node"` // its title
	NodeID   string  `json:"node_id"`
	Step     int     `json:"step"`
	Steps    int     `json:"steps"`
	Fraction float64 `json:"fraction"` // 0 to 1
	ETA      *int64  `json:"eta_ms"`
}

// An Output is one stored result of a job.
type Output struct {
	ID        string  `json:"id"`
	N         int     `json:"n"` // from 1
	Name      string  `json:"name"`
	Path      string  `json:"path"` // where the server has stored it
	Kind      string  `json:"kind"`
	MediaType string  `json:"media_type"`
	Node      string  `json:"node"`
	Width     *int    `json:"width"` // pixels
	Height    *int    `json:"height"`
	Bytes     int64   `json:"bytes"`
	SHA256    string  `json:"sha256"`
	Text      *string `json:"text"`
}

// A JobError is why a job failed, with the facts that a local run tells
// (docs/json-output.md).
type JobError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Raw     json.RawMessage
}

func (e *JobError) Error() string { return e.Message }

// UnmarshalJSON keeps all facts.
func (e *JobError) UnmarshalJSON(data []byte) error {
	type plain JobError
	if err := json.Unmarshal(data, (*plain)(e)); err != nil {
		return err
	}
	e.Raw = append(json.RawMessage(nil), data...)
	return nil
}

// MarshalJSON gives them back.
func (e *JobError) MarshalJSON() ([]byte, error) { return e.Raw, nil }

// codePartial is the code of a run that made less than it was to make.
const codePartial = "partial"

// state is what a job means for its run. ours says that we cancelled it.
func (j *Job) state(ours bool) comfy.State {
	st := comfy.State{Phase: comfy.PhaseRunning, Position: -1, Queued: j.Created, Warnings: j.Warnings}
	if j.Started != nil {
		st.Started = *j.Started
	}
	if j.Finished != nil {
		st.Finished = *j.Finished
	}
	switch j.State {
	case "queued":
		st.Phase = comfy.PhaseQueued
	case "succeeded":
		st.Phase, st.Executed = comfy.PhaseDone, true
		st.Outputs = j.outputs()
	case "cancelled":
		st.Phase, st.Err = comfy.PhaseCancelled, &comfy.CancelledError{ID: j.ID, Ours: ours, Meant: true}
	case "failed":
		if j.Error != nil && j.Error.Code == codePartial && len(j.Outputs) > 0 {
			st.Phase, st.Executed, st.Outputs = comfy.PhaseDone, true, j.outputs()
			st.Missing = []string{j.Error.Message}
			break
		}
		st.Phase = comfy.PhaseFailed
		st.Err = &comfy.WorkerError{ID: j.ID, Message: "the server gives no reason"}
		if j.Error != nil {
			st.Err = j.Error
		}
	}
	return st
}

func (j *Job) outputs() []comfy.Output {
	list := make([]comfy.Output, 0, len(j.Outputs))
	count := map[string]int{}
	for _, o := range j.Outputs {
		out := comfy.Output{Node: o.Node, Key: keyOf(o.Kind), Index: count[o.Node], Kind: comfy.OutputKind(o.Kind), Filename: o.Name, Type: "output", Ref: o.ID}
		count[o.Node]++
		if o.Text != nil {
			out.Kind, out.Key, out.Text, out.Filename, out.Ref = comfy.OutputText, "text", *o.Text, "", ""
		}
		list = append(list, out)
	}
	return list
}

// keyOf is the list in which ComfyUI tells outputs of a kind.
func keyOf(kind string) string {
	switch comfy.OutputKind(kind) {
	case comfy.OutputImage:
		return "images"
	case comfy.OutputAudio, comfy.OutputModel:
		return kind
	case comfy.OutputVideo:
		return "video"
	}
	return "files"
}
