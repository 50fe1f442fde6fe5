package jobs

import (
	"context"
	"sync"
	"time"
)

// A clock gives the time that leases, schedules and rows are written with: that
// of the database, so that processes whose own clocks differ agree, carried on
// by the monotonic clock of this process, so that a wall clock that is set does
// not end a lease. Reading it asks nobody.
type clock struct {
	mu     sync.Mutex
	anchor time.Time // of the database
	at     time.Time // here, when it said so; its monotonic part counts
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now()
	}
	return c.anchor.Add(time.Since(c.at))
}

// set takes the time of the database over. A machine that slept has a monotonic
// clock that stood still, so this is called again and again.
func (c *clock) set(ctx context.Context, e engine) error {
	before := time.Now()
	told, err := e.clock(ctx)
	if err != nil {
		return err
	}
	after := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.anchor, c.at = told.Add(after.Sub(before)/2).Round(0), after
	return nil
}
