package emulator

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator/internal/pyval"
)

// A job is one accepted prompt.
type job struct {
	number  any // int64, or float64 when the client chose it
	id      string
	prompt  *pyval.Object // after coercion
	extra   any           // extra_data: *pyval.Object unless the client sent nonsense
	outputs []string      // output nodes to run
	created time.Time
	started time.Time
	sid     string // session that hears about it, valid when hasSID
	hasSID  bool
}

// newJob fills in who hears about the job.
func newJob(number any, id string, prompt *pyval.Object, extra any, outputs []string, now time.Time) *job {
	j := &job{number: number, id: id, prompt: prompt, extra: extra, outputs: outputs, created: now}
	if o, ok := extra.(*pyval.Object); ok {
		if v, ok := o.Get("client_id"); ok && v != nil {
			j.hasSID = true
			j.sid, _ = v.(string) // an id that is no string has no socket
		}
	}
	return j
}

// tuple is the job as /queue and /history show it.
func (j *job) tuple() []any {
	return []any{j.number, j.id, j.prompt, j.extra, j.outputs}
}

// secretKeys of extra_data are taken out before a job reaches the history.
func secretKeys() []string { return []string{"auth_token_comfy_org", "api_key_comfy_org"} }

// withoutSecrets gives the job with its extra_data cleaned.
func (j *job) withoutSecrets() *job {
	o, ok := j.extra.(*pyval.Object)
	if !ok || !slices.ContainsFunc(secretKeys(), o.Has) {
		return j
	}
	c := *j
	o = o.Clone()
	for _, k := range secretKeys() {
		o.Delete(k)
	}
	c.extra = o
	return &c
}

// errUnordered reports two pending jobs that Python cannot order: the same
// number and id, and prompts that differ.
var errUnordered = errors.New("'<' not supported between instances of 'dict' and 'dict'")

// less orders jobs as Python orders the tuples.
func (j *job) less(k *job) (bool, error) {
	if order, ok := pyval.Compare(j.number, k.number); !ok || order != 0 {
		return ok && order < 0, nil
	}
	switch {
	case j.id != k.id:
		return j.id < k.id, nil
	case !pyval.Equal(j.prompt, k.prompt) || !pyval.Equal(j.extra, k.extra):
		return false, errUnordered
	}
	return slices.Compare(j.outputs, k.outputs) < 0, nil
}

// A queue holds what waits and what runs. Pending jobs are a binary heap whose
// raw array is what GET /queue shows, so the heap is the one of Python's heapq
// to the element. A queue is safe for concurrent use.
type queue struct {
	changed func(remaining int) // called under the lock, so that announcements keep their order

	mu      sync.Mutex
	heap    []*job
	running []*job
	wake    chan struct{} // capacity 1
}

func newQueue(changed func(remaining int)) *queue {
	return &queue{changed: changed, wake: make(chan struct{}, 1)}
}

// notify wakes the worker.
func (q *queue) notify() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) announce() { q.changed(len(q.heap) + len(q.running)) }

// put adds a job. On errUnordered the job is in the queue all the same, and
// nobody was told, as in the server.
func (q *queue) put(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.heap = append(q.heap, j)
	if err := q.rise(0, len(q.heap)-1); err != nil {
		return err
	}
	q.announce()
	q.notify()
	return nil
}

// next moves the first job to the running ones, or returns nil.
func (q *queue) next() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 {
		return nil
	}
	j := q.pop()
	q.running = append(q.running, j)
	q.announce()
	return j
}

// done takes a running job away, after record has written its history under
// the same lock: a job is always in exactly one place.
func (q *queue) done(j *job, record func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.running, j); i >= 0 {
		q.running = slices.Delete(q.running, i, i+1)
	}
	record()
	q.announce()
}

// remaining counts waiting and running jobs.
func (q *queue) remaining() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.heap) + len(q.running)
}

// snapshot gives the running jobs and the raw heap.
func (q *queue) snapshot() (running, pending []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.running), slices.Clone(q.heap)
}

// isRunning reports whether a job with that id runs now.
func (q *queue) isRunning(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.running, func(j *job) bool { return j.id == id })
}

// clear drops everything that waits.
func (q *queue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.heap = nil
	q.announce()
}

// remove drops the first waiting job with that id, in array order. The last
// one of a queue is announced twice, as the server does.
func (q *queue) remove(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.heap, func(j *job) bool { return j.id == id })
	if i < 0 {
		return false
	}
	q.heap = slices.Delete(q.heap, i, i+1)
	if len(q.heap) == 0 {
		q.announce()
	}
	for i := len(q.heap)/2 - 1; i >= 0; i-- {
		q.sink(i)
	}
	q.announce()
	return true
}

// rise moves the job at pos towards start until its parent is not larger.
func (q *queue) rise(start, pos int) error {
	j := q.heap[pos]
	defer func() { q.heap[pos] = j }()
	for pos > start {
		parent := (pos - 1) / 2
		less, err := j.less(q.heap[parent])
		if err != nil {
			return err
		}
		if !less {
			return nil
		}
		q.heap[pos] = q.heap[parent]
		pos = parent
	}
	return nil
}

// sink moves the job at pos all the way down along the smaller children, then
// lets it rise to its place: heapq's order of moves, visible in the array.
func (q *queue) sink(pos int) {
	start, end := pos, len(q.heap)
	j := q.heap[pos]
	for child := 2*pos + 1; child < end; child = 2*pos + 1 {
		if right := child + 1; right < end {
			if less, _ := q.heap[child].less(q.heap[right]); !less {
				child = right
			}
		}
		q.heap[pos] = q.heap[child]
		pos = child
	}
	q.heap[pos] = j
	_ = q.rise(start, pos) // jobs that cannot be ordered stay where they are
}

func (q *queue) pop() *job {
	last := q.heap[len(q.heap)-1]
	q.heap = q.heap[:len(q.heap)-1]
	if len(q.heap) == 0 {
		return last
	}
	first := q.heap[0]
	q.heap[0] = last
	q.sink(0)
	return first
}
