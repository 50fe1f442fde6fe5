package runpod

import (
	"context"
	"sync"
	"time"
)

// window is the time over which RunPod counts requests.
const window = 10 * time.Second

// A pace keeps questions of one sort within what RunPod takes from one user at one
// endpoint, so that it never has to refuse them: so many within any ten seconds,
// and so many at once. It counts those of this process.
type pace struct {
	slots chan struct{} // one per question on its way

	mu    sync.Mutex
	times []time.Time // of the last questions, a ring
	next  int
}

// newPace takes RunPod's figures: requests per ten seconds, and at once.
func newPace(perWindow, atOnce int) *pace {
	return &pace{slots: make(chan struct{}, atOnce), times: make([]time.Time, perWindow)}
}

// begin waits until a question may be sent; done must be called after it.
func (p *pace) begin(ctx context.Context) (done func(), err error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	at := time.Now()
	if free := p.times[p.next].Add(window); !p.times[p.next].IsZero() && free.After(at) {
		at = free
	}
	p.times[p.next] = at // taken, also when ctx ends while it waits
	p.next = (p.next + 1) % len(p.times)
	p.mu.Unlock()
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		<-p.slots
		return nil, ctx.Err()
	}
}
