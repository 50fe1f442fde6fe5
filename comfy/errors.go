package comfy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// What goes wrong below the protocol, for every client.
type (
	// UnreachableError means that nobody answered at the address, or who answered
	// is not a ComfyUI.
	UnreachableError = transport.UnreachableError
	// AuthError means that the server, or a proxy in front of it, refused our
	// credentials, or a secret was withheld from an address that may not have it.
	AuthError = transport.AuthError
	// ChallengeError means that a guard in front of the server answered with a
	// page that only a browser can pass.
	ChallengeError = transport.ChallengeError
	// PageError means that a web page came where an API answers.
	PageError = transport.PageError
	// TimeoutError means that a limit of ours ran out.
	TimeoutError = transport.TimeoutError
	// StatusError is an HTTP answer that none of the other errors describe.
	StatusError = transport.StatusError
	// TooLargeError means that the server sent, or was about to be sent, more
	// than a limit allows.
	TooLargeError = transport.TooLargeError
	// RedirectError means that the server wanted to send us, and our
	// credentials, elsewhere.
	RedirectError = transport.RedirectError
)

// TransportReason says in a few words why an HTTP request got no answer, without
// the address.
func TransportReason(err error) string { return transport.Reason(err) }

// ValidationError means that the server rejected the graph. It is permanent.
type ValidationError struct {
	Type    string // the server's error type, e.g. prompt_outputs_failed_validation
	Message string
	Nodes   []NodeProblem
}

// A NodeProblem is one reason, at one input of one node when known.
type NodeProblem struct {
	Node     string   // id
	Class    string   // class_type
	Title    string   // _meta.title, "" when the graph has none
	Input    string   // "" when the whole node is meant
	Type     string   // value_not_in_list, required_input_missing, missing_node_type, ...
	Message  string   // the server's message and details, one line
	Received string   // the rejected value as text, "" when not said
	Choices  []string // allowed values when the server listed them
	Min, Max string   // limits when the server gave them, else ""
}

func (e *ValidationError) Error() string {
	if len(e.Nodes) == 0 {
		return "the server rejected the graph: " + e.Message
	}
	p := e.Nodes[0]
	s := fmt.Sprintf("the server rejected node %s (%s)", p.Node, p.Class)
	if p.Input != "" {
		s += ", input " + p.Input
	}
	s += ": " + p.Message
	if n := len(e.Nodes) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// NodeError means that a node raised an exception while it ran.
type NodeError struct {
	Node      string
	Class     string
	Title     string
	Exception string // class of the exception
	Message   string // first line; the rest is in Detail
	Detail    string // the whole message
	Traceback []string
	OOM       bool // out of memory, on the GPU or in the node
}

func (e *NodeError) Error() string {
	what := e.Message
	if e.OOM {
		what = "out of memory: " + what
	}
	return fmt.Sprintf("node %s (%s) failed: %s", e.Node, e.Class, strings.TrimSpace(what))
}

// OutOfMemory reports whether an exception, by its class or by what it says, is
// about memory, of the GPU or of the machine.
func OutOfMemory(exception, message string) bool {
	return strings.HasSuffix(exception, "OutOfMemoryError") || strings.Contains(strings.ToLower(message), "out of memory")
}

// WorkerError means that the place itself failed at a run, and not a node of its
// graph for all that is known: a worker that crashed, or a ComfyUI that did not
// start in it.
type WorkerError struct {
	ID      string // of the run, as the place calls it
	Message string // the place's words, one line
	Detail  string // the rest of them
}

func (e *WorkerError) Error() string { return "the worker of run " + e.ID + " failed: " + e.Message }

// LostError means that the server is proven to have forgotten the run, or it could not
// be asked any more.
type LostError struct {
	ID     string
	Reason string
	Gone   bool // true: the server answered and does not know it; false: nobody answered
	Err    error
}

func (e *LostError) Error() string {
	if !e.Gone { // it may go on over there
		return fmt.Sprintf("lost sight of run %s: %s", e.ID, e.Reason)
	}
	return fmt.Sprintf("run %s is lost: %s", e.ID, e.Reason)
}
func (e *LostError) Unwrap() error { return e.Err }

// CancelledError means that the run was interrupted at the server. Ours says whether we
// asked for it. An interrupt that we did not ask for may have meant another run and
// is worth another try, unless Meant says that the end of this one was asked for:
// places with jobs have nothing that ends another.
type CancelledError struct {
	ID    string
	Node  string
	Ours  bool
	Meant bool
}

func (e *CancelledError) Error() string {
	switch {
	case e.Ours:
		return "run " + e.ID + " was cancelled"
	case e.Meant:
		return "run " + e.ID + " was cancelled on its backend"
	}
	return "run " + e.ID + " was interrupted by somebody else"
}

// NotFoundError means that the server no longer has an output file.
type NotFoundError struct{ Output Output }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("the server no longer has output %d of node %s", e.Output.Index+1, e.Output.Node)
}

// WithheldError means that the server has an output and does not hand it out,
// for example because it lies outside of its output folder.
type WithheldError struct {
	Output Output
	Status int
	Reason string // the server's words
}

func (e *WithheldError) Error() string {
	return fmt.Sprintf("the server does not hand out output %d of node %s: %s", e.Output.Index+1, e.Output.Node, e.Reason)
}

// AmbiguousError wraps the failure of a Submit whose outcome is not known: the
// run may be queued. Look it up by Handle (State) before submitting again.
type AmbiguousError struct {
	ID     string // Submission.ID
	Handle Handle // "" where the place chooses ids of its own: then it cannot be looked up
	Err    error
}

func (e *AmbiguousError) Error() string {
	if e.Handle == "" {
		return fmt.Sprintf("run %s was possibly submitted, but the answer that names it there never came: %v", e.ID, e.Err)
	}
	return fmt.Sprintf("submitted run %s but got no usable answer: %v", e.ID, e.Err)
}
func (e *AmbiguousError) Unwrap() error { return e.Err }

// Ambiguous reports whether err leaves open whether a submission was accepted.
func Ambiguous(err error) bool {
	var a *AmbiguousError
	return errors.As(err, &a)
}

// CannotCancelError means that the run executes on a server that has no way to stop one
// run and no other. easel never interrupts whatever happens to run.
type CannotCancelError struct {
	ID      string
	Version string // of the server, "" when it does not say
	Reason  string // why, where it is no matter of ComfyUI's version
}

func (e *CannotCancelError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("run %s cannot be cancelled: %s", e.ID, e.Reason)
	}
	v := "this ComfyUI"
	if e.Version != "" {
		v = "ComfyUI " + e.Version
	}
	return fmt.Sprintf("run %s is executing, and %s cannot stop a single run (0.3.57 and later can)", e.ID, v)
}
