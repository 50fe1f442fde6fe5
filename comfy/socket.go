package comfy

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// The socket is only for speed and pictures, so everything here gives up
// early: a server without it is polled.
//
// Each connection gets a fresh client id. A server on which a second
// connection with the same id replaces the first removes the second when it
// notices the end of the first, after which the survivor is open and mute
// (ComfyUI issue 16010). Whether an old connection still lingers there cannot
// be seen from here, so an id is never used twice; runs of a lost connection
// are polled, woken by the status messages that go to all connections.
type socket struct {
	client *Client
	stop   context.CancelFunc
	ctx    context.Context
	done   sync.WaitGroup

	mu           sync.Mutex
	gen          *generation
	changed      chan struct{} // closed and replaced when gen changes
	keeping      bool          // keep runs
	kick         chan struct{}
	noDialBefore time.Time // no dialling before: the upgrade was refused, or connections stay mute
	mutes        int       // mute connections in a row

	received []byte // room for a binary message; of the reading goroutine alone
}

// A generation is one connection.
type generation struct {
	clientID string
	dialed   chan struct{} // closed when a connection stands, before the upgrade
	ready    chan struct{} // closed by the first message
	gone     chan struct{} // closed at the end
	cancel   context.CancelFunc
	err      error // why it ended; valid after gone
	refused  bool  // the upgrade was answered with something else
	slow     bool  // somebody waited for ready in vain; guarded by socket.mu
	mute     bool  // a run ended unheard; guarded by socket.mu
	opened   time.Time
}

func newSocket(c *Client) *socket {
	ctx, cancel := context.WithCancel(context.Background())
	return &socket{client: c, ctx: ctx, stop: cancel, changed: make(chan struct{}), kick: make(chan struct{}, 1)}
}

// connect makes sure that events can come in and returns the client id to
// submit with; without a socket it is an id that gets none. The error is about
// the server, not about its socket: nobody answers at the address.
func (s *socket) connect(ctx context.Context) (clientID string, err error) {
	noEvents := NewID()
	for {
		s.mu.Lock()
		if s.ctx.Err() != nil {
			s.mu.Unlock()
			return "", transport.ErrClosed
		}
		if time.Now().Before(s.noDialBefore) {
			s.mu.Unlock()
			return noEvents, nil
		}
		if !s.keeping {
			s.keeping = true
			if s.client.spare != nil {
				s.client.spare.begin()
			}
			s.setGen(newGeneration())
			s.done.Add(1)
			go s.keep(s.gen)
		}
		g, changed := s.gen, s.changed
		slow := g != nil && g.slow
		s.mu.Unlock()
		if g == nil { // between two connections
			select {
			case s.kick <- struct{}{}:
			default:
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return "", ctx.Err()
			case <-s.ctx.Done():
			}
			continue
		}
		if slow {
			return g.clientID, nil
		}
		return s.await(ctx, g, noEvents)
	}
}

