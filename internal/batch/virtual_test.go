package batch

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// A fleet is emulators in this process, which work by the clock of a test's bubble.
type fleet []*member

// A member is one of them; its way can be cut.
type member struct {
	opts emulator.Options
	way  time.Duration // a round trip

	mu     sync.Mutex
	server *emulator.Server     // nil = it is down
	done   []emulator.Execution // to their end
}

// newFleet are emulators that take so long for a step, with a round trip to each.
func newFleet(user *bench, way time.Duration, steps []time.Duration) fleet {
	var f fleet
	user.clients = map[string]*http.Client{}
	for i, step := range steps {
		m := &member{opts: emulator.Options{StepTime: step}, way: way}
		m.opts.OnExecution = func(e emulator.Execution) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if e.Outcome == emulator.OutcomeSuccess {
				m.done = append(m.done, e)
			}
		}
		m.server = emulator.New(m.opts)
		user.clients[nameOf(i)] = &http.Client{Transport: m}
		f = append(f, m)
	}
	return f
}

func nameOf(i int) string { return fmt.Sprint("b", i) }

func (f fleet) addresses() []string {
	var all []string
	for i := range f {
		all = append(all, nameOf(i)+"=http://"+emulator.Host)
	}
	return all
}

// close ends all, so that nothing of them is left in the bubble.
func (f fleet) close() {
	for _, m := range f {
		m.setDown(true)
	}
}

func (m *member) setDown(down bool) {
	m.mu.Lock()
	old := m.server
	switch {
	case down:
		m.server = nil
	case old == nil:
		m.server = emulator.New(m.opts)
	}
	m.mu.Unlock()
	if down && old != nil {
		old.Close()
	}
}

// RoundTrip goes the way to the server.
func (m *member) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(m.way)
	m.mu.Lock()
	s := m.server
	m.mu.Unlock()
	if s == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return s.Client().Transport.RoundTrip(r)
}

// executed counts the runs that were executed to their end, and says how long that took
// from the first start to the last end.
func (f fleet) executed() (n int, took time.Duration) {
	var all []emulator.Execution
	for _, m := range f {
		all = append(all, m.done...)
	}
	first := slices.MinFunc(all, func(a, b emulator.Execution) int { return a.Started.Compare(b.Started) })
	last := slices.MaxFunc(all, func(a, b emulator.Execution) int { return a.Ended.Compare(b.Ended) })
	return len(all), last.Ended.Sub(first.Started)
}

// P-N7: a batch over several backends gets what is left of their capacity when one of
// them is bad: it is down, comes and goes, or answers and takes twenty times as long. All
// is computed once. Time is virtual, so that what takes how long is exact.
func TestBadBackendCostsItsOwnShare(t *testing.T) {
	const ms = time.Millisecond
	unequal := []time.Duration{400 * ms, 400 * ms, 200 * ms, 100 * ms} // the first is the bad one
	for name, c := range map[string]struct {
		items int
		steps []time.Duration // an execution takes, by backend
		way   time.Duration   // a round trip
		spoil func(m *member, over chan struct{})
		again int // executions that the bad one takes into its grave, at most
	}{
		"down":                             {items: 80, steps: unequal, spoil: func(m *member, _ chan struct{}) { m.setDown(true) }},
		"down, the rest far":               {items: 80, steps: unequal, way: 20 * ms, spoil: func(m *member, _ chan struct{}) { m.setDown(true) }},
		"twenty times slower":              {items: 60, steps: []time.Duration{2000 * ms, 100 * ms, 100 * ms}},
		"twenty times slower, and all far": {items: 60, steps: []time.Duration{2000 * ms, 100 * ms, 100 * ms}, way: 20 * ms},
		"flapping": {items: 80, steps: unequal, again: 10, spoil: func(m *member, over chan struct{}) {
			for down := true; ; down = !down {
				m.setDown(down)
				select {
				case <-over:
					return
				case <-time.After(700 * ms): // the flapping is the fault
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				user := newBench(t, oneStep(c.items))
				f := newFleet(user, c.way, c.steps)
				over := make(chan struct{})
				var spoiling sync.WaitGroup
				if c.spoil != nil {
					spoiling.Go(func() { c.spoil(f[0], over) })
				}
				synctest.Wait()
				sum, err := user.run(t.Context(), f.addresses()...)
				close(over)
				spoiling.Wait()
				f.close()
				if err != nil || sum.Committed != c.items {
					t.Fatalf("%+v, %v", sum, err)
				}
				user.audit(c.items)
				user.mostAttempts(4)
				n, took := f.executed()
				if n < c.items || n > c.items+c.again {
					t.Errorf("%d executions of %d items", n, c.items)
				}
				perSecond := 0.0
				for _, step := range c.steps[1:] {
					perSecond += 1 / step.Seconds()
				}
				if part := float64(c.items) / perSecond / took.Seconds(); part < 0.95 {
					t.Errorf("in %s it reached %.3f of the others' capacity", took, part)
				}
			})
		})
	}
}

// B10: backends that are well and unequal end together.
func TestUnequalBackendsEndTogether(t *testing.T) {
	const items, ms = 80, time.Millisecond
	for _, way := range []time.Duration{0, 20 * ms} {
		t.Run(way.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				user := newBench(t, oneStep(items))
				f := newFleet(user, way, []time.Duration{400 * ms, 400 * ms, 200 * ms, 100 * ms})
				sum, err := user.run(t.Context(), f.addresses()...)
				f.close()
				n, took := f.executed()
				if err != nil || sum.Executed != items || n != items {
					t.Fatalf("%+v, %v, %d executions", sum, err, n)
				}
				if least := items * time.Second / 20; took > least*11/10 {
					t.Errorf("it took %s where %s are possible", took, least)
				}
			})
		})
	}
}
