package comfy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
)

// trip is the round trip of a farConn's link.
const trip = 100 * time.Millisecond

// A farConn is a connection whose bytes need half a trip each way. It is for virtual
// time, on which a wait is a count of trips and no matter of the machine.
type farConn struct {
	net.Conn
	in, out chan parcel
	once    sync.Once
	closed  chan struct{}
	rest    []byte
	end     error
}

type parcel struct {
	data []byte
	due  time.Time
	err  error
}

func far(c net.Conn) net.Conn {
	f := &farConn{Conn: c, in: make(chan parcel, 1024), out: make(chan parcel, 1024), closed: make(chan struct{})}
	go func() {
		defer close(f.in)
		for {
			b := make([]byte, 32<<10)
			n, err := c.Read(b)
			select {
			case f.in <- parcel{b[:n], time.Now().Add(trip / 2), err}:
			case <-f.closed:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	go func() {
		for {
			select {
			case p := <-f.out:
				time.Sleep(time.Until(p.due))
				if _, err := c.Write(p.data); err != nil {
					return
				}
			case <-f.closed:
				return
			}
		}
	}()
	return f
}

func (f *farConn) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.end != nil {
			return 0, f.end
		}
		var next parcel
		var ok bool
		select {
		case next, ok = <-f.in:
		case <-f.closed:
		}
		if !ok {
			return 0, io.EOF
		}
		time.Sleep(time.Until(next.due))
		f.rest, f.end = next.data, next.err
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *farConn) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.Conn.Close()
}

func (f *farConn) Write(p []byte) (int, error) {
	f.out <- parcel{data: append([]byte(nil), p...), due: time.Now().Add(trip / 2)}
	return len(p), nil
}

// A one-shot run costs five round trips beyond its execution, connects included: two for
// the socket, beside which the other connection is made, one for the way of the
// submission and that of the end, one for the history, one for the file.
func TestRoundTripsOfOneRun(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"0.3.64", "0.30.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := emulator.New(emulator.Options{Version: version, StepTime: 20 * time.Millisecond})
				tr := s.Client().Transport.(*http.Transport).Clone()
				dial := tr.DialContext
				tr.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					c, err := dial(ctx, network, address)
					if err != nil {
						return nil, err
					}
					time.Sleep(trip) // SYN and its answer
					return far(c), nil
				}
				c, err := comfy.NewClient("http://"+emulator.Host, comfy.WithDialer(tr.DialContext))
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					_ = c.Close()
					tr.CloseIdleConnections()
					_ = s.Close()
					time.Sleep(10 * trip) // what is on its way arrives
				}()
				began := time.Now()
				st, files, err := runOnce(t.Context(), c, sampler(25, "m.safetensors"))
				took := time.Since(began)
				if err != nil || len(files) != 1 {
					t.Fatalf("%+v, %v", st, err)
				}
				beyond := took - st.Finished.Sub(st.Started)
				if trips := float64(beyond) / float64(trip); trips > 5.05 {
					t.Errorf("%.2f round trips beyond the execution of %s", trips, st.Finished.Sub(st.Started))
				} else {
					t.Logf("%.2f round trips beyond the execution of %s", trips, st.Finished.Sub(st.Started))
				}
			})
		})
	}
}
