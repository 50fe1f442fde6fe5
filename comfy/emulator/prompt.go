package emulator

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// getPrompt is GET /prompt: how many jobs wait and run.
func (in *instance) getPrompt(w http.ResponseWriter, _ *http.Request, _ string) {
	writeJSON(w, http.StatusOK, execInfo(in.queue.remaining()))
}

// has is Python's `key in v`; ok is false where that is a TypeError.
func has(v any, key string) (found, ok bool) {
	switch v := v.(type) {
	case *pyval.Object:
		return v.Has(key), true
	case []any:
		for _, e := range v {
			if e == any(key) {
				return true, true
			}
		}
		return false, true
	case string:
		return strings.Contains(v, key), true
	}
	return false, false
}

// postPrompt is POST /prompt: number, validation, queue.
func (in *instance) postPrompt(w http.ResponseWriter, r *http.Request, _ string) {
	v, ok := in.readJSON(w, r)
	if !ok {
		return
	}
	body, isObject := v.(*pyval.Object)
	if _, ok := has(v, "number"); !ok {
		writeCrash(w)
		return
	}
	if !isObject {
		// A list or a text has no keys; what looks like one cannot be read.
		number, _ := has(v, "number")
		front, _ := has(v, "front")
		prompt, _ := has(v, "prompt")
		if !number && !front {
			in.nextNumber(false)
		}
		if number || front || prompt {
			writeCrash(w)
			return
		}
		writeRefusal(w, problem("no_prompt", "No prompt provided", "No prompt provided", nil), nil)
		return
	}
	number, err := in.number(body)
	if err != nil {
		writeCrash(w)
		return
	}
	if f, ok := in.faults.take(FaultValidateDelay, ""); ok {
		_ = wait(in.ctx, f.Duration)
	}
	in.acceptPrompt(w, body, number)
}

// number gives the place in the queue, and counts prompts that name none even
// if they are refused later.
func (in *instance) number(body *pyval.Object) (any, error) {
	if v, ok := body.Get("number"); ok {
		return pyval.Float(v)
	}
	front, _ := body.Get("front")
	return in.nextNumber(pyval.Truthy(front)), nil
}

// promptID gives the id of a new prompt; ok is false when the client's is not
// acceptable, which the old dialect never says.
func (in *instance) promptID(body *pyval.Object) (string, bool) {
	v, given := body.Get("prompt_id")
	if in.server.since(promptIDVersion) {
		if v == nil {
			return newUUID(), true
		}
		id, _ := v.(string)
		return id, canonicalUUID(id)
	}
	if !given {
		return newUUID(), true
	}
	return pyval.Str(v), true
}

func (in *instance) acceptPrompt(w http.ResponseWriter, body *pyval.Object, number any) {
	graph, ok := body.Get("prompt")
	if !ok {
		writeRefusal(w, problem("no_prompt", "No prompt provided", "No prompt provided", nil), nil)
		return
	}
	id, ok := in.promptID(body)
	if !ok {
		writeRefusal(w, problem("invalid_prompt_id", "prompt_id must be a valid UUID",
			"prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one", nil), nil)
		return
	}
	if in.refuseDuplicate(w, id) {
		return
	}
	targets, _ := body.Get("partial_execution_targets")
	result, err := in.server.validate(graph, targets)
	if err != nil {
		writeCrash(w)
		return
	}
	extra, ok := in.server.extraData(body)
	if !ok {
		writeCrash(w)
		return
	}
	if result.refusal != nil {
		writeRefusal(w, result.refusal, result.nodeErrors)
		return
	}
	now := time.Now()
	if in.server.since(createTimeVersion) {
		o, ok := extra.(*pyval.Object)
		if !ok {
			writeCrash(w)
			return
		}
		o.Set("create_time", stamp(now))
	}
	prompt, _ := graph.(*pyval.Object)
	if _, ok := in.faults.take(FaultNodeErrors, ""); ok {
		result.failLast(prompt)
	}
	if err := in.queue.put(newJob(number, id, prompt, extra, result.outputs, now)); err != nil {
		writeCrash(w)
		return
	}
	writeJSON(w, http.StatusOK, pyval.Fields{
		{Key: "prompt_id", Value: id}, {Key: "number", Value: number}, {Key: "node_errors", Value: result.nodeErrors},
	})
}

// extraData gives the job's extra data with the client id in it; ok is false
// where the server would crash.
func (s *Server) extraData(body *pyval.Object) (extra any, ok bool) {
	extra, given := body.Get("extra_data")
	if !given {
		extra = &pyval.Object{}
	}
	if client, given := body.Get("client_id"); given {
		o, ok := extra.(*pyval.Object)
		if !ok {
			return nil, false
		}
		o.Set("client_id", client)
	}
	if s.since(usageSourceVersion) { // looks for one in it
		_, ok = has(extra, "comfy_usage_source")
		return extra, ok
	}
	return extra, true
}

func (in *instance) refuseDuplicate(w http.ResponseWriter, id string) bool {
	if _, ok := in.faults.look(FaultDuplicateIDs); !ok {
		return false
	}
	running, pending := in.queue.snapshot()
	known := in.history.get(id) != nil
	for _, j := range append(running, pending...) {
		known = known || j.id == id
	}
	if known {
		writeJSON(w, http.StatusConflict, pyval.Fields{{Key: "error", Value: "prompt_id already exists"}})
	}
	return known
}

// problem is an error object as validation makes them.
func problem(kind, message, details string, extra pyval.Fields) pyval.Fields {
	return pyval.Fields{
		{Key: "type", Value: kind},
		{Key: "message", Value: message},
		{Key: "details", Value: details},
		{Key: "extra_info", Value: extra},
	}
}

func writeRefusal(w http.ResponseWriter, refusal, nodeErrors pyval.Fields) {
	writeJSON(w, http.StatusBadRequest, pyval.Fields{{Key: "error", Value: refusal}, {Key: "node_errors", Value: nodeErrors}})
}

// newUUID makes a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// canonicalUUID reports whether id is a lowercase hyphenated UUID.
func canonicalUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		switch i {
		case 8, 13, 18, 23:
			if id[i] != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdef", rune(id[i])) {
				return false
			}
		}
	}
	return true
}
