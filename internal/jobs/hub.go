package jobs

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"
)

// An Event tells watchers that something happened to a job. The rows are the
// truth: who missed events reads the job again.
type Event struct {
	ID      int64 // 0: it is not kept, as steps of a progress and previews are not
	Job     string
	Key     string // whose job it is
	Type    EventType
	Data    json.RawMessage
	Created time.Time

	// Image of a preview, and what it is. It is not changed any more.
	Image     []byte
	MediaType string
}

// EventType tells what an Event is about.
type EventType string

// Types of events, the words of the HTTP API.
const (
	EventState    EventType = "state"    // Data: {"state": …, "attempt": …}
	EventProgress EventType = "progress" // Data: the job's progress
	EventPreview  EventType = "preview"  // Image, MediaType
	EventOutput   EventType = "output"   // Data: {"n": …} of a stored output
	EventQueue    EventType = "queue"    // Data: {"paused": …}; of no job
	EventCancel   EventType = "cancel"   // somebody asked for the end of a job
	EventDeliver  EventType = "deliver"  // somebody asked for a webhook message once more; not kept
)

// accepted reports whether the event is the first of a job.
func (e Event) accepted() bool {
	return e.Type == EventState && bytes.Equal(e.Data, stateData(Queued, 0))
}

// watcherBuffer bounds what a slow watcher can lag behind: about ten seconds
// of a lively run.
const watcherBuffer = 256

// A hub spreads the events of this process and those that other processes
// wrote. A watcher that does not keep up is dropped: its channel is closed, and
// it begins again with a snapshot.
type hub struct {
	mu       sync.Mutex
	watchers map[*Watch]struct{}
	read     int64              // the id up to which the database was read
	lookBack int64              // how many ids before that are read again
	seen     map[int64]struct{} // kept events that were spread and may be read again
}

// A Watch receives events until it is closed or falls behind.
type Watch struct {
	C    <-chan Event
	send chan Event
	want func(Event) bool
	hub  *hub
}

// Close ends the watch.
func (w *Watch) Close() { w.hub.drop(w) }

func (h *hub) watch(want func(Event) bool) *Watch {
	c := make(chan Event, watcherBuffer)
	w := &Watch{C: c, send: c, want: want, hub: h}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = map[*Watch]struct{}{}
	}
	h.watchers[w] = struct{}{}
	return w
}

func (h *hub) drop(w *Watch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropLocked(w)
}

func (h *hub) dropLocked(w *Watch) {
	if _, ok := h.watchers[w]; ok {
		delete(h.watchers, w)
		close(w.send)
	}
}

// first reports whether an event was not spread yet.
func (h *hub) first(id int64) bool {
	if _, ok := h.seen[id]; ok || id <= h.read-h.lookBack {
		return false
	}
	if h.seen == nil {
		h.seen = map[int64]struct{}{}
	}
	h.seen[id] = struct{}{}
	return true
}

// begin says which events were there before anybody watched.
func (h *hub) begin(latest, lookBack int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read, h.lookBack = latest, lookBack
	h.seen = map[int64]struct{}{}
	for id := max(latest-lookBack, 0) + 1; id <= latest; id++ {
		h.seen[id] = struct{}{}
	}
}

// since is behind which event the database is read.
func (h *hub) since() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(h.read-h.lookBack, 0)
}

// readUpTo notes how far the database was read, and forgets what is read no more.
func (h *hub) readUpTo(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id <= h.read {
		return
	}
	h.read = id
	for old := range h.seen {
		if old <= h.read-h.lookBack {
			delete(h.seen, old)
		}
	}
}

// spread hands events out, apart from kept ones that were spread before, and
// returns those it handed out.
func (h *hub) spread(events ...Event) (fresh []Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		if e.ID != 0 && !h.first(e.ID) {
			continue
		}
		fresh = append(fresh, e)
		for w := range h.watchers {
			if !w.want(e) {
				continue
			}
			select {
			case w.send <- e:
			default:
				h.dropLocked(w)
			}
		}
	}
	return fresh
}
