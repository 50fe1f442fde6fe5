package emulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/nodes"
	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// An execution is one job on the worker.
type execution struct {
	in        *instance
	job       *job
	ordinal   int
	ctx       context.Context // ends when the job is interrupted or the server goes
	interrupt context.CancelCauseFunc
	cancel    func()
	files     *nodeFiles
	started   time.Time

	node     string // being run, for sockets that connect now; guarded by in.mu
	key      map[string]cacheKey
	prints   map[string]string // fingerprints
	progress *progress
	cached   []string
	executed []string
	events   []any // for the history
	success  bool
	outcome  string
	graph    []byte // as saved into files, made when first needed
}

// promptNode gives a node as the prompt has it.
func (e *execution) promptNode(id string) (*pyval.Object, bool) {
	v, _ := e.job.prompt.Get(id)
	o, ok := v.(*pyval.Object)
	return o, ok
}

// inputs gives the inputs of a node. An error kills the worker: validation
// let something pass that is not reachable from an output.
func (e *execution) inputs(id string) (*pyval.Object, error) {
	node, ok := e.promptNode(id)
	if !ok {
		return nil, fmt.Errorf("node %s not found", id)
	}
	v, _ := node.Get("inputs")
	inputs, ok := v.(*pyval.Object)
	if !ok {
		return nil, fmt.Errorf("node %s has no inputs", id)
	}
	return inputs, nil
}

func (e *execution) class(id string) *nodes.Class {
	return e.in.server.classes(classOf(e.job.prompt, id))
}

// send posts an event to the job's client. Without one it is lost, or goes to
// everybody for the events that the server sends so.
func (e *execution) send(name string, data any, broadcast bool) {
	if e.job.hasSID || broadcast {
		e.in.hub.post(name, data, e.job.sid, !e.job.hasSID)
	}
}

// note sends an event that the history keeps.
func (e *execution) note(name string, data pyval.Fields, broadcast bool) {
	data = append(data, pyval.Member{Key: "timestamp", Value: stamp(time.Now())})
	e.events = append(e.events, []any{name, data})
	e.send(name, data, broadcast)
}

// run executes the job. An error means that the worker died of it.
func (e *execution) run() error {
	e.outcome = OutcomeError
	e.success = e.in.lastSuccess()
	id := pyval.Member{Key: "prompt_id", Value: e.job.id}
	e.note("execution_start", pyval.Fields{id}, false)
	if _, ok := e.job.extra.(*pyval.Object); !ok {
		return errWorkerDead // extra data that is no object crashes the worker
	}
	keys, err := e.keys()
	if err != nil {
		return err
	}
	e.key = keys
	e.in.cache.begin(keys)
	for _, m := range e.job.prompt.Members() {
		if e.result(m.Key) != nil {
			e.cached = append(e.cached, m.Key)
		}
	}
	e.note("execution_cached", pyval.Fields{{Key: "nodes", Value: e.cached}, id}, false)
	plan := newSchedule(e)
	for _, o := range e.job.outputs {
		if err := plan.add(o); err != nil {
			return err
		}
	}
	failure := e.runAll(plan)
	e.in.setSuccess(e.success)
	if e.in.ctx.Err() != nil {
		return e.in.ctx.Err()
	}
	switch {
	case failure == nil:
		e.outcome = OutcomeSuccess
		e.note("execution_success", pyval.Fields{id}, false)
	case failure.interrupted:
		e.outcome = OutcomeInterrupted
		e.note("execution_interrupted", failure.head(e), true)
	default:
		e.note("execution_error", failure.full(e), false)
	}
	return nil
}

// runAll runs node after node; the first failure ends it.
func (e *execution) runAll(plan *schedule) *failure {
	for !plan.empty() {
		id, ok := plan.pick()
		if !ok {
			return &failure{node: plan.inCycle(), typ: "graph.DependencyCycleError", message: "Dependency cycle detected", noInputs: true}
		}
		if e.in.faults.hitsJob(FaultForget, e.ordinal, false) && len(e.executed) > 0 {
			e.in.forget()
		}
		f := e.runNode(id)
		e.success = f == nil
		if f != nil {
			return f
		}
		plan.finish(id)
	}
	return nil
}

// result gives the kept result of a node.
func (e *execution) result(id string) *cached { return e.in.cache.get(e.key[id]) }

