package runpod

import (
	"slices"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// What is remembered of runs that are over.
const (
	maxKept      = 256       // runs
	maxKeptBytes = 256 << 20 // of their outputs, in memory or in temporary files
)

// kept remembers how runs ended, with the outputs that came along: RunPod gives
// them for 30 minutes, the SDK's local server once. Beyond the limits the oldest
// is forgotten, and asked for again.
type kept struct {
	mu        sync.Mutex
	states    map[string]comfy.State
	order     []string // the oldest first
	bytes     int64
	cancelled map[string]bool // runs that we took back
	takenBack []string
}

func (k *kept) get(id string) (comfy.State, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	st, ok := k.states[id]
	return st, ok
}

// put remembers the end of a run; the first one counts.
func (k *kept) put(id string, st comfy.State) comfy.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	if first, ok := k.states[id]; ok {
		return first
	}
	if k.states == nil {
		k.states = map[string]comfy.State{}
	}
	k.states[id] = st
	k.order = append(k.order, id)
	k.bytes += sizeOf(st)
	for len(k.order) > maxKept || k.bytes > maxKeptBytes && len(k.order) > 1 {
		k.bytes -= sizeOf(k.states[k.order[0]])
		delete(k.states, k.order[0])
		k.order = slices.Delete(k.order, 0, 1)
	}
	return st
}

// cancel notes that a run was taken back by us.
func (k *kept) cancel(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cancelled == nil {
		k.cancelled = map[string]bool{}
	}
	if !k.cancelled[id] {
		k.cancelled[id] = true
		k.takenBack = append(k.takenBack, id)
	}
	if len(k.takenBack) > 10*maxKept {
		delete(k.cancelled, k.takenBack[0])
		k.takenBack = slices.Delete(k.takenBack, 0, 1)
	}
}

func (k *kept) ours(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cancelled[id]
}

func sizeOf(st comfy.State) (n int64) {
	for _, o := range st.Outputs {
		if o.Inline != nil {
			n += o.Inline.Size()
		}
	}
	return n
}
