package transport

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"
)

// ThrottledFor bounds how long one submission waits, all its pauses together,
// for a place that takes no more runs now (429).
const ThrottledFor = 2 * time.Minute

// The pauses of a place that does not say how long: the first, doubled each time,
// and the longest.
const (
	throttlePause = 2 * time.Second
	throttleMost  = 30 * time.Second
)

// A Throttle is one submission that a place may refuse for the number of runs it
// has. It waits as long as the place asks, or longer each time when it does not
// say.
type Throttle struct {
	// Told is called before each pause, with the reason in a few words; nil: nobody
	// is told.
	Told func(reason string, pause time.Duration)

	tries  int
	waited time.Duration
}

// Wait waits until a call that was answered 429 may be sent again. It fails when
// ctx ends, and with the answer as a StatusError when it would wait longer than
// ThrottledFor in all.
func (t *Throttle) Wait(ctx context.Context, c *Client, k Call, a Answer) error {
	asked := RetryAfter(a.Header)
	pause := cmp.Or(asked, min(throttlePause<<min(t.tries, 8), throttleMost))
	t.tries++
	switch left := ThrottledFor - t.waited; {
	case asked > left:
		return fmt.Errorf("easel waits at most %s and is asked to wait for %s: %w", ThrottledFor, asked, c.PlainStatus(k, a))
	case left <= 0:
		return fmt.Errorf("nothing was taken for %s: %w", ThrottledFor, c.PlainStatus(k, a))
	case pause > left:
		pause = left
	}
	t.waited += pause
	if t.Told != nil {
		t.Told(fmt.Sprintf("%s takes no more runs now (%d)", cmp.Or(c.Of, "ComfyUI"), http.StatusTooManyRequests), pause)
	}
	return Sleep(ctx, pause)
}
