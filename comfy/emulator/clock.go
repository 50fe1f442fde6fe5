package emulator

import (
	"context"
	"time"
)

// wait pauses for d, or until ctx ends, which it reports as an error. It costs
// nothing for d <= 0.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// stamp is a time as events carry it: milliseconds since 1970.
func stamp(t time.Time) int64 { return t.UnixMilli() }
