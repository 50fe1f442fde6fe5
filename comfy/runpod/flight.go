package runpod

import (
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// A flight is one question about a job, for all who want its answer.
type flight struct {
	done  chan struct{} // closed when state and err are there
	state comfy.State
	err   error
}

// flights are the questions on their way, by job.
type flights struct {
	mu    sync.Mutex
	byJob map[string]*flight
}

// do joins the question about a job that is on its way, or begins one.
func (f *flights) do(id string, ask func() (comfy.State, error)) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on, ok := f.byJob[id]; ok {
		return on
	}
	if f.byJob == nil {
		f.byJob = map[string]*flight{}
	}
	on := &flight{done: make(chan struct{})}
	f.byJob[id] = on
	go func() {
		on.state, on.err = ask()
		f.mu.Lock()
		delete(f.byJob, id)
		f.mu.Unlock()
		close(on.done)
	}()
	return on
}
