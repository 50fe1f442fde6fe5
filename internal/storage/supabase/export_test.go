package supabase

import (
	"context"
	"time"
)

// Impatient makes a store that pauses for no time between its tries.
func Impatient(opts Options) Options {
	opts.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return opts
}

// KeyOf and NameOf are keyOf and nameOf.
var (
	KeyOf  = keyOf
	NameOf = nameOf
)
