package comfy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An entry is what the server remembers of a finished run: a history entry, or
// the same out of /api/jobs/{id}. Parts are decoded on their own, so that one
// of an unexpected shape does not hide the others.
type entry struct {
	number    json.RawMessage
	graph     json.RawMessage
	extra     json.RawMessage
	outputIDs []string // nodes that were to be executed
	outputs   map[string]json.RawMessage
	status    *entryStatus
}

type entryStatus struct {
	Str       looseString     `json:"status_str"`
	Completed json.RawMessage `json:"completed"`
	Messages  json.RawMessage `json:"messages"`
}

// decodeHistory reads the answer to GET /history/{id}: nil when the server
// knows no finished run of this id.
func decodeHistory(data []byte, id string) (*entry, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(ReplaceNonFinite(data), &all); err != nil {
		return nil, err
	}
	if all == nil {
		return nil, errors.New("it is null")
	}
	raw, ok := all[id]
	if !ok {
		return nil, nil
	}
	var m struct {
		Prompt  json.RawMessage `json:"prompt"`
		Outputs json.RawMessage `json:"outputs"`
		Status  json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	e := &entry{}
	var tuple []json.RawMessage
	if json.Unmarshal(m.Prompt, &tuple) == nil && len(tuple) >= 5 {
		e.number, e.graph, e.extra = tuple[0], tuple[2], tuple[3]
		e.outputIDs = looseStrings(tuple[4])
	}
	e.readResult(m.Outputs, m.Status)
	return e, nil
}

func (e *entry) readResult(outputs, status json.RawMessage) {
	if json.Unmarshal(outputs, &e.outputs) != nil {
		e.outputs = nil
	}
	var s entryStatus
	if len(status) > 0 && status[0] == '{' && json.Unmarshal(status, &s) == nil {
		e.status = &s
	}
}

// An ending is the end of a run as its messages tell it.
type ending struct {
	phase  Phase
	err    error
	cached []string
	start  time.Time
	end    time.Time
}

// readEnding reads how a run ended: the messages decide, because status_str calls an
// interrupt an error and a failed scheduler a success.
func (e *entry) readEnding(id string, ours bool) ending {
	v := ending{phase: PhaseDone}
	if e.status == nil {
		return v
	}
	if string(e.status.Completed) == "false" || e.status.Str == "error" {
		v.phase = PhaseFailed
	}
	var messages []json.RawMessage
	_ = json.Unmarshal(e.status.Messages, &messages)
	for _, raw := range messages {
		var pair []json.RawMessage
		var kind string
		if json.Unmarshal(raw, &pair) != nil || len(pair) < 2 || json.Unmarshal(pair[0], &kind) != nil {
			continue
		}
		var m struct {
			Timestamp looseInt        `json:"timestamp"`
			NodeID    looseString     `json:"node_id"`
			Nodes     json.RawMessage `json:"nodes"`
		}
		if json.Unmarshal(pair[1], &m) != nil {
			continue
		}
		switch kind {
		case frameStart:
			v.start = milliseconds(m.Timestamp)
		case frameCached:
			v.cached = looseStrings(m.Nodes)
		case frameSuccess:
			v.phase, v.err, v.end = PhaseDone, nil, milliseconds(m.Timestamp)
		case frameInterrupted:
			v.phase, v.end = PhaseCancelled, milliseconds(m.Timestamp)
			v.err = &CancelledError{ID: id, Node: string(m.NodeID), Ours: ours}
		case frameError:
			ne := e.nodeError(pair[1])
			if ne.Exception == exceptionBlocked {
				continue
			}
			v.phase, v.err, v.end = PhaseFailed, ne, milliseconds(m.Timestamp)
		}
	}
	if v.phase == PhaseFailed && v.err == nil {
		v.err = &NodeError{Message: "the server calls the run failed and does not say why"}
	}
	return v
}

func milliseconds(n looseInt) time.Time {
	if n <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n))
}

