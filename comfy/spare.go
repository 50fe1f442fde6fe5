package comfy

import (
	"context"
	"net"
	"sync"
	"time"
)

// A spareDialer opens the second connection of a run beside the first: the socket
// holds one, and the submission that waits for it finds the other ready. So a link
// with delay costs one round trip less.
type spareDialer struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu      sync.Mutex
	dialled bool          // something was dialled, so that there may be an idle connection
	spare   chan net.Conn // has the spare once; closed when there is none. nil: nobody asked
	address string        // where it goes
	began   time.Time
	stop    context.CancelFunc
}

// spareFor bounds how long a spare connection takes and waits to be used.
const spareFor = 5 * time.Second

// begin makes the next dial after the first one find a connection, where nothing was
// dialled before.
func (d *spareDialer) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dialled && d.spare == nil {
		d.spare = make(chan net.Conn, 1)
	}
}

// DialContext dials, and with the first connection its spare.
func (d *spareDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	first, spare := !d.dialled, d.spare
	d.dialled = true
	if first && spare != nil {
		d.address, d.began = address, time.Now()
		var spareCtx context.Context
		spareCtx, d.stop = context.WithTimeout(context.Background(), spareFor)
		go d.prepare(spareCtx, spare, network, address)
	}
	mine := !first && spare != nil && d.address == address
	if mine {
		d.spare = nil
		if time.Since(d.began) >= spareFor { // the server may be tired of it
			mine = false
			go drop(spare)
		}
	}
	d.mu.Unlock()
	if mine {
		select {
		case c := <-spare:
			if c != nil {
				return c, nil
			}
		case <-ctx.Done():
			go drop(spare)
			return nil, ctx.Err()
		}
	}
	return d.dial(ctx, network, address)
}

func (d *spareDialer) prepare(ctx context.Context, spare chan net.Conn, network, address string) {
	defer d.stop()
	c, err := d.dial(ctx, network, address)
	if err != nil {
		close(spare)
		return
	}
	spare <- c
	close(spare)
}

// drop closes a spare that nobody uses.
func drop(spare chan net.Conn) {
	if c := <-spare; c != nil {
		c.Close()
	}
}

// close ends a spare that was not used.
func (d *spareDialer) close() {
	d.mu.Lock()
	spare, begun := d.spare, d.address != ""
	d.spare = nil
	d.mu.Unlock()
	if spare != nil && begun {
		d.stop()
		drop(spare)
	}
}