// runNode runs one node, or repeats what it showed before.
func (e *execution) runNode(id string) *failure {
	if r := e.result(id); r != nil {
		e.send("executed", executedData(id, id, e.job.id, r.ui), false)
		e.progress.finish(id)
		e.sendProgress()
		return nil
	}
	e.progress.start(id, "")
	e.sendProgress()
	e.setNode(id)
	e.send("executing", executingData(id, id, e.job.id), false)
	run := e.newNodeRun(id)
	outputs, err := run.do()
	if err != nil {
		return e.failed(run, err)
	}
	r := &cached{outputs: outputs}
	if ui := run.shown(); ui != nil {
		shown, parent := run.child()
		r.ui = &uiOutput{output: ui, meta: pyval.Fields{
			{Key: "node_id", Value: shown}, {Key: "display_node", Value: id}, {Key: "parent_node", Value: parent}, {Key: "real_node_id", Value: id},
		}}
		e.send("executed", executedData(shown, id, e.job.id, r.ui), false)
	}
	e.in.cache.put(e.key[id], r)
	e.progress.finish(id)
	e.sendProgress()
	e.executed = append(e.executed, id)
	return nil
}

// setNode remembers the node for sockets that connect while it runs. The
// server does so only for jobs of a client.
func (e *execution) setNode(id string) {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	e.node = id
}

func executingData(node, display, prompt string) pyval.Fields {
	return pyval.Fields{{Key: "node", Value: node}, {Key: "display_node", Value: display}, {Key: "prompt_id", Value: prompt}}
}

func executedData(node, display, prompt string, ui *uiOutput) pyval.Fields {
	var output any
	if ui != nil {
		output = ui.output
	}
	return pyval.Fields{
		{Key: "node", Value: node}, {Key: "display_node", Value: display}, {Key: "output", Value: output}, {Key: "prompt_id", Value: prompt},
	}
}

// entry is what the history keeps of the job.
func (e *execution) entry() *entry {
	h := &entry{job: e.job.withoutSecrets(), success: e.success, events: e.events, started: e.started, ended: time.Now()}
	for _, m := range e.job.prompt.Members() {
		r := e.result(m.Key)
		if r == nil || r.ui == nil || !e.inHistory(m.Key) {
			continue
		}
		h.outputs = append(h.outputs, pyval.Member{Key: e.shownID(m.Key, r.ui), Value: r.ui.output})
		h.meta = append(h.meta, pyval.Member{Key: e.shownID(m.Key, r.ui), Value: r.ui.meta})
	}
	return h
}

// inHistory reports whether the history names a node's output. Older servers name
// everything that the cache holds for the prompt, newer ones what this run
// executed or was asked for.
func (e *execution) inHistory(id string) bool {
	return !e.in.server.since(shownVersion) || slices.Contains(e.executed, id) || slices.Contains(e.job.outputs, id)
}

// shownID is the id in the history: of a node that ran as a child, the child's.
func (e *execution) shownID(id string, ui *uiOutput) string {
	if parent := ui.meta[2].Value; parent != nil {
		return ui.meta[0].Value.(string)
	}
	return id
}

func (e *execution) record(outcome string) {
	e.in.server.logExecution(Execution{
		PromptID: e.job.id, ClientID: e.job.sid, Nodes: slices.Clone(e.executed), Cached: e.cached,
		Outcome: outcome, Started: e.started, Ended: time.Now(),
	})
}

func (in *instance) lastSuccess() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.success
}

func (in *instance) setSuccess(ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.success = ok
}

// A failure ends a job.
type failure struct {
	node        string
	interrupted bool
	typ         string
	message     string // with the tip
	inputs      pyval.Fields
	noInputs    bool // current_inputs is a list then
}

// failed turns a node's error into the end of the job.
func (e *execution) failed(run *nodeRun, err error) *failure {
	if e.ctx.Err() != nil && errors.Is(context.Cause(e.ctx), errInterrupted) {
		return &failure{node: run.id, interrupted: true}
	}
	f := &failure{node: run.id, typ: "Exception", message: err.Error() + "\n", inputs: run.formatted()}
	var x *pyval.Exception
	if errors.As(err, &x) {
		f.typ = x.Type
		if x.OutOfMemory {
			f.message += "This error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number."
			e.in.models.unload()
		}
	}
	return f
}

// head is what both kinds of failure tell.
func (f *failure) head(e *execution) pyval.Fields {
	return pyval.Fields{
		{Key: "prompt_id", Value: e.job.id},
		{Key: "node_id", Value: f.node},
		{Key: "node_type", Value: classOf(e.job.prompt, f.node)},
		{Key: "executed", Value: slices.Clone(e.executed)},
	}
}

func (f *failure) full(e *execution) pyval.Fields {
	var inputs any = f.inputs
	frames := traceback("execute", "get_output_data", "process_inputs")
	if f.noInputs {
		inputs, frames = []any{}, []string{}
	}
	var all []string
	for _, m := range e.job.prompt.Members() {
		all = append(all, m.Key)
	}
	return append(f.head(e),
		pyval.Member{Key: "exception_message", Value: f.message}, pyval.Member{Key: "exception_type", Value: f.typ},
		pyval.Member{Key: "traceback", Value: frames}, pyval.Member{Key: "current_inputs", Value: inputs},
		pyval.Member{Key: "current_outputs", Value: all})
}
