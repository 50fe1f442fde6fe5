package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
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

// foreign puts somebody else's run on a server and says how it stands later.
func foreign(t *testing.T, address string, steps int) (c *comfy.Client, id comfy.Handle) {
	t.Helper()
	c, err := comfy.NewClient(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	g, err := comfy.ParseGraph([]byte(graph))
	if err != nil {
		t.Fatal(err)
	}
	g.Node("3").Inputs.Set("steps", json.RawMessage(strconv.Itoa(steps)))
	id, err = c.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: g})
	if err != nil {
		t.Fatal(err)
	}
	return c, id
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

// P-C1, P-C4, and issue 4, done when 3: Ctrl-C takes our run from the server,
// executing or waiting, says so within 2 s, and touches nobody else's.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ahead  int // steps of a foreign run before ours; 0 = none
		behind bool
		signal os.Signal
		until  string // what ours has printed when the signal comes
		exit   int
	}{
		"executing":             {0, true, os.Interrupt, "KSampler", 130},
		"executing, terminated": {0, true, syscall.SIGTERM, "KSampler", 143},
		"waiting":               {150, true, os.Interrupt, "queued", 130},
		"waiting, terminated":   {150, false, syscall.SIGTERM, "queued", 143},
		"with nobody beside":    {0, false, os.Interrupt, "KSampler", 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			wire, address := tap(t, srv.url())
			m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 1000`, 1))
			var before comfy.Handle
			var c *comfy.Client
			if tc.ahead > 0 {
				c, before = foreign(t, srv.url(), tc.ahead)
			}
			p := m.generate(nil, address, "--events")
			p.expect(p.stdout, tc.until)
			var after comfy.Handle
			if tc.behind {
				c, after = foreign(t, srv.url(), 3)
			}
			begin := time.Now()
			p.signal(tc.signal)
			exit := p.wait()
			took := time.Since(begin)
			if exit != tc.exit || !strings.Contains(p.stderr.String(), "removed from the backend") {
				t.Errorf("exit %d, want %d\n%s", exit, tc.exit, p.stderr)
			}
			if took > 2500*time.Millisecond {
				t.Errorf("it took %s", took)
			}
			for _, id := range []comfy.Handle{before, after} {
				if id != "" {
					if phase := finished(t, c, id); phase != comfy.PhaseDone {
						t.Errorf("a foreign run ended as %s", phase)
					}
				}
			}
			if found := wire.global(); len(found) > 0 {
				t.Errorf("sent %q", found)
			}
			client, err := comfy.NewClient(srv.url())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if entries, err := client.Queue(t.Context()); err != nil || len(entries) > 0 {
				t.Errorf("left in the queue: %v, %v", entries, err)
			}
			if got := m.states(); got[ledger.Cancelled] != 1 {
				t.Errorf("the history says %v", got)
			}
			t.Logf("gone after %s", took.Round(time.Millisecond))
		})
	}
}

// states counts the history's runs by state.
func (m *machine) states() map[ledger.State]int {
	m.t.Helper()
	count := map[ledger.State]int{}
	for rec, err := range m.history().List() {
		if err != nil {
			m.t.Fatal(err)
		}
		count[rec.State]++
	}
	return count
}

// A server that hears nothing, as one that loads a model: easel says within 2 s
// that it could not, and resume finishes the cancel.
func TestInterruptUnheard(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t, "--fault", "interrupt-lost=8"), newMachine(t)
	m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 2000`, 1))
	p := m.generate(nil, srv.url(), "--events")
	p.expect(p.stdout, "KSampler")
	begin := time.Now()
	p.signal(os.Interrupt)
	exit := p.wait()
	if took := time.Since(begin); exit != 130 || took > 3*time.Second {
		t.Errorf("exit %d after %s", exit, took)
	}
	if got := p.stderr.String(); !strings.Contains(got, "did not confirm") || !strings.Contains(got, "easel resume") {
		t.Errorf("it did not say what is left to do:\n%s", got)
	}
	if got := m.states(); got[ledger.Cancelling] != 1 {
		t.Fatalf("the history says %v", got)
	}
	resumed, _, stderr := m.run("resume")
	if got := m.states(); resumed != 0 || got[ledger.Cancelled] != 1 {
		t.Errorf("resume ended with %d, the history says %v\n%s", resumed, got, stderr)
	}
	l := srv.read()[0]
	if len(l.executions) != 1 || l.executions[0].Outcome != emulator.OutcomeInterrupted {
		t.Errorf("the server executed %+v", l.executions)
	}
}

