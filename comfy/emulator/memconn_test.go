package emulator

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/net/nettest"
)

func TestMemPipeIsAConn(t *testing.T) {
	t.Parallel()
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		c1, c2 = memPipe()
		return c1, c2, func() { c1.Close(); c2.Close() }, nil
	})
}

// Both ends of a WebSocket greet before they read.
func TestMemPipeBothWriteFirst(t *testing.T) {
	t.Parallel()
	a, b := memPipe()
	defer a.Close()
	for _, c := range []net.Conn{a, b} {
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	got, err := io.ReadAll(a)
	if string(got) != "hello" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestMemPipeDeadline(t *testing.T) {
	t.Parallel()
	a, b := memPipe()
	defer a.Close()
	defer b.Close()
	if err := a.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want a passed deadline", err)
	}
}
