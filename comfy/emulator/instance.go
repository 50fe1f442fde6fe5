package emulator

import (
	"context"
	"sync"
	"time"
)

// An instance is one life of the server process: all that a restart loses.
type instance struct {
	server  *Server
	faults  *faultSet
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
	queue   *queue
	history *history
	hub     *hub
	cache   *cache
	models  *modelSlots
	born    time.Time

	mu      sync.Mutex
	counter int64 // of prompts without an explicit number
	running *execution
	late    bool // an interrupt that will hit the next job
	free    freeFlags
	success bool // of the last node that ran, over all jobs

	disguises    int // hostile names given out
	hostileNames map[[2]string]savedFile
}

// freeFlags is what POST /free asked for.
type freeFlags struct{ models, memory bool }

func (s *Server) startInstance(kept *history) *instance {
	ctx, cancel := context.WithCancel(context.Background())
	in := &instance{
		server: s, faults: s.faults, ctx: ctx, cancel: cancel, born: time.Now(),
		history: kept,
		hub:     newHub(s.faults),
		cache:   newCache(),
		models:  &modelSlots{size: s.opts.ModelSlots},
		success: true,
	}
	if in.history == nil {
		in.history = newHistory(s.opts.HistoryCap)
	}
	in.queue = newQueue(func(remaining int) { in.hub.post("status", in.statusData(remaining), "", true) })
	in.work.Go(func() { in.hub.publish(ctx) })
	in.work.Go(func() { in.workLoop() })
	if f, ok := s.faults.look(FaultForget); ok && f.Duration > 0 {
		in.work.Go(func() {
			if wait(ctx, f.Duration) == nil {
				in.faults.useUp(FaultForget)
				in.forget()
			}
		})
	}
	return in
}

// stop ends the instance and waits for its goroutines.
func (in *instance) stop() {
	in.cancel()
	in.hub.cutAll()
	in.work.Wait()
}

// forget restarts the server from within one of its own goroutines.
func (in *instance) forget() {
	go in.server.Restart(false)
	<-in.ctx.Done()
}

// nextNumber gives the queue number of a prompt that brought none.
func (in *instance) nextNumber(front bool) int64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := in.counter
	in.counter++
	if front {
		return -n
	}
	return n
}

// interrupt stops the running job, if it is the one with that id or id is "".
func (in *instance) interrupt(id string) {
	if _, ok := in.faults.take(FaultInterruptLost, ""); ok {
		return
	}
	if _, ok := in.faults.take(FaultInterruptLate, ""); ok {
		in.mu.Lock()
		in.late = true
		in.mu.Unlock()
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	// Between dequeue and start there is no execution yet, and the start
	// clears the flag: an interrupt in that gap is lost, as in the server.
	if in.running != nil && (id == "" || in.running.job.id == id) {
		in.running.interrupt(errInterrupted)
	}
}

// current gives the node that the running job of that session is in.
func (in *instance) current(sid string) (string, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.running == nil || !in.running.job.hasSID || in.running.job.sid != sid {
		return "", false
	}
	return in.running.node, in.running.node != ""
}

// askFree remembers what the worker shall free after the current job.
func (in *instance) askFree(models, memory bool) {
	in.mu.Lock()
	in.free.models = in.free.models || models || memory
	in.free.memory = in.free.memory || memory
	in.mu.Unlock()
	in.queue.notify()
}

// doFree frees what was asked for.
func (in *instance) doFree() {
	in.mu.Lock()
	f := in.free
	in.free = freeFlags{}
	in.mu.Unlock()
	if f.models {
		in.models.unload()
	}
	if f.memory {
		in.cache.clear()
		in.mu.Lock()
		in.success = true
		in.mu.Unlock()
	}
}

// modelSlots are the models that are loaded, most recently used last.
type modelSlots struct {
	size int

	mu     sync.Mutex
	loaded []string
}

// load makes a model the most recently used one and reports whether it had to
// be read from disk.
func (m *modelSlots) load(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, n := range m.loaded {
		if n == name {
			m.loaded = append(append(m.loaded[:i:i], m.loaded[i+1:]...), name)
			return false
		}
	}
	m.loaded = append(m.loaded, name)
	if extra := len(m.loaded) - m.size; extra > 0 {
		m.loaded = m.loaded[extra:]
	}
	return true
}

func (m *modelSlots) unload() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loaded = nil
}
