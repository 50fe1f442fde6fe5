// Package chaos puts bad networks and bad gateways between a client and a
// server, in process: a Proxy spoils TCP connections, a Gateway spoils HTTP
// exchanges by script. It exists for tests.
package chaos

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Toxic is what a Proxy does to each of its connections. The zero value
// passes everything on.
type Toxic struct {
	Delay      time.Duration // one way, both directions: half a round trip
	Jitter     time.Duration // a further delay of each chunk, growing and shrinking up to this
	ResetAfter time.Duration // the connection is reset so long after it opened
	CutAfter   int64         // the server's bytes that arrive before the connection is reset; 0 = all
	StallAfter int64         // the server's bytes that arrive before nothing more does; 0 = all
	Drip       time.Duration // pause after each single byte of the server
	Junk       []byte        // what comes before the server's first byte
	Deaf       bool          // connections are taken and nothing is ever answered
	Refuse     bool          // connections are reset at once
}

// A DialFunc connects to an address, as net.Dialer's DialContext.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// A Proxy listens on a loopback port and forwards to one address.
type Proxy struct {
	target string
	ln     net.Listener // nil: only Dial leads to it
	dial   DialFunc
	done   chan struct{}
	work   sync.WaitGroup

	mu    sync.Mutex
	toxic Toxic
	open  map[net.Conn]struct{}
	count int
}

// NewProxy starts a proxy in front of target, a host:port. Close ends it.
func NewProxy(target string) (*Proxy, error) {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := newProxy((&net.Dialer{}).DialContext)
	p.target, p.ln = target, ln
	p.work.Go(p.accept)
	return p, nil
}

// NewWire makes a proxy without a port of its own: its Dial stands in for dial.
// With connections in memory its time can be virtual. Close ends it.
func NewWire(dial DialFunc, t Toxic) *Proxy {
	p := newProxy(dial)
	p.toxic = t
	return p
}

func newProxy(dial DialFunc) *Proxy {
	return &Proxy{dial: dial, done: make(chan struct{}), open: map[net.Conn]struct{}{}}
}

// Dial connects through the proxy; that takes a round trip.
func (p *Proxy) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	near, far := newPipe()
	t := p.enter(far)
	if !p.pause(2 * t.Delay) {
		return nil, net.ErrClosed
	}
	server, err := p.dial(ctx, network, address)
	if err != nil {
		p.forget(far)
		return nil, err
	}
	p.work.Go(func() {
		defer p.forget(far)
		p.join(far, server, t)
	})
	return near, nil
}

// Addr is the host:port to connect to.
func (p *Proxy) Addr() string { return p.ln.Addr().String() }

// URL is the same as an address for a client.
func (p *Proxy) URL() string { return "http://" + p.Addr() }

// Set changes what happens to connections that open from now on.
func (p *Proxy) Set(t Toxic) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.toxic = t
}

// Connections counts those that were opened so far.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Reset resets every connection that is open now.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		reset(c)
	}
}

// ResetEvery resets every open connection each period, until the proxy closes.
func (p *Proxy) ResetEvery(period time.Duration) {
	p.work.Go(func() {
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.Reset()
			case <-p.done:
				return
			}
		}
	})
}

// Close ends the proxy and its connections, and waits for that.
func (p *Proxy) Close() error {
	close(p.done)
	var err error
	if p.ln != nil {
		err = p.ln.Close()
	}
	p.Reset()
	p.work.Wait()
	return err
}

// reset closes a connection so that the other side reads ECONNRESET.
func reset(c net.Conn) {
	switch c := c.(type) {
	case *net.TCPConn:
		_ = c.SetLinger(0)
	case *pipe:
		c.reset.Store(true)
	}
	_ = c.Close()
}

// A pipe is one end of a connection in memory that can be reset.
type pipe struct {
	net.Conn
	reset *atomic.Bool // shared by both ends
}

func newPipe() (near, far *pipe) {
	a, b := net.Pipe()
	broken := &atomic.Bool{}
	return &pipe{a, broken}, &pipe{b, broken}
}

func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if errors.Is(err, io.EOF) && p.reset.Load() {
		err = &net.OpError{Op: "read", Net: "memory", Err: syscall.ECONNRESET}
	}
	return n, err
}

