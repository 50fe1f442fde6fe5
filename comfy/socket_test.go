package comfy_test

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 answers the handshake with it
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// rawSocket gives an HTTP client of a server in memory that opens sockets, greets
// on them and hands them to f, and refuses everything else.
func rawSocket(t *testing.T, f func(conn net.Conn)) *http.Client {
	t.Helper()
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			r := bufio.NewReader(theirs)
			for {
				req, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				key := req.Header.Get("Sec-WebSocket-Key")
				if key == "" {
					_, _ = io.WriteString(theirs, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
					continue
				}
				sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see above
				fmt.Fprintf(theirs, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
					base64.StdEncoding.EncodeToString(sum[:]))
				go func() { _, _ = io.Copy(io.Discard, r) }()
				hello := `{"type":"status","data":{}}`
				_, _ = theirs.Write(append([]byte{0x81, byte(len(hello))}, hello...))
				f(theirs)
				return
			}
		}()
		return ours, nil
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// A server that never stops sending does not keep a client from closing: here by
// a message of many fragments, one each 10 ms.
func TestClosingDoesNotWaitForAFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hc := rawSocket(t, func(conn net.Conn) {
			_, err := conn.Write([]byte{0x01, 1, '{'})
			for err == nil {
				time.Sleep(10 * time.Millisecond)
				_, err = conn.Write([]byte{0x00, 1, 'x'})
			}
		})
		c := newClient(t, "http://flood", comfy.WithHTTPClient(hc))
		if _, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: emptyImage(t)}); err == nil {
			t.Fatal("the run was taken")
		}
		begin := time.Now()
		_ = c.Close()
		if took := time.Since(begin); took > 1500*time.Millisecond {
			t.Errorf("closing took %s", took)
		}
		time.Sleep(10 * time.Second) // the handshake that nobody waits for has ended by then
	})
}
