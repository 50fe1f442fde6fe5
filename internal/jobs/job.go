// Package jobs keeps the work of `easel serve` in a database, SQLite or
// PostgreSQL: jobs and their results, batches, uploaded files, keys, webhook
// deliveries, and the events that watchers are told.
//
// The rows of the table jobs are the truth. A job is taken by one process at a
// time, under a lease; each taking has a number, the attempt, and only the
// newest attempt may write, so that a process that was frozen and wakes up
// changes nothing any more. River delivers: a River job is a ticket that lets a
// worker take whatever job of ours is next, so that order, fairness and pauses
// are decided by our rows, and a ticket that is delivered twice finds nothing
// to do.
//
// The package does not know what a job does: a Worker is given a function.
package jobs

import (
	"encoding/json"
	"errors"
	"time"
)

// State of a job. A job goes from queued to running and ends in one of the
// others; it goes back to queued when it is to be tried again.
type State string

// States of a job.
const (
	Queued    State = "queued"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Ended reports whether nothing more happens to a job by itself.
func (s State) Ended() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("not found")
	// ErrState means that a job is in no state for what was asked: only ended
	// ones are deleted, only failed and cancelled ones are tried again.
	ErrState = errors.New("the job is in another state")
	// ErrTaken means that another process runs the job now, so that this one's
	// word does not count.
	ErrTaken = errors.New("the job was taken over")
	// ErrKeyReused means an Idempotency-Key that came with another body before.
	ErrKeyReused = errors.New("the idempotency key was used with another body")
	// ErrText means a text that the database cannot keep: PostgreSQL has no place for
	// U+0000 and for what is no UTF-8.
	ErrText = errors.New("the text has characters that cannot be kept")
	// ErrUnavailable means that the database does not answer.
	ErrUnavailable = errors.New("the database does not answer")
)

// A Job is one run that somebody asked for.
type Job struct {
	Seq       int64 // order of creation
	ID        string
	Key       string          // whose it is; "" = the owner of the machine
	Batch     string          // "" = none
	Item      string          // of the batch
	Sweep     json.RawMessage // its point of the batch's sweeps, an object; nil without
	Workflow  string
	Character string
	Prompt    string
	State     State
	Priority  int64 // higher goes first
	Position  int64 // within a priority, lower goes first
	NotBefore time.Time
	Request   json.RawMessage // as it was sent
	Order     json.RawMessage // what is run
	Ticket    json.RawMessage // nil until shortly before the run is submitted
	PromptID  string
	Backend   string
	Seed      string
	Attempt   int64 // how often it was taken
	Failures  int64 // attempts that ended in an error that was worth another try
	Crashes   int64 // attempts whose process was gone before they ended
	Cancel    bool  // somebody asked for its end
	Webhook   string
	Progress  json.RawMessage
	Result    json.RawMessage
	Error     json.RawMessage
	Created   time.Time
	Updated   time.Time
	Started   time.Time // zero until it is taken
	Finished  time.Time // zero until it ended
	Cleared   time.Time // zero while lists show it
}

// New is a job to be queued.
type New struct {
	Item      string
	Sweep     json.RawMessage // its point of the batch's sweeps, an object; nil without
	Workflow  string
	Character string
	Prompt    string
	Seed      string
	Webhook   string // who is told when it ended; "" = nobody
	Request   json.RawMessage
	Order     json.RawMessage
}

// An Enqueue asks for jobs, all of them or none.
type Enqueue struct {
	Key      string // whose they are
	Priority int64
	Jobs     []New
	Batch    *NewBatch // nil: no batch
	// Idempotency, when its name is not empty, makes the same call again return
	// the first one's jobs.
	Idempotency Idempotency
}

// NewBatch describes the batch that jobs belong to.
type NewBatch struct {
	Workflow string
	Request  json.RawMessage
}

// Idempotency is the name that a client gave to a call, and the SHA-256 of its
// body, lower-case hex.
type Idempotency struct {
	Name, Body string
}

// Enqueued is what became of an Enqueue.
type Enqueued struct {
	Jobs   []string // ids, in the order they were given
	Batch  string   // its id, "" without
	Replay bool     // they were queued by an earlier call of the same name
}

// An Output is one stored result of a job.
type Output struct {
	Seq       int64
	ID        string
	Job       string
	Key       string
	N         int64 // from 1
	Name      string
	Kind      string
	MediaType string
	Node      string
	Width     *int64 // pixels; nil for what is no picture
	Height    *int64
	Bytes     int64
	SHA256    string
	Text      *string
	Favourite bool
	Created   time.Time

	// What is the job's, for lists.
	Workflow  string
	Character string
	Batch     string
	Prompt    string
	Seed      string
	Sweep     json.RawMessage
}

// A Batch is jobs that were asked for together.
type Batch struct {
	ID        string
	Key       string
	Workflow  string
	Total     int64
	Request   json.RawMessage
	Created   time.Time
	Cancelled time.Time // zero: not cancelled
	Counts    map[State]int64
}