// await waits until a connection talks, but not for long.
func (s *socket) await(ctx context.Context, g *generation, noEvents string) (string, error) {
	select {
	case <-g.dialed:
	case <-g.gone:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	t := time.NewTimer(s.client.times.Socket)
	defer t.Stop()
	select {
	case <-g.ready:
		return g.clientID, nil
	case <-t.C:
		s.mu.Lock()
		g.slow = true
		s.mu.Unlock()
		return g.clientID, nil
	case <-g.gone:
		var u *UnreachableError
		select {
		case <-g.dialed:
			return noEvents, nil // somebody is there, so the POST will tell
		default:
		}
		if errors.As(g.err, &u) {
			return "", u
		}
		return noEvents, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func newGeneration() *generation {
	return &generation{clientID: NewID(), dialed: make(chan struct{}), ready: make(chan struct{}), gone: make(chan struct{}), opened: time.Now()}
}

// setGen changes the connection; s.mu is held.
func (s *socket) setGen(g *generation) {
	s.gen = g
	close(s.changed)
	s.changed = make(chan struct{})
}

// keep runs connections one after the other while somebody follows a run.
func (s *socket) keep(g *generation) {
	defer s.done.Done()
	wait := 100 * time.Millisecond
	for {
		s.serve(g)
		s.mu.Lock()
		select {
		case <-g.ready:
			wait = 100 * time.Millisecond
		default:
			wait = min(2*wait, 5*time.Second)
		}
		if g.refused {
			s.noDialBefore = time.Now().Add(30 * time.Second)
		}
		s.setGen(nil)
		s.mu.Unlock()
		s.client.runs.each((*run).pollNow) // whoever relied on it asks now
		s.mu.Lock()
		if s.ctx.Err() != nil || g.refused || time.Now().Before(s.noDialBefore) || !s.client.runs.waiting() {
			s.keeping = false
			s.setGen(nil)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		t := time.NewTimer(wait/2 + rand.N(wait/2))
		select {
		case <-t.C:
		case <-s.kick:
		case <-s.ctx.Done():
		}
		t.Stop()
		g = newGeneration()
		s.mu.Lock()
		s.setGen(g)
		s.mu.Unlock()
	}
}

// serve dials and reads one connection until it ends.
func (s *socket) serve(g *generation) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	defer close(g.gone)
	s.mu.Lock()
	g.cancel = cancel
	s.mu.Unlock()
	conn, err := s.dial(ctx, g)
	if err != nil {
		g.err = err
		return
	}
	conn.SetReadLimit(s.client.limits.Frame)
	// The read's own context outlives ctx, so that the closing handshake can be read.
	readCtx, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	closed := make(chan struct{})
	stopClosing := context.AfterFunc(ctx, func() {
		defer close(closed)
		t := time.AfterFunc(closePatience, abort)
		defer t.Stop()
		_ = conn.Close(websocket.StatusNormalClosure, "")
	})
	speaking := make(chan struct{})
	go func() {
		defer close(speaking)
		s.helloAndPing(ctx, conn, abort)
	}()
	g.err = s.read(readCtx, conn, g)
	if stopClosing() {
		_ = conn.CloseNow()
	} else {
		select {
		case <-closed:
		case <-readCtx.Done(): // a server that goes on sending keeps the handshake alive, which ends by itself after 5 s
		}
	}
	cancel()
	<-speaking
}

// closePatience bounds the closing handshake.
const closePatience = time.Second

func (s *socket) dial(ctx context.Context, g *generation) (*websocket.Conn, error) {
	c := s.client
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	connecting := time.AfterFunc(c.times.Connect, cancel)
	defer connecting.Stop()
	var once sync.Once
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		once.Do(func() {
			connecting.Stop()
			close(g.dialed)
		})
	}})
	upgrading := time.AfterFunc(c.times.Connect+c.times.Answer, cancel)
	defer upgrading.Stop()
	query := url.Values{"clientId": {g.clientID}}
	api := c.wire.Prefixed.Get() != transport.No
	for {
		header := http.Header{}
		if err := c.wire.Authorize(header); err != nil {
			g.refused = true
			return nil, err
		}
		//nolint:bodyclose // the package has closed it, or made it the connection
		conn, resp, err := websocket.Dial(ctx, c.wire.URL("/ws", query, api).String(), &websocket.DialOptions{HTTPClient: c.wire.HTTP, HTTPHeader: header})
		if err == nil {
			if c.wire.Prefixed.Get() == transport.Unknown {
				c.wire.Prefixed.Learn(api)
			}
			return conn, nil
		}
		if resp != nil && resp.StatusCode == http.StatusNotFound && api && c.wire.Prefixed.Get() == transport.Unknown {
			api = false
			continue
		}
		if resp != nil { // somebody answered, but not with a socket
			g.refused = true
			return nil, err
		}
		if ctx.Err() != nil && s.ctx.Err() == nil {
			return nil, &UnreachableError{Address: c.Address(), Reason: "no connection within " + c.times.Connect.String(), Err: &TimeoutError{What: "connecting", After: c.times.Connect}}
		}
		return nil, c.wire.TransportError(s.ctx, err)
	}
}

