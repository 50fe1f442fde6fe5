package comfy

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// A Pulse is one short question to a server and its answer.
type Pulse struct {
	Latency time.Duration // of the whole exchange
	// Ahead is how far the server's clock is ahead of ours, to a second; valid
	// when Dated.
	Ahead time.Duration
	Dated bool // the answer had a Date
}

// Pulse asks the server for the length of its queue and takes the time.
func (c *Client) Pulse(ctx context.Context) (Pulse, error) {
	began := time.Now()
	a, err := c.wire.Ask(ctx, smallGet("/prompt"))
	if err != nil {
		return Pulse{}, err
	}
	p := Pulse{Latency: time.Since(began)}
	if !a.OK() {
		return p, c.wire.StatusError(transport.Get("/prompt"), a)
	}
	if date, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		// The header has whole seconds, cut off: half of one on average.
		ours := began.Add(p.Latency / 2)
		p.Ahead, p.Dated = date.Add(500*time.Millisecond).Sub(ours).Round(time.Second), true
	}
	return p, nil
}