// A signal while the outputs travel: there is nothing to cancel any more, easel
// says how to get them, and resume does.
func TestInterruptWhileDownloading(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	victim := make(chan *process, 1)
	p := m.generate(nil, gateway(t, srv.url(), chaos.Rule{Path: "/view", Before: func() {
		p := <-victim
		p.signal(os.Interrupt)
		victim <- p
		<-p.done
	}, CutBefore: true}))
	victim <- p
	if exit := p.wait(); exit != 130 || !strings.Contains(p.stderr.String(), "easel resume") {
		t.Errorf("exit %d\n%s", exit, p.stderr)
	}
	if exit, _, stderr := m.run("resume", "--backend", srv.url()); exit != 0 {
		t.Errorf("resume ended with %d\n%s", exit, stderr)
	}
	v := m.audit(srv.read())
	v.sound(t)
	if v.complete != 1 {
		t.Errorf("%+v", v)
	}
}

// The second signal ends easel at once, whatever it waits for.
func TestSecondInterrupt(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t, "--fault", "interrupt-lost"), newMachine(t)
	m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 1000`, 1))
	p := m.generate(nil, srv.url(), "--events")
	p.expect(p.stdout, "KSampler")
	p.signal(os.Interrupt)
	time.Sleep(300 * time.Millisecond) // two signals within one moment would be one
	begin := time.Now()
	p.signal(os.Interrupt)
	if exit := p.wait(); exit != 130 || time.Since(begin) > time.Second {
		t.Errorf("exit %d after %s", exit, time.Since(begin))
	}
	if got := m.states(); got[ledger.Cancelled] != 0 || got[ledger.Done] != 0 {
		t.Errorf("the history claims %v", got)
	}
}

// P-C1 at random moments: the run is over on the server, or was never there, or
// is finished; the exit code says interrupted unless it was too late.
func TestInterruptAtRandom(t *testing.T) {
	t.Parallel()
	times := 10
	if long {
		times = 60
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	srv := newRemote(t)
	t.Run("moments", func(t *testing.T) {
		for range times {
			moment := time.Duration(rnd.Int64N(int64(300 * time.Millisecond)))
			t.Run(moment.String(), func(t *testing.T) {
				t.Parallel()
				interruptAfter(t, srv, moment)
			})
		}
	})
	client, err := comfy.NewClient(srv.url())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if entries, err := client.Queue(t.Context()); err != nil || len(entries) > 0 {
		t.Errorf("left in the queue: %v, %v", entries, err)
	}
}

func interruptAfter(t *testing.T, srv *remote, moment time.Duration) {
	m := newMachine(t)
	p := m.generate(nil, srv.url())
	select { // the moment itself is the fault
	case <-time.After(moment):
	case <-p.done:
	}
	p.signal(os.Interrupt)
	begin := time.Now()
	exit := p.wait()
	took := time.Since(begin)
	if took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	resumed, _, stderr := m.run("resume")
	v := m.audit(nil)
	v.sound(t)
	early := exit == -1 && len(m.states()) == 0 // before easel listens to signals, the system's default holds
	if exit != 0 && exit != 130 && !early || resumed != 0 || len(v.open) > 0 {
		t.Errorf("exit %d, resume %d, %+v\n%s%s", exit, resumed, v, p.stderr, stderr)
	}
	t.Logf("exit %d after %s: %v", exit, took.Round(time.Millisecond), m.states())
}

// P-C2: an interrupt that strikes the next run instead of the cancelled one does
// not lose the next one: it is submitted again and finishes. The cancelled run
// is cancelled or done, never both.
func TestInterruptHitsTheNext(t *testing.T) {
	t.Parallel()
	srv, address := served(t, emulator.Options{StepTime: 10 * time.Millisecond, Faults: faults(t, "interrupt-late=1")})
	x, y := newRig(t, address), newRig(t, address)
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
