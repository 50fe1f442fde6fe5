package emulator

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Host is the name under which Client reaches the server: http://emulator.
const Host = "emulator"

// A memNetwork connects clients in this process with the server, by pipes
// instead of sockets. It is built when first used.
type memNetwork struct {
	handler http.Handler

	mu       sync.Mutex
	shared   *http.Client
	listener *memListener
	server   *http.Server
	served   chan struct{}
}

func newMemNetwork(h http.Handler) *memNetwork { return &memNetwork{handler: h} }

func (n *memNetwork) client() *http.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.shared == nil {
		n.shared = &http.Client{Transport: &http.Transport{
			DialContext:         n.dial,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     time.Minute,
		}}
	}
	return n.shared
}

// dial connects to the server. A server that is down refuses.
func (n *memNetwork) dial(ctx context.Context, network, address string) (net.Conn, error) {
	refused := func(err error) error {
		return &net.OpError{Op: "dial", Net: network, Addr: memAddr{}, Err: err}
	}
	if host, _, err := net.SplitHostPort(address); err != nil || host != Host {
		return nil, refused(errors.New("the emulator's client reaches no other host than " + Host))
	}
	l, ok := n.up()
	if !ok {
		return nil, refused(syscall.ECONNREFUSED)
	}
	ours, theirs := memPipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, refused(syscall.ECONNREFUSED)
	case <-ctx.Done():
		return nil, refused(ctx.Err())
	}
}

// up starts serving unless it does already or the handler is down.
func (n *memNetwork) up() (*memListener, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil {
		return n.listener, true
	}
	if s, ok := n.handler.(*Server); ok && s.live() == nil {
		return nil, false
	}
	l := &memListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	srv := &http.Server{Handler: n.handler, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	n.listener, n.server, n.served = l, srv, served
	go func() {
		defer close(served)
		_ = srv.Serve(l) // ends with ErrServerClosed
	}()
	return l, true
}

// down breaks all connections and refuses new ones until the next dial finds
// the server alive.
func (n *memNetwork) down() {
	n.mu.Lock()
	srv, served, shared := n.server, n.served, n.shared
	n.listener, n.server, n.served = nil, nil, nil
	n.mu.Unlock()
	if shared != nil {
		shared.CloseIdleConnections()
	}
	if srv != nil {
		_ = srv.Close()
		<-served
	}
}

type memListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memListener) Addr() net.Addr { return memAddr{} }

type memAddr struct{}

func (memAddr) Network() string { return "memory" }
func (memAddr) String() string  { return Host }
