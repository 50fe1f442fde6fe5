package emulator

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A nodeRun is one node being executed.
type nodeRun struct {
	e      *execution
	id     string
	class  *nodes.Class
	inputs *pyval.Object
	call   *nodes.Call
	asID   string // the child's id when the node runs expanded, else id

	told      time.Time // when its progress was last sent, and its value then
	toldValue int
}

func (e *execution) newNodeRun(id string) *nodeRun {
	inputs, _ := e.inputs(id) // was read before
	return &nodeRun{e: e, id: id, class: e.class(id), inputs: inputs, asID: id}
}

// do runs the node's function. Its error is the failure of the job.
func (r *nodeRun) do() ([]any, error) {
	r.call = r.newCall()
	if err := r.e.ctx.Err(); err != nil {
		return nil, err
	}
	if b := r.blocked(); b != nil {
		return r.blockAll(b), nil
	}
	if err := r.injected(); err != nil {
		return nil, err
	}
	if _, ok := r.fault(FaultExpand); ok {
		r.expand()
	}
	if err := r.loadModel(); err != nil {
		return nil, err
	}
	outputs, err := r.protect()
	if err != nil {
		return nil, err
	}
	if _, ok := r.fault(FaultBlocker); ok {
		for i := range outputs {
			outputs[i] = &nodes.Blocker{Message: "blocked by a fault of the emulator"}
		}
	}
	if r.asID != r.id {
		r.e.progress.finish(r.asID)
		r.e.sendProgress()
	}
	return outputs, nil
}

func (r *nodeRun) fault(name string) (Fault, bool) { return r.e.in.faults.take(name, r.class.Name) }

// injected gives the failure that a fault wants.
func (r *nodeRun) injected() error {
	if _, ok := r.fault(FaultOOM); ok {
		return &pyval.Exception{
			Type: "torch.OutOfMemoryError", OutOfMemory: true,
			Message: "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB of which 512.00 MiB is free.",
		}
	}
	if _, ok := r.fault(FaultException); ok {
		return &pyval.Exception{Type: "RuntimeError", Message: "a fault of the emulator"}
	}
	return nil
}

// protect runs the function; a panic in it is the node's exception.
func (r *nodeRun) protect() (outputs []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &pyval.Exception{Type: "RuntimeError", Message: fmt.Sprint(p)}
		}
	}()
	outputs, err = r.class.Run(r.e.ctx, r.call)
	if err == nil && len(outputs) < len(r.class.Outputs) {
		outputs = append(outputs, make([]any, len(r.class.Outputs)-len(outputs))...)
	}
	return outputs, err
}

// newCall gathers what the function gets.
func (r *nodeRun) newCall() *nodes.Call {
	c := &nodes.Call{
		Node: r.id, Class: r.class, Inputs: map[string]any{}, UI: map[string][]any{}, Files: r.e.files,
		Seed: binary.BigEndian.Uint64([]byte(r.e.key[r.id])), Step: r.e.in.server.opts.StepTime, Report: r.report,
	}
	for in := range r.class.EachInput() {
		v, ok := r.inputs.Get(in.Name)
		if !ok {
			continue
		}
		if value, ok := r.linked(v); ok {
			c.Inputs[in.Name] = value
			continue
		}
		c.Inputs[in.Name] = nodes.GoValue(v)
	}
	if slices.Contains(r.class.Hidden, "PROMPT") {
		c.Graph = r.e.savedGraph()
	}
	if slices.Contains(r.class.Hidden, "EXTRA_PNGINFO") {
		c.Extra = pngInfo(r.e.job.extra)
	}
	return c
}

// linked follows a link to the value that the source made.
func (r *nodeRun) linked(v any) (value any, ok bool) {
	source, slot, ok := linkOf(v)
	if !ok {
		return nil, false
	}
	result := r.e.result(source)
	if result == nil {
		return nil, true
	}
	if i, err := slotOf(slot, len(result.outputs), "list"); err == nil {
		return result.outputs[i], true
	}
	return nil, true
}

// blocked finds a blocker among the inputs.
func (r *nodeRun) blocked() *nodes.Blocker {
	for in := range r.class.EachInput() {
		if b, ok := r.call.Inputs[in.Name].(*nodes.Blocker); ok {
			return b
		}
	}
	return nil
}

// blockAll passes a block on; only the first consumer announces it. The event
// looks like a failure and is none.
func (r *nodeRun) blockAll(b *nodes.Blocker) []any {
	if b.Message != "" {
		data := (&failure{node: r.id}).head(r.e)
		r.e.send("execution_error", append(data,
			pyval.Member{Key: "exception_message", Value: "Execution Blocked: " + b.Message},
			pyval.Member{Key: "exception_type", Value: "ExecutionBlocked"},
			pyval.Member{Key: "traceback", Value: []any{}}, pyval.Member{Key: "current_inputs", Value: []any{}},
			pyval.Member{Key: "current_outputs", Value: []any{}}), true)
	}
	outputs := make([]any, len(r.class.Outputs))
	for i := range outputs {
		outputs[i] = &nodes.Blocker{}
	}
	return outputs
}

// expand lets the rest happen under the id of a child.
func (r *nodeRun) expand() {
	r.asID = r.id + ".0.0.1"
	r.e.progress.start(r.asID, r.id)
	r.e.sendProgress()
	r.e.send("executing", executingData(r.asID, r.id, r.e.job.id), false)
}

// child gives the id under which the node showed its output, and the parent
// of that id.
func (r *nodeRun) child() (shown string, parent any) {
	if r.asID == r.id {
		return r.id, nil
	}
	return r.asID, r.id
}

