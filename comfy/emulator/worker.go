package emulator

import (
	"context"
	"errors"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// errInterrupted is the cause of a job's end by POST /interrupt.
var errInterrupted = errors.New("interrupted")

// errWorkerDead reports that the worker died: HTTP goes on, no job ever ends.
var errWorkerDead = errors.New("the worker is dead")

// workLoop is the one worker: job after job until the instance ends.
func (in *instance) workLoop() {
	for in.ctx.Err() == nil {
		j := in.queue.next()
		if j == nil {
			select {
			case <-in.ctx.Done():
				return
			case <-in.queue.wake:
				in.doFree()
			}
			continue
		}
		if in.runJob(j) != nil {
			return
		}
		in.doFree()
	}
}

// runJob executes one job to its history entry.
func (in *instance) runJob(j *job) error {
	n := in.server.countStart()
	if in.faults.hitsJob(FaultVanish, n, true) {
		in.queue.done(j, func() {})
		in.server.logExecution(Execution{PromptID: j.id, ClientID: j.sid, Outcome: OutcomeLost, Started: time.Now(), Ended: time.Now()})
		return nil
	}
	if in.faults.hitsJob(FaultZombie, n, false) {
		return errWorkerDead
	}
	e := in.begin(j, n)
	defer e.cancel()
	err := e.run()
	in.mu.Lock()
	in.running = nil
	in.mu.Unlock()
	if in.ctx.Err() != nil || err != nil {
		e.record(OutcomeLost)
		return errWorkerDead
	}
	return in.end(e)
}

// begin makes the execution that interrupts can find from now on.
func (in *instance) begin(j *job, n int) *execution {
	j.started = time.Now()
	ctx, cancel := context.WithCancelCause(in.ctx)
	e := &execution{
		in: in, job: j, ordinal: n, ctx: ctx, interrupt: cancel, cancel: func() { cancel(nil) },
		files: in.server.files.forNode(ctx), started: j.started,
		prints: map[string]string{}, progress: newProgress(j.id),
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.running = e
	if in.late {
		in.late = false
		cancel(errInterrupted)
	}
	return e
}

// end writes the history and says that the job is over, in that order.
func (in *instance) end(e *execution) error {
	if f, ok := in.faults.take(FaultHistoryDelay, ""); ok {
		if wait(in.ctx, f.Duration) != nil {
			e.record(OutcomeLost)
			return errWorkerDead
		}
	}
	e.record(e.outcome)
	_, lost := in.faults.take(FaultHistoryLost, "")
	entry := e.entry()
	in.queue.done(e.job, func() {
		if !lost {
			in.history.add(entry)
		}
	})
	if _, ok := in.faults.take(FaultOutputGone, ""); ok {
		for _, f := range e.files.saved {
			if v, ok := in.server.files.volume(f.typ); ok {
				_ = v.remove(f.name) // gone is what is wanted
			}
		}
	}
	if e.job.hasSID {
		in.hub.post("executing", pyval.Fields{{Key: "node", Value: nil}, {Key: "prompt_id", Value: e.job.id}}, e.job.sid, false)
	}
	return nil
}
