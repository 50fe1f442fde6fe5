package comfy

import (
	"slices"
	"sync"
	"time"
)

// Bounds of what is kept about runs that nobody follows (yet).
const (
	maxMailbox = 1024 // events that wait for one follower; older hints are dropped
	maxKept    = 1000 // runs remembered after their submission
)

// runs are the runs that a client knows of: their mailboxes and what only the
// submission could tell about them.
type runs struct {
	mu    sync.Mutex
	byID  map[string]*run
	order []string // oldest first
}

// A run is what the client knows about one submitted or followed run.
type run struct {
	id string

	mu        sync.Mutex
	clientID  string          // socket session that gets its events, "" = none of ours
	sockets   map[string]bool // nodes that send their pictures only through the socket
	boxes     []*mailbox
	backlog   *mailbox // events since the submission, for the first follower
	rejected  []NodeProblem
	blocked   []string // "node 12 did not run: ..."
	inline    []Output
	inlined   int64
	executing string // node
	active    bool   // between execution_start and the end
	heard     bool   // some event was about this run
	cancelled bool   // we asked for it
	unsettled bool   // submitted without a usable answer
	unshown   bool   // submitted without asking for previews, which some servers send all the same
}

func newRuns() *runs { return &runs{byID: map[string]*run{}} }

// get returns a run, nil when not known.
func (rs *runs) get(id string) *run {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.byID[id]
}

// add returns the run with this id, made if need be. The oldest run that
// nobody follows makes room.
func (rs *runs) add(id string) *run {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if r := rs.byID[id]; r != nil {
		return r
	}
	r := &run{id: id}
	rs.byID[id] = r
	rs.order = append(rs.order, id)
	for i := 0; len(rs.order) > maxKept && i < len(rs.order); i++ {
		if old := rs.byID[rs.order[i]]; old != r && !old.followed() {
			delete(rs.byID, rs.order[i])
			rs.order = slices.Delete(rs.order, i, i+1)
			i--
		}
	}
	return r
}

// remove forgets a run.
func (rs *runs) remove(id string) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if _, ok := rs.byID[id]; ok {
		delete(rs.byID, id)
		rs.order = slices.DeleteFunc(rs.order, func(s string) bool { return s == id })
	}
}

// rename moves a run to the id that an old server gave it.
func (rs *runs) rename(r *run, id string) {
	rs.remove(r.id)
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r.id = id
	if _, ok := rs.byID[id]; !ok {
		rs.order = append(rs.order, id)
	}
	rs.byID[id] = r
}

// waiting reports whether anybody follows a run.
func (rs *runs) waiting() bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, r := range rs.byID {
		if r.followed() {
			return true
		}
	}
	return false
}

// each calls f for every run.
func (rs *runs) each(f func(*run)) {
	rs.mu.Lock()
	all := make([]*run, 0, len(rs.byID))
	for _, r := range rs.byID {
		all = append(all, r)
	}
	rs.mu.Unlock()
	for _, r := range all {
		f(r)
	}
}

// onlyActive returns the run that executes, if exactly one of ours does.
func (rs *runs) onlyActive() *run {
	var found *run
	several := false
	rs.each(func(r *run) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.active {
			several = several || found != nil
			found = r
		}
	})
	if several {
		return nil
	}
	return found
}

func (r *run) session() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clientID
}

func (r *run) followed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.boxes) > 0
}

// open gives a follower its mailbox; the first gets what came in before.
func (r *run) open() *mailbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.backlog
	r.backlog = nil
	if b == nil {
		b = newMailbox()
	}
	r.boxes = append(r.boxes, b)
	return b
}

// close ends a mailbox and reports whether it was the last. Of a run that goes
// on, the last one keeps collecting for whoever follows next.
func (r *run) close(b *mailbox, finished bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.boxes = slices.DeleteFunc(r.boxes, func(x *mailbox) bool { return x == b })
	if len(r.boxes) > 0 {
		return false
	}
	if !finished {
		r.backlog = b
	}
	return true
}

// all are the mailboxes to deliver to; r.mu is held.
func (r *run) all() []*mailbox {
	if r.backlog != nil {
		return append(slices.Clone(r.boxes), r.backlog)
	}
	return r.boxes
}

// A mailbox holds what a follower has not asked for yet. Delivery never waits:
// progress and previews replace their predecessor, and beyond maxMailbox the
// oldest hints go.
type mailbox struct {
	wake chan struct{} // has one element when there is something new

	mu        sync.Mutex
	events    []Event
	heard     time.Time // last message about the run
	pollAsked bool      // the queue changed, or the socket went: poll now
	ending    bool      // execution_success, _error or _interrupted came
	ended     bool      // "executing null" came: the history is written
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1), heard: time.Now()} }

func (b *mailbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// put adds an event.
func (b *mailbox) put(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.signal()
	b.heard = time.Now()
	n := len(b.events)
	switch {
	case e.Type == EventProgress && n > 0 && b.events[n-1].Type == EventProgress && b.events[n-1].Node == e.Node:
		b.events[n-1] = e
		return
	case e.Type == EventPreview:
		b.events = slices.DeleteFunc(b.events, func(x Event) bool { return x.Type == EventPreview })
	case n >= maxMailbox:
		b.events = slices.Delete(b.events, 0, 1)
	}
	b.events = append(b.events, e)
}

// touch notes that the run was heard of.
func (b *mailbox) touch() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = time.Now()
}

// hint notes that the run seems to be over; sure means that its history is written.
func (b *mailbox) hint(sure bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = time.Now()
	b.ending = true
	b.ended = b.ended || sure
	b.signal()
}

// pollNow asks for a poll before the next one is due.
func (b *mailbox) pollNow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pollAsked = true
	b.signal()
}

// take removes the oldest event.
func (b *mailbox) take() (Event, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.events) == 0 {
		return Event{}, false
	}
	e := b.events[0]
	b.events[0] = Event{}
	b.events = b.events[1:]
	return e, true
}
