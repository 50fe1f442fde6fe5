package emulator

import (
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// An entry is what the server remembers about a finished job.
type entry struct {
	job     *job
	outputs pyval.Fields // node id -> UI output
	meta    pyval.Fields
	success bool
	events  []any // [name, data] pairs: start, cached, success, error, interrupted
	started time.Time
	ended   time.Time
}

// value is the entry as /history shows it.
func (e *entry) value() pyval.Fields {
	return pyval.Fields{
		{Key: "prompt", Value: e.job.tuple()},
		{Key: "outputs", Value: e.outputs},
		{Key: "status", Value: e.status()},
		{Key: "meta", Value: e.meta},
	}
}

func (e *entry) status() pyval.Fields {
	status := "error"
	if e.success {
		status = "success"
	}
	return pyval.Fields{
		{Key: "status_str", Value: status},
		{Key: "completed", Value: e.success},
		{Key: "messages", Value: e.events},
	}
}

// last gives the data of the newest recorded event of that name.
func (e *entry) last(name string) (any, bool) {
	for _, m := range slices.Backward(e.events) {
		if pair := m.([]any); pair[0] == name {
			return pair[1], true
		}
	}
	return nil, false
}

// A history keeps finished jobs in the order of their first completion. A job
// that finishes again under the same id keeps its place. It is safe for
// concurrent use.
type history struct {
	limit int

	mu      sync.Mutex
	order   []string
	entries map[string]*entry
}

func newHistory(limit int) *history {
	return &history{limit: limit, entries: map[string]*entry{}}
}

// add records an entry. The oldest one goes when there are more than limit
// before the addition: the server keeps one more than its limit, too.
func (h *history) add(e *entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.order) > h.limit {
		delete(h.entries, h.order[0])
		h.order = h.order[1:]
	}
	if _, ok := h.entries[e.job.id]; !ok {
		h.order = append(h.order, e.job.id)
	}
	h.entries[e.job.id] = e
}

func (h *history) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.entries) == 0
}

func (h *history) get(id string) *entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.entries[id]
}

// window lists entries, oldest first. maxItems nil means all; a negative
// offset with maxItems means the newest ones.
func (h *history) window(maxItems *int, offset int) []*entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	if offset < 0 && maxItems != nil {
		offset = len(h.order) - *maxItems
	}
	var list []*entry
	for _, id := range h.order[min(max(offset, 0), len(h.order)):] {
		list = append(list, h.entries[id])
		if maxItems != nil && len(list) >= *maxItems {
			break
		}
	}
	return list
}

func (h *history) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.order, h.entries = nil, map[string]*entry{}
}

func (h *history) remove(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.entries[id]; !ok {
		return
	}
	delete(h.entries, id)
	h.order = slices.DeleteFunc(h.order, func(s string) bool { return s == id })
}
