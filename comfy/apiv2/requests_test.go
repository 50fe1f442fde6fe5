package apiv2_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2"
	"github.com/seed-7d77cb5c/easel/comfy/apiv2/apiv2test"
)

// A run costs what the protocol needs and no more: the submission, the stream of its
// events, the job at its end, and the file. Nothing is polled beside the stream.
func TestRequestsOfOneRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts        apiv2test.Options
		want        map[string]int
		connections int64
	}{
		"events":  {apiv2test.Options{}, map[string]int{"submit": 1, "events": 1, "job": 1, "content": 1}, 2},
		"storage": {apiv2test.Options{Storage: true}, map[string]int{"submit": 1, "events": 1, "job": 1}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apiv2test.New(t, test.opts)
			var dials atomic.Int64
			tr := http.DefaultTransport.(*http.Transport).Clone()
			var d net.Dialer
			tr.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials.Add(1)
				return d.DialContext(ctx, network, address)
			}
			t.Cleanup(tr.CloseIdleConnections)
			c := client(t, s.URL, apiv2.WithHTTPClient(&http.Client{Transport: tr}))
			h, err := submit(t, c)
			if err != nil {
				t.Fatal(err)
			}
			var st *comfy.State
			for e, err := range c.Follow(t.Context(), h) {
				if err != nil {
					t.Fatal(err)
				}
				st = e.State
			}
			if len(st.Outputs) != 1 {
				t.Fatalf("%+v", st)
			}
			body, _, err := c.Open(t.Context(), st.Outputs[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, body); err != nil {
				t.Fatal(err)
			}
			body.Close()
			for _, kind := range []string{"submit", "events", "job", "asset", "content", "cancel", "upload", "other"} {
				if n := s.Count(kind); n != test.want[kind] {
					t.Errorf("%d requests of the kind %s, want %d", n, kind, test.want[kind])
				}
			}
			if n := dials.Load(); n > test.connections {
				t.Errorf("%d connections", n)
			} else {
				t.Logf("%d connections", n)
			}
		})
	}
}

// An address that does not work any more, or leads elsewhere, is asked for anew.
func TestLinkThatFails(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]apiv2test.Answer{
		"expired": {Status: http.StatusForbidden}, "gone": {Status: http.StatusNotFound},
		"leads elsewhere": {Status: http.StatusFound, Header: http.Header{"Location": {"http://127.0.0.1:1/x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := apiv2test.New(t, apiv2test.Options{})
			s.Script("content", answer)
			c := client(t, s.URL)
			h, err := submit(t, c)
			if err != nil {
				t.Fatal(err)
			}
			var st *comfy.State
			for e, err := range c.Follow(t.Context(), h) {
				if err != nil {
					t.Fatal(err)
				}
				st = e.State
			}
			body, _, err := c.Open(t.Context(), st.Outputs[0])
			if err != nil {
				t.Fatal(err)
			}
			body.Close()
			if s.Count("asset") != 1 || s.Count("content") != 2 {
				t.Errorf("asked %d times, fetched %d times", s.Count("asset"), s.Count("content"))
			}
		})
	}
}