func (p *pipe) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = &net.OpError{Op: "write", Net: "memory", Err: syscall.EPIPE}
	}
	return n, err
}

// closeWrite ends one direction, and both where they cannot be told apart.
func closeWrite(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.CloseWrite()
		return
	}
	_ = c.Close()
}

func (p *Proxy) accept() {
	for {
		c, err := p.ln.Accept()
		if err != nil {
			return
		}
		t := p.enter(c)
		p.work.Go(func() {
			defer p.forget(c)
			p.serve(c, t)
		})
	}
}

// enter counts a connection and says what happens to it.
func (p *Proxy) enter(c net.Conn) Toxic {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.open[c] = struct{}{}
	return p.toxic
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
	_ = c.Close()
}

func (p *Proxy) serve(client net.Conn, t Toxic) {
	if t.Refuse {
		reset(client)
		return
	}
	if t.Deaf {
		_, _ = io.Copy(io.Discard, client) // until the client or the proxy gives up
		return
	}
	server, err := p.dial(context.Background(), "tcp", p.target)
	if err != nil {
		reset(client)
		return
	}
	p.join(client, server, t)
}

// join forwards between two connections until both directions have ended.
func (p *Proxy) join(client, server net.Conn, t Toxic) {
	p.mu.Lock()
	p.open[server] = struct{}{}
	p.mu.Unlock()
	defer p.forget(server)
	if t.ResetAfter > 0 {
		timer := time.AfterFunc(t.ResetAfter, func() { reset(client); reset(server) })
		defer timer.Stop()
	}
	var both sync.WaitGroup
	both.Go(func() {
		p.copy(server, client, &stream{Toxic: Toxic{Delay: t.Delay, Jitter: t.Jitter}})
		closeWrite(server)
	})
	both.Go(func() {
		if len(t.Junk) > 0 {
			_, _ = client.Write(t.Junk)
		}
		p.copy(client, server, &stream{Toxic: t})
		closeWrite(client)
	})
	both.Wait()
}

// A stream is one direction of a connection.
type stream struct {
	Toxic
	passed int64
	chunks int
}

// A chunk is bytes with the time at which they may arrive.
type chunk struct {
	data []byte
	due  time.Time
}

// copy forwards one direction. Bytes are read as they come and delivered when
// they are due, so a delay does not limit the throughput.
func (p *Proxy) copy(dst, src net.Conn, s *stream) {
	queue := make(chan chunk, 1024)
	p.work.Go(func() {
		defer close(queue)
		for {
			buf := make([]byte, 32<<10)
			n, err := src.Read(buf)
			if n > 0 {
				s.chunks++
				wobble := s.Jitter * time.Duration(s.chunks%4) / 4
				select {
				case queue <- chunk{buf[:n], time.Now().Add(s.Delay + wobble)}:
				case <-p.done:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	defer func() {
		for range queue { // lets the reader end
		}
	}()
	for c := range queue {
		if !p.pause(time.Until(c.due)) || !p.deliver(dst, src, c.data, s) {
			return
		}
	}
}

// deliver writes what the toxic lets through; false ends the direction.
func (p *Proxy) deliver(dst, src net.Conn, data []byte, s *stream) bool {
	for len(data) > 0 {
		n := len(data)
		if s.Drip > 0 {
			n = 1
		}
		for _, limit := range []int64{s.CutAfter, s.StallAfter} {
			if limit > 0 {
				n = int(min(int64(n), max(limit-s.passed, 0)))
			}
		}
		if n == 0 {
			if s.CutAfter > 0 && s.passed >= s.CutAfter {
				reset(dst)
				reset(src)
				return false
			}
			_, _ = io.Copy(io.Discard, dst) // stalled: until the client gives up
			reset(src)
			return false
		}
		if _, err := dst.Write(data[:n]); err != nil {
			reset(src)
			return false
		}
		s.passed += int64(n)
		data = data[n:]
		if s.Drip > 0 && !p.pause(s.Drip) {
			return false
		}
	}
	return true
}

func (p *Proxy) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.done:
		return false
	}
}