// nodeError reads the payload of execution_error.
func (e *entry) nodeError(data json.RawMessage) *NodeError {
	var m struct {
		NodeID    looseString     `json:"node_id"`
		NodeType  looseString     `json:"node_type"`
		Message   looseString     `json:"exception_message"`
		Exception looseString     `json:"exception_type"`
		Traceback json.RawMessage `json:"traceback"`
	}
	_ = json.Unmarshal(data, &m)
	detail := strings.TrimSpace(string(m.Message))
	first, _, _ := strings.Cut(detail, "\n")
	n := &NodeError{
		Node: string(m.NodeID), Class: string(m.NodeType),
		Exception: string(m.Exception), Message: strings.TrimSpace(first), Detail: detail,
		Traceback: looseStrings(m.Traceback),
		OOM:       OutOfMemory(string(m.Exception), detail),
	}
	if n.Message == "" {
		n.Message = n.Exception
	}
	if g := e.parsedGraph(); g != nil && g.Node(n.Node) != nil {
		n.Title = g.Node(n.Node).Title
	}
	return n
}

func (e *entry) parsedGraph() *Graph {
	if len(e.graph) == 0 {
		return nil
	}
	g, err := ParseGraph(e.graph)
	if err != nil {
		return nil
	}
	return g
}

// state turns the entry into what callers see.
func (e *entry) state(id string, ours bool, maxOutputs int) State {
	v := e.readEnding(id, ours)
	st := State{Phase: v.phase, Position: -1, Cached: v.cached, Err: v.err, Started: v.start, Finished: v.end}
	var extra struct {
		CreateTime looseInt `json:"create_time"`
	}
	if json.Unmarshal(e.extra, &extra) == nil {
		st.Queued = milliseconds(extra.CreateTime)
	}
	cached := make(map[string]bool, len(v.cached))
	for _, n := range v.cached {
		cached[n] = true
	}
	wanted := make(map[string]bool, len(e.outputIDs))
	for _, n := range e.outputIDs {
		wanted[n] = true
		st.Executed = st.Executed || !cached[n]
	}
	if len(wanted) == 0 {
		st.Executed = true // not said
	}
	// Older servers list every kept result of the graph's nodes, also those
	// that this run did not ask for.
	for n := range e.outputs {
		if len(wanted) > 0 && !wanted[n] && cached[n] {
			delete(e.outputs, n)
		}
	}
	st.Outputs, st.Warnings = walkOutputs(e.outputs, maxOutputs)
	st.Silent = e.silent(cached, st.Outputs)
	return st
}

// silent lists the output nodes that ran and named nothing. Of a node that says
// nothing at all, and whose class is there to save or show, something is
// expected: it may not have run.
func (e *entry) silent(cached map[string]bool, outs []Output) []string {
	var (
		nodes  []string
		g      *Graph
		parsed bool
	)
	for _, id := range e.outputIDs {
		if cached[id] || slices.ContainsFunc(outs, func(o Output) bool { return o.Node == id }) {
			continue
		}
		if _, spoke := e.outputs[id]; !spoke {
			if !parsed {
				g, parsed = e.parsedGraph(), true
			}
			if g == nil || g.Node(id) == nil || keepsFiles(g.Node(id).Class) {
				continue
			}
		}
		nodes = append(nodes, id)
	}
	return nodes
}

// keepsFiles reports whether a class says by its name that it leaves files.
func keepsFiles(class string) bool {
	return strings.HasPrefix(class, "Save") || strings.HasPrefix(class, "Preview")
}

// explain adds why a finished run has less than its caller may expect.
func (st *State) explain() {
	if st.Phase != PhaseDone {
		return
	}
	temporary := 0
	for _, o := range st.Outputs {
		if o.Temporary() {
			temporary++
		}
	}
	switch {
	case len(st.Outputs) == 0 && !st.Executed:
		st.Warnings = append(st.Warnings, "nothing was executed, because every result was kept from before, and the server names no files of it")
	case len(st.Outputs) == 0 && len(st.Silent) > 0:
		st.Warnings = append(st.Warnings, fmt.Sprintf("node %s ran and named no file: there is nothing to fetch", strings.Join(st.Silent, ", ")))
	case len(st.Outputs) == 0:
		st.Warnings = append(st.Warnings, "the run succeeded, but no node saved anything: is there a node such as SaveImage, and does something reach it?")
	case !st.Executed:
		st.Warnings = append(st.Warnings, "nothing was executed, because every result was kept from before: these are the files of an earlier run")
	}
	if len(st.Outputs) > 0 && temporary == len(st.Outputs) {
		st.Warnings = append(st.Warnings, fmt.Sprintf("all %d outputs are temporary: the server wipes them at its next start", temporary))
	}
}
