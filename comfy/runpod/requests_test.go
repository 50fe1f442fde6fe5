package runpod_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
	"github.com/seed-7d77cb5c/easel/comfy/runpod"
	"github.com/seed-7d77cb5c/easel/comfy/runpod/runpodtest"
)

// A run costs what the protocol needs and no more: one connection, the submission, the
// polls of which the last brings the pictures, and with a bucket one connection and
// download more. Neither account nor health are asked.
func TestRequestsOfOneRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bucket      bool
		connections int64
	}{"inline": {false, 1}, "bucket": {true, 1}} { // the double's bucket is on the host of its jobs
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := runpodtest.New(t, runpodtest.Options{Bucket: test.bucket})
			s.Script("status", runpodtest.Answer{Body: `{"id": "x", "status": "IN_PROGRESS"}`})
			var dials atomic.Int64
			tr := http.DefaultTransport.(*http.Transport).Clone()
			var d net.Dialer
			tr.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials.Add(1)
				return d.DialContext(ctx, network, address)
			}
			t.Cleanup(tr.CloseIdleConnections)
			e := endpoint(t, s, runpod.WithHTTPClient(&http.Client{Transport: tr}))
			h, err := e.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: comfytest.Quick()})
			if err != nil {
				t.Fatal(err)
			}
			var st *comfy.State
			for ev, err := range e.Follow(t.Context(), h) {
				if err != nil {
					t.Fatal(err)
				}
				st = ev.State
			}
			if len(st.Outputs) != 1 {
				t.Fatalf("%+v", st)
			}
			body, _, err := e.Open(t.Context(), st.Outputs[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, body); err != nil {
				t.Fatal(err)
			}
			body.Close()
			downloads := len(s.Seen("bucket"))
			if n := dials.Load(); n != test.connections || len(s.Seen("run")) != 1 || downloads > 1 || test.bucket != (downloads == 1) {
				t.Errorf("%d connections, %+v", n, s.Seen(""))
			}
			if n := len(s.Seen("status")); n < 2 || n > 3 || len(s.Seen("")) != 1+n+downloads {
				t.Errorf("%d requests, %d of them for the status: %+v", len(s.Seen("")), n, s.Seen(""))
			}
		})
	}
}
