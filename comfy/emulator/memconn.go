package emulator

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// memBuffer is how much a writer may be ahead of its reader, as the kernel
// allows on a socket. Without it both ends of a WebSocket that greet each
// other would wait for the other to read.
const memBuffer = 64 << 10

// memPipe returns two connected ends.
func memPipe() (net.Conn, net.Conn) {
	a, b := newMemStream(), newMemStream()
	return &memConn{in: a, out: b}, &memConn{in: b, out: a}
}

// A memConn is one end: it reads from one stream and writes to the other.
type memConn struct{ in, out *memStream }

func (c *memConn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *memConn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close ends both directions; what was written before can still be read.
func (c *memConn) Close() error {
	c.out.closeWriter()
	c.in.closeReader()
	return nil
}

func (c *memConn) LocalAddr() net.Addr  { return memAddr{} }
func (c *memConn) RemoteAddr() net.Addr { return memAddr{} }

func (c *memConn) SetDeadline(t time.Time) error {
	c.in.readBy.set(t, c.in)
	c.out.writeBy.set(t, c.out)
	return nil
}

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.in.readBy.set(t, c.in)
	return nil
}

func (c *memConn) SetWriteDeadline(t time.Time) error {
	c.out.writeBy.set(t, c.out)
	return nil
}

// A memStream carries bytes one way.
type memStream struct {
	mu      sync.Mutex
	changed sync.Cond
	data    []byte
	ended   bool // the writer is gone
	broken  bool // the reader is gone
	readBy  memDeadline
	writeBy memDeadline
}

func newMemStream() *memStream {
	s := &memStream{}
	s.changed.L = &s.mu
	return s
}

func (s *memStream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.broken:
			return 0, io.ErrClosedPipe
		case s.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(s.data) > 0 || len(p) == 0:
			n := copy(p, s.data)
			s.data = s.data[n:]
			s.changed.Broadcast()
			return n, nil
		case s.ended:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *memStream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		switch {
		case s.ended || s.broken:
			return n, io.ErrClosedPipe
		case s.writeBy.passed():
			return n, os.ErrDeadlineExceeded
		}
		if room := memBuffer - len(s.data); room > 0 {
			k := min(room, len(p))
			s.data = append(s.data, p[:k]...)
			p, n = p[k:], n+k
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
	return n, nil
}

func (s *memStream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.writeBy.stop()
	s.changed.Broadcast()
}

func (s *memStream) closeReader() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
	s.readBy.stop()
	s.changed.Broadcast()
}

// A memDeadline wakes a stream when it passes. It is guarded by the stream.
type memDeadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *memDeadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *memDeadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *memDeadline) set(t time.Time, s *memStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.changed.Broadcast()
		})
	}
	s.changed.Broadcast()
}