// read delivers messages until the connection ends. It never waits for
// anybody: a client that stops reading stalls the server's delivery to all.
func (s *socket) read(ctx context.Context, conn *websocket.Conn, g *generation) error {
	first := true
	for {
		kind, data, err := s.readMessage(ctx, conn)
		if err != nil {
			return err
		}
		if first {
			first = false
			close(g.ready)
		}
		var f frame
		if kind == websocket.MessageText {
			f, err = decodeText(data)
		} else {
			f, err = decodeBinary(data)
		}
		if err == nil { // what is not understood is not for us
			s.client.deliver(f)
		}
	}
}

// maxText bounds one text message: an event with the outputs of a node. Pictures
// are binary and may be as large as Limits.Frame.
const maxText = 16 << 20

// readMessage reads one message; a binary one is valid until the next call. A
// text that is too large is passed over: it is only a hint, and the history
// tells the same.
func (s *socket) readMessage(ctx context.Context, conn *websocket.Conn) (websocket.MessageType, []byte, error) {
	kind, r, err := conn.Reader(ctx)
	if err != nil {
		return kind, nil, err
	}
	if kind != websocket.MessageText {
		data, err := s.receive(r)
		return kind, data, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if len(data) > maxText {
		data = nil
		_, err = io.Copy(io.Discard, r)
	}
	return kind, data, err
}

// usualFrame is more than previews have, in bytes.
const usualFrame = 512 << 10

// receive reads a binary message where the last one was, so that one of the
// largest size costs its memory once, however often a server sends it.
func (s *socket) receive(r io.Reader) ([]byte, error) {
	most := int(s.client.limits.Frame) + 1 // the connection ends a larger one
	b := s.received[:0]
	for {
		if len(b) == cap(b) {
			room := most // what is never filled costs nothing
			switch {
			case cap(b) == most:
				return nil, websocket.ErrMessageTooBig
			case cap(b) < usualFrame:
				room = min(usualFrame, most)
			}
			b = append(make([]byte, 0, room), b...)
			s.received = b
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, err
		}
	}
}

// helloAndPing says what the client understands, which must be its first message, and
// then pings, so that proxies do not close an idle connection and a dead one
// ends. It is not part of read, because the server speaks first too.
func (s *socket) helloAndPing(ctx context.Context, conn *websocket.Conn, abort func()) {
	hello := `{"type":"feature_flags","data":{"supports_preview_metadata":true}}`
	if conn.Write(ctx, websocket.MessageText, []byte(hello)) != nil {
		return // the reader sees it too
	}
	t := time.NewTicker(s.client.times.Ping)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		pctx, cancel := context.WithTimeout(ctx, s.client.times.Pong)
		err := conn.Ping(pctx)
		cancel()
		if err != nil {
			if ctx.Err() == nil {
				abort()
			}
			return
		}
	}
}

// serves reports whether the events of a run can be expected to come in.
func (s *socket) serves(r *run) bool {
	session := r.session()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gen
	if g == nil || session != g.clientID || g.mute {
		return false
	}
	select {
	case <-g.ready:
		return true
	default:
		return false
	}
}

// replaceMute notes that a run of the present connection went on without a single
// message about it: the connection is mute, and is replaced.
func (s *socket) replaceMute(r *run) {
	session := r.session()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen == nil || s.gen.clientID != session || s.gen.mute {
		return
	}
	s.gen.mute = true
	if s.mutes++; s.mutes >= 3 {
		s.noDialBefore = time.Now().Add(time.Minute)
		s.mutes = 0
	}
	if s.gen.cancel != nil {
		s.gen.cancel()
	}
}

// heardEvents notes that events come in.
func (s *socket) heardEvents() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mutes = 0
}

func (s *socket) close() {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	s.done.Wait()
}
