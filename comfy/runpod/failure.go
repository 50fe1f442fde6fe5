package runpod

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// failure reads why a job failed: the worker's text, and its details beside it.
func (j *job) failure(id string) error {
	text := textOf(j.Error)
	var out struct {
		Error   json.RawMessage `json:"error"`
		Details json.RawMessage `json:"details"`
	}
	_ = json.Unmarshal(j.Output, &out) // of what is no object nothing is read
	if text == "" {
		text = textOf(out.Error)
	}
	var raised struct { // an exception of the handler is JSON in the text
		Type      string `json:"error_type"`
		Message   string `json:"error_message"`
		Traceback string `json:"error_traceback"`
	}
	if json.Unmarshal([]byte(text), &raised) == nil && raised.Message != "" {
		text = raised.Message
	}
	if v, ok := workerRejection(text); ok {
		return v
	}
	details := detailsOf(out.Details)
	for _, d := range details {
		if ne, ok := workerNodeError(d); ok {
			return ne
		}
	}
	if ne, ok := workerNodeError(text); ok {
		return ne
	}
	whole := strings.TrimSpace(strings.Join(append([]string{text}, details...), ": "))
	if whole == "" {
		whole = "it gave no reason"
	}
	return &comfy.WorkerError{ID: id, Message: transport.Excerpt(whole, 500), Detail: strings.TrimSpace(whole + "\n" + raised.Traceback)}
}

func detailsOf(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var texts []string
	for _, d := range list[:min(len(list), 100)] {
		if s := textOf(d); s != "" {
			texts = append(texts, s)
		}
	}
	return texts
}

// executionError is how the worker tells that a node raised.
var executionError = sync.OnceValue(func() *regexp.Regexp { // compiled when it is needed: no start pays for it
	return regexp.MustCompile(`(?s)^Workflow execution error: Node Type: (.*?), Node ID: (.*?), Message: (.*)$`)
})

func workerNodeError(text string) (*comfy.NodeError, bool) {
	m := executionError().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return nil, false
	}
	first, _, _ := strings.Cut(strings.TrimSpace(m[3]), "\n")
	ne := &comfy.NodeError{Class: m[1], Node: m[2], Message: strings.TrimSpace(first), Detail: m[3], OOM: comfy.OutOfMemory("", m[3])}
	if ne.Message == "" {
		ne.Message = "it gave no reason"
	}
	return ne, true
}

// workerRejection reads ComfyUI's refusal of the graph out of the worker's text:
// the answer itself behind "Raw response:", or one line per node and key of its
// node errors, with Python's repr of the value.
func workerRejection(text string) (*comfy.ValidationError, bool) {
	if _, raw, ok := strings.Cut(text, "Raw response: "); ok {
		if v, ok := comfy.ReadRejection([]byte(strings.TrimSpace(raw)), nil); ok {
			return v, true
		}
	}
	if known, ok := handlerRefusal(text); ok {
		return known, true
	}
	head, rest, ok := strings.Cut(text, "\n")
	if !ok || !strings.Contains(rest, "Node ") {
		return nil, false
	}
	nodes := map[string]map[string]json.RawMessage{}
	for line := range strings.Lines(rest) {
		m := nodeLine().FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		id, key := m[1], m[2]
		var value json.RawMessage
		if key == "class_type" {
			value = quoted(m[3])
		} else if v, err := pythonJSON(m[3]); err == nil {
			value = v
		} else {
			value = json.RawMessage(`[{"message":` + string(quoted(transport.Excerpt(m[3], 500))) + `}]`)
		}
		if nodes[id] == nil {
			nodes[id] = map[string]json.RawMessage{}
		}
		nodes[id][key] = value
	}
	if len(nodes) == 0 {
		return nil, false
	}
	var b bytes.Buffer
	err := json.NewEncoder(&b).Encode(map[string]any{
		"error":       map[string]string{"type": "prompt_outputs_failed_validation", "message": strings.TrimSuffix(strings.TrimSpace(head), ":")},
		"node_errors": nodes,
	})
	if err != nil {
		return nil, false
	}
	return comfy.ReadRejection(b.Bytes(), nil)
}

// nodeLine is one line of the worker's list of node errors.
var nodeLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:\x{2022}|-|\*)? ?Node ([^ ]+) \(([a-z_]+)\): (.*)$`)
})

// handlerRefusal knows what the worker says of a request that it cannot use.
func handlerRefusal(text string) (*comfy.ValidationError, bool) {
	for _, known := range []string{
		"Missing 'workflow' parameter", "Please provide input", "Invalid JSON format in input",
		"'images' must be a list of objects with 'name' and 'image' keys",
	} {
		if strings.HasPrefix(text, known) {
			return &comfy.ValidationError{Type: "worker_input", Message: known}, true
		}
	}
	return nil, false
}