// loadModel costs the time of reading a model unless it is loaded. As in the
// server, an interrupt is not seen meanwhile.
func (r *nodeRun) loadModel() error {
	if !r.class.Loads {
		return nil
	}
	name := []string{r.class.Name}
	for in := range r.class.EachInput() {
		if in.Folder != "" {
			name = append(name, fmt.Sprint(r.call.Inputs[in.Name]))
		}
	}
	if r.e.in.models.load(strings.Join(name, "\x00")) {
		return wait(r.e.in.ctx, r.e.in.server.opts.ModelLoad)
	}
	return nil
}

// report is what a node calls at each step: progress for the client, and a
// preview picture when somebody wants one.
func (r *nodeRun) report(value, limit int, preview func() image.Image) {
	e := r.e
	e.progress.update(r.asID, value, limit)
	if !e.in.hub.wanted(e.job.sid, !e.job.hasSID) {
		return
	}
	wanted := preview != nil && e.previews()
	if !wanted && r.throttled(value, limit) {
		return
	}
	e.sendProgress()
	var picture []byte
	if wanted {
		picture = encodePreview(preview())
	}
	withMetadata := e.job.hasSID && e.in.hub.supports(e.job.sid, "supports_preview_metadata")
	if wanted && withMetadata {
		e.in.hub.postBinary(binaryPreviewMetadata, append(r.previewHead(), picture...), e.job.sid, false)
	}
	e.send("progress", pyval.Fields{
		{Key: "value", Value: value}, {Key: "max", Value: limit}, {Key: "prompt_id", Value: e.job.id}, {Key: "node", Value: r.asID},
	}, true)
	if wanted && !withMetadata {
		kind := binary.BigEndian.AppendUint32(nil, previewJPEG)
		e.in.hub.postBinary(binaryPreview, append(kind, picture...), e.job.sid, !e.job.hasSID)
	}
}

func (r *nodeRun) previewHead() []byte {
	_, parent := r.child()
	meta := pyval.Encode(pyval.Fields{
		{Key: "node_id", Value: r.asID},
		{Key: "prompt_id", Value: r.e.job.id},
		{Key: "display_node_id", Value: r.id},
		{Key: "parent_node_id", Value: parent},
		{Key: "real_node_id", Value: r.id},
		{Key: "image_type", Value: "image/jpeg"},
	})
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(meta))), meta...)
}

// previews reports whether this job draws previews. Newer servers let each
// job say so.
func (e *execution) previews() bool {
	if extra, ok := e.job.extra.(*pyval.Object); ok && e.in.server.since(previewPerRun) {
		switch method, _ := extra.Get("preview_method"); method {
		case "none":
			return false
		case "auto", "latent2rgb", "taesd":
			return true
		}
	}
	return e.in.server.opts.Previews
}

// throttled reports whether a newer server would leave this tick out: it is
// not the last one, and too near in time or value to the one sent before.
func (r *nodeRun) throttled(value, limit int) bool {
	const pause = 100 * time.Millisecond
	now := time.Now()
	soon := now.Sub(r.told) < pause || (value-r.toldValue)*200 < limit
	if r.e.in.server.since(throttleVersion) && !r.told.IsZero() && value < limit && soon {
		return true
	}
	r.told, r.toldValue = now, value
	return false
}

// formatted shows the inputs as a failure reports them: constants as they
// are, everything else as text.
func (r *nodeRun) formatted() pyval.Fields {
	fields := pyval.Fields{}
	for _, m := range r.inputs.Members() {
		v, ok := r.call.Inputs[m.Key]
		if !ok {
			continue
		}
		switch v.(type) {
		case nil, bool, int64, uint64, float64, string:
		default:
			v = fmt.Sprintf("<%T>", v)
		}
		fields = append(fields, pyval.Member{Key: m.Key, Value: []any{v}})
	}
	extra, _ := r.e.job.extra.(*pyval.Object)
	for _, typ := range r.class.Hidden {
		var v any
		switch typ {
		case "PROMPT":
			v = pyval.Repr(r.e.job.prompt)
		case "EXTRA_PNGINFO":
			if info, ok := extra.Get("extra_pnginfo"); ok && info != nil {
				v = pyval.Str(info)
			}
		case "UNIQUE_ID":
			v = r.id
		}
		fields = append(fields, pyval.Member{Key: nodes.HiddenName(typ), Value: []any{v}})
	}
	return fields
}

// savedGraph is the prompt as the server writes it into files: with the
// fingerprints that it computed.
func (e *execution) savedGraph() json.RawMessage {
	if e.graph == nil {
		prompt := e.job.prompt
		for _, id := range slices.Sorted(maps.Keys(e.prints)) {
			print := e.prints[id]
			if print == "" || len(e.class(id).OwnsInputs) == 0 || strings.HasPrefix(print, "given ") {
				continue
			}
			if prompt == e.job.prompt {
				prompt = prompt.Clone()
			}
			node, _ := prompt.Get(id)
			node.(*pyval.Object).Set("is_changed", []any{print})
		}
		e.graph = pyval.Encode(prompt)
	}
	return e.graph
}

// pngInfo is what the client wants written into files, by key.
func pngInfo(extra any) map[string]json.RawMessage {
	o, ok := extra.(*pyval.Object)
	if !ok {
		return nil
	}
	v, _ := o.Get("extra_pnginfo")
	info, ok := v.(*pyval.Object)
	if !ok {
		return nil
	}
	m := map[string]json.RawMessage{}
	for _, e := range info.Members() {
		m[e.Key] = pyval.Encode(e.Value)
	}
	return m
}
