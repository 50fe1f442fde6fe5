package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// A wiretap stands before a server and keeps the bodies of what could stop runs.
type wiretap struct {
	mu     sync.Mutex
	bodies []string // "PATH BODY"
}

// tap gives the address of a wiretap.
func tap(t *testing.T, server string) (*wiretap, string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	w := &wiretap{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }, FlushInterval: -1,
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	ts := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/api")
		if r.Method == http.MethodPost && path != "/prompt" {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			w.mu.Lock()
			w.bodies = append(w.bodies, path+" "+string(body))
			w.mu.Unlock()
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() {
		ts.CloseClientConnections()
		ts.Close()
	})
	return w, ts.URL
}

// global lists what was sent that could have hit runs of others: P-C4.
func (w *wiretap) global() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []string
	for _, b := range w.bodies {
		path, body, _ := strings.Cut(b, " ")
		var m map[string]any
		err := json.Unmarshal([]byte(body), &m)
		switch path {
		case "/interrupt":
			if id, ok := m["prompt_id"].(string); err != nil || !ok || id == "" {
				found = append(found, b)
			}
		case "/queue", "/history":
			if _, ok := m["clear"]; ok || err != nil {
				found = append(found, b)
			}
		case "/free":
			found = append(found, b)
		}
	}
	return found
}

// stranger is somebody else's client of a server.
func stranger(t *testing.T, address string) *comfy.Client {
	t.Helper()
	c, err := comfy.NewClient(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// submit puts a run of so many steps on a server.
func submit(t *testing.T, c *comfy.Client, steps int) comfy.Handle {
	t.Helper()
	g, err := comfy.ParseGraph([]byte(graph))
	if err != nil {
		t.Fatal(err)
	}
	g.Node("3").Inputs.Set("steps", json.RawMessage(strconv.Itoa(steps)))
	id, err := c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: g})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// finished waits for a run's end.
func finished(t *testing.T, c *comfy.Client, id comfy.Handle) comfy.Phase {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for e, err := range c.Follow(ctx, id) {
		if err != nil {
			t.Errorf("a foreign run: %v", err)
			return comfy.PhaseUnknown
		}
		if e.Type == comfy.EventDone {
			return e.State.Phase
		}
	}
	return comfy.PhaseUnknown
}

// P-C2: an interrupt that strikes the next run instead of the cancelled one does
// not lose the next one: it is submitted again and finishes. The cancelled run
// is cancelled or done, never both.
func TestInterruptHitsTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, interruptTheNext)
}

func interruptTheNext(t *testing.T) {
	x, srv := emulated(t, emulator.Options{StepTime: 10 * time.Millisecond, Faults: faults(t, "interrupt-late=1")})
	y := newRig(t, "http://"+emulator.Host, comfy.WithHTTPClient(srv.Client()))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	executing := make(chan struct{})
	var once sync.Once
	var both sync.WaitGroup
	both.Go(func() {
		_, err := x.watch(ctx, func(e run.Event) {
			if e.Type == run.EventProgress {
				once.Do(func() { close(executing) })
			}
		}, "steps", "500", "seed", "1")
		var stopped *run.StoppedError
		if !errors.As(err, &stopped) || stopped.Unconfirmed != nil {
			t.Errorf("the cancelled run ended with %v", err)
		}
	})
	both.Go(func() {
		<-executing
		res, err := y.watch(t.Context(), func(e run.Event) {
			if e.Type == run.EventQueued {
				cancel()
			}
		}, "seed", "2")
		if err != nil || res.Status != run.Succeeded {
			t.Errorf("the next run: %v", err)
		}
	})
	both.Wait()
	if got := x.states(); got[ledger.Cancelled] != 1 || got[ledger.Done] != 0 {
		t.Errorf("the history of the cancelled run says %v", got)
	}
	y.audit(nil).sound(t)
	interrupted := 0
	for _, e := range srv.Executions() {
		if e.Outcome == emulator.OutcomeInterrupted {
			interrupted++
		}
	}
	if interrupted != 2 {
		t.Errorf("%d executions were interrupted, want ours and the one hit by mistake: %+v", interrupted, srv.Executions())
	}
}

// P-C3: a cancel that races the end leads to one terminal state, and nothing is
// stored after "cancelled".
func TestCancelRacesTheEnd(t *testing.T) {
	t.Parallel()
	times := 100
	if long {
		times = 1000
	}
	r, _ := emulated(t, emulator.Options{StepTime: 100 * time.Microsecond})
	ends := map[string]int{}
	for i := range times {
		ctx, cancel := context.WithCancel(t.Context())
		moment := time.AfterFunc(time.Duration(i%25)*time.Millisecond, cancel)
		res, err := r.generate(ctx, "seed", strconv.Itoa(i))
		moment.Stop()
		cancel()
		var stopped *run.StoppedError
		switch {
		case err == nil && res.Status == run.Succeeded:
			ends["done"]++
		case errors.As(err, &stopped):
			ends["cancelled"]++
		case errors.Is(err, context.Canceled): // while downloading: the run is there for resume
			ends["left"]++
		default:
			t.Errorf("run %d: %v, %v", i, res, err)
		}
	}
	before := r.states()
	if err := r.resume(t.Context()); err != nil {
		t.Errorf("resume: %v", err)
	}
	v := r.audit(nil)
	v.sound(t)
	if len(v.open) > 0 || before[ledger.Done] != ends["done"] {
		t.Errorf("told %v, the history said %v, after resume %v are open", ends, before, v.open)
	}
	t.Logf("%v", ends)
}
