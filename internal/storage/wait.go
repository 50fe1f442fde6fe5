package storage

import (
	"context"
	"time"
)

// Wait lets time pass between the tries of a store. It ends early, with ctx's
// error, when ctx does.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
