package comfy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// realServer is the address of a ComfyUI that tests may use, or skips.
func realServer(tb testing.TB) string {
	tb.Helper()
	addr := os.Getenv("EASEL_TEST_COMFYUI")
	if addr == "" {
		tb.Skip("EASEL_TEST_COMFYUI is not set: no real ComfyUI to test against")
	}
	return addr
}

var colour atomic.Int64

// emptyImage is a graph of two nodes that no cache knows.
func emptyImage(tb testing.TB) *comfy.Graph {
	tb.Helper()
	n := (time.Now().UnixNano()/1e5 + colour.Add(1)) & 0xffffff
	g, err := comfy.ParseGraph(fmt.Appendf(nil, `{
		"1": {"class_type": "EmptyImage", "inputs": {"width": 512, "height": 512, "batch_size": 1, "color": %d}},
		"2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "easel/test"}}}`, n))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// counter counts requests and connections.
type counter struct {
	mu    sync.Mutex
	paths []string
	conns int
	next  http.RoundTripper
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.paths = append(c.paths, r.Method+" "+r.URL.Path)
	c.mu.Unlock()
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if !i.Reused {
			c.mu.Lock()
			c.conns++
			c.mu.Unlock()
		}
	}})
	return c.next.RoundTrip(r.WithContext(ctx))
}

// runOnce submits, follows and downloads.
func runOnce(ctx context.Context, c comfy.Backend, g *comfy.Graph) (comfy.State, [][]byte, error) {
	h, err := c.Submit(ctx, comfy.Submission{ID: comfy.NewID(), Graph: g})
	if err != nil {
		return comfy.State{}, nil, err
	}
	var st *comfy.State
	for e, err := range c.Follow(ctx, h) {
		if err != nil {
			return comfy.State{}, nil, err
		}
		st = e.State
	}
	var files [][]byte
	for _, o := range st.Outputs {
		r, _, err := c.Open(ctx, o)
		if err != nil {
			return *st, nil, err
		}
		data, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil {
			return *st, nil, err
		}
		files = append(files, data)
	}
	return *st, files, nil
}

func TestRealServerRunCostsFourRequestsOnTwoConnections(t *testing.T) {
	addr := realServer(t)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	count := &counter{next: tr}
	c, err := comfy.NewClient(addr, comfy.WithHTTPClient(&http.Client{Transport: count}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	st, files, err := runOnce(t.Context(), c, emptyImage(t))
	if err != nil {
		t.Fatal(err)
	}
	if st.Phase != comfy.PhaseDone || len(files) != 1 || !bytes.HasPrefix(files[0], []byte("\x89PNG")) || !st.Executed {
		t.Fatalf("state %+v with %d files", st, len(files))
	}
	count.mu.Lock()
	defer count.mu.Unlock()
	// A server may write the history a moment after it said "executing null".
	paths := slices.Compact(count.paths)
	if len(paths) != 4 || count.conns > 2 {
		t.Errorf("%d connections for %s", count.conns, strings.Join(count.paths, ", "))
	}
}

func BenchmarkRealServerRun(b *testing.B) {
	addr := realServer(b)
	var total, exec time.Duration
	for b.Loop() {
		g := emptyImage(b)
		begin := time.Now()
		c, err := comfy.NewClient(addr)
		if err != nil {
			b.Fatal(err)
		}
		st, files, err := runOnce(b.Context(), c, g)
		if err != nil || len(files) != 1 {
			b.Fatal(err, st)
		}
		_ = c.Close()
		total += time.Since(begin)
		exec += st.Finished.Sub(st.Started)
	}
	b.ReportMetric(float64((total-exec).Microseconds())/1000/float64(b.N), "ms-overhead/op")
}
