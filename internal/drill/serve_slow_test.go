package drill

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// P-A4: a thousand clients whose requests never end are cut off after a while; until
// then they take little, and others are served.
func TestPA4SlowBodies(t *testing.T) {
	t.Parallel()
	const slow = 1000
	m := newMachine(t)
	s := newServing(m, "emulator")
	s.start()
	before := s.sample(0)
	calls := []string{
		"POST /api/v1/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
		"POST /api/v1/files?name=x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
		"POST /api/v1/workflows/import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
		"POST /api/v1/generate HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.test\r\nContent-Length: 1000\r\n\r\n{", // nobody reads this body
	}
	var open sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]int{}
	for i := range slow {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, calls[i%len(calls)]); err != nil {
			t.Fatal(err)
		}
		open.Go(func() {
			if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Error(err)
			}
			answer, err := io.ReadAll(conn) // until the server closes it
			if err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("connection %d was never closed: %v", i, err)
			}
			line, _, _ := strings.Cut(string(answer), "\r\n")
			mu.Lock()
			answers[line]++
			mu.Unlock()
		})
	}
	during := s.sample(0)
	if status, answer := s.try(http.MethodPost, "/api/v1/generate?wait=60", map[string]any{"workflow_id": "drill"}, nil); status != http.StatusOK {
		t.Errorf("somebody else is answered %d %s", status, answer)
	}
	open.Wait()
	if more := during.memory - before.memory; more > 64<<20 {
		t.Errorf("%d connections take %d MB", slow, more>>20)
	}
	if during.files > before.files+2*slow+64 { // the connection, and the file into which an upload goes
		t.Errorf("%d connections take %d descriptors", slow, during.files-before.files)
	}
	for line, n := range answers {
		switch line {
		case "HTTP/1.1 408 Request Timeout", "HTTP/1.1 401 Unauthorized":
		default:
			t.Errorf("%d are answered %q", n, line)
		}
	}
	after := s.sample(0)
	for end := time.Now().Add(patience); after.files > before.files+16 && time.Now().Before(end); after = s.sample(0) {
		s.try(http.MethodGet, "/healthz", nil, nil)
	}
	if after.files > before.files+16 {
		t.Errorf("of %d descriptors %d are left", during.files, after.files)
	}
	t.Logf("%d connections: %s, then %s; answers %v", slow, describe(before, during), describe(before, after), answers)
}

// describe says what a sample has more than another.
func describe(before, at sample) string {
	return fmt.Sprintf("%+d MB, %+d descriptors, %+d goroutines", (at.memory-before.memory)>>20, at.files-before.files, at.goroutines-before.goroutines)
}
