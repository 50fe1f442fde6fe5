package spool

import (
	"context"
	"runtime"
	"time"
)

// Impatient makes a spool that pauses for no time.
func Impatient(opts Options) Options {
	opts.pause = func(ctx context.Context, _ time.Duration) error {
		runtime.Gosched()
		return ctx.Err()
	}
	return opts
}

// Patient makes a spool that pauses until its store is closed: it delivers nothing
// a second time by itself.
func Patient(opts Options) Options {
	opts.pause = func(ctx context.Context, _ time.Duration) error {
		<-ctx.Done()
		return ctx.Err()
	}
	return opts
}
