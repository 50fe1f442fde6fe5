// Package ledger is the durable memory of what easel did: the history of
// single runs on this machine, a file each. It does not know what a request or
// a result contains.
package ledger

import (
	"encoding/json"
	"time"
)

// State is where a run stands, as this machine knows.
type State string

// The states of a run. Prepared comes before the submission, so that a process
// killed in between leaves a trace; Cancelling is a cancel that the backend
// has not confirmed.
const (
	Prepared   State = "prepared"
	Submitted  State = "submitted"
	Cancelling State = "cancelling"
	Done       State = "done"
	Failed     State = "failed"
	Cancelled  State = "cancelled"
	Lost       State = "lost"
)

// Ended reports whether nothing more will happen to the run.
func (s State) Ended() bool {
	return s == Done || s == Failed || s == Cancelled || s == Lost
}

// A Record is one run. Request and Result are the engine's own JSON, enough to
// collect, show and repeat the run.
type Record struct {
	ID             string          `json:"id"` // sorts by time
	PromptID       string          `json:"prompt_id"`
	Handle         string          `json:"handle,omitempty"`
	Workflow       string          `json:"workflow"`
	WorkflowDigest string          `json:"workflow_digest,omitempty"`
	Backend        string          `json:"backend"` // its name, never its address
	State          State           `json:"state"`
	PID            int             `json:"pid,omitempty"`         // the process that follows the run
	PIDStarted     int64           `json:"pid_started,omitempty"` // when it started, in the system's own count; 0 = not known
	Boot           string          `json:"boot,omitempty"`        // the machine's start that PID belongs to; "" = not known
	Created        time.Time       `json:"created"`
	Updated        time.Time       `json:"updated"`
	Hashes         []string        `json:"hashes,omitempty"`      // SHA-256 of the outputs, lower-case hex
	ExecutedMS     int64           `json:"executed_ms,omitempty"` // how long a run that is done computed; 0 = not known, or nothing did
	Error          string          `json:"error,omitempty"`
	Request        json.RawMessage `json:"request,omitempty"`
	Result         json.RawMessage `json:"result,omitempty"`
}

// Alive reports whether the process that follows the run is still there. A
// process that only got the same number is told apart where the system allows.
func (r Record) Alive() bool {
	if r.PID <= 0 || !alive(r.PID) {
		return false
	}
	if r.Boot != "" && r.Boot != bootID() {
		return false
	}
	return r.PIDStarted == 0 || r.PIDStarted == started(r.PID)
}
