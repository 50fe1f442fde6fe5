package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// P-N1, and issue 4, done when 1: whatever happens to the socket, 20 of 20 runs
// end right, each was executed once, and costs at most a poll more. The lines
// are in memory, so that time is virtual; the long form has real ones too.
func TestSocketIsOptional(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]string{
		"every connection reset each 1.5 s": "", // by the proxy, requests included
		"socket reset after 0.2 s":          "ws-reset=200ms",
		"socket reset after 1.5 s":          "ws-reset=1500ms",
		"socket refused":                    "ws-refuse",
		"socket silent":                     "ws-silent",
		"junk on the socket":                "ws-junk",
	} {
		o := emulator.Options{StepTime: 20 * time.Millisecond}
		if spec != "" {
			o.Faults = faults(t, spec)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := emulator.New(o)
				t.Cleanup(func() { srv.Close() })
				client := dialling(t, srv, func(dial chaos.DialFunc) chaos.DialFunc {
					wire := chaos.NewWire(dial, chaos.Toxic{})
					t.Cleanup(func() { wire.Close() })
					if spec == "" {
						wire.ResetEvery(1500 * time.Millisecond)
					}
					return wire.Dial
				})
				begin := time.Now()
				twenty(t, srv, newRig(t, "http://"+emulator.Host, comfy.WithHTTPClient(client)))
				if each := time.Since(begin) / 20; each > 200*time.Millisecond+time.Second {
					t.Errorf("%s each", each)
				}
				t.Logf("%s each", time.Since(begin)/20)
			})
		})
		if long {
			t.Run(name+", on real lines", func(t *testing.T) {
				t.Parallel()
				srv, address := served(t, o)
				proxy := proxied(t, address, chaos.Toxic{})
				if spec == "" {
					proxy.ResetEvery(1500 * time.Millisecond)
				}
				begin := time.Now()
				twenty(t, srv, newRig(t, proxy.URL()))
				t.Logf("%s each, %d connections", time.Since(begin)/20, proxy.Connections())
			})
		}
	}
}

// twenty makes 20 runs and checks that each is complete and was executed once.
func twenty(t *testing.T, srv *emulator.Server, r *rig) {
	t.Helper()
	for i := range 20 {
		res, err := r.generate(t.Context(), "seed", strconv.Itoa(i))
		if err != nil || res.Status != run.Succeeded {
			t.Errorf("run %d: %v", i, err)
		}
	}
	v := r.audit(lifeOf(srv))
	v.sound(t)
	if n := len(srv.Executions()); v.complete != 20 || n != 20 {
		t.Errorf("%d of 20 runs complete, %d executions", v.complete, n)
	}
}

func proxied(t *testing.T, address string, toxic chaos.Toxic) *chaos.Proxy {
	t.Helper()
	p, err := chaos.NewProxy(hostPort(address))
	if err != nil {
		t.Fatal(err)
	}
	p.Set(toxic)
	t.Cleanup(func() { p.Close() })
	return p
}

// P-N2: a server killed with one run executing and two waiting comes back
// without its memory. That is announced at once, the three are lost and nobody
// else, and made again they run once.
func TestServerKilledMidRun(t *testing.T) {
	t.Parallel()
	for _, away := range []time.Duration{500 * time.Millisecond, 5 * time.Second, 60 * time.Second} {
		t.Run(away.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, srv := emulated(t, emulator.Options{StepTime: 100 * time.Millisecond})
				if _, err := r.generate(t.Context(), "seed", "1"); err != nil {
					t.Fatal(err)
				}
				started := make(chan struct{}, 3)
				var killed time.Time
				var mu sync.Mutex
				var announced []time.Duration
				var runs sync.WaitGroup
				for i := range 3 {
					runs.Go(func() {
						_, err := r.watch(t.Context(), func(e run.Event) {
							switch e.Type {
							case run.EventQueued, run.EventProgress:
								select {
								case started <- struct{}{}:
								default:
								}
							case run.EventLost:
								mu.Lock()
								announced = append(announced, time.Since(killed))
								mu.Unlock()
							}
						}, "seed", strconv.Itoa(10+i))
						var lost *comfy.LostError
						if !errors.As(err, &lost) || lost.Gone != (away < comfy.DefaultPatience) {
							t.Errorf("a run on the killed server ended with %v", err)
						}
					})
				}
				<-started
				synctest.Wait()
				mu.Lock()
				killed = time.Now()
				mu.Unlock()
				srv.Kill()
				time.Sleep(away) // virtual
				srv.Restart(false)
				runs.Wait()
				if len(announced) != 3 || announced[0] > 2*time.Second || announced[2] > 4*time.Second {
					t.Errorf("the loss was announced after %v", announced)
				}
				var lost *comfy.LostError
				for r.states()[ledger.Submitted] > 0 { // resume stops at the first that is lost
					if err := r.resume(t.Context()); !errors.As(err, &lost) || !lost.Gone {
						t.Fatalf("resume: %v", err)
					}
				}
				for i := range 3 {
					if _, err := r.generate(t.Context(), "seed", strconv.Itoa(10+i)); err != nil {
						t.Errorf("again: %v", err)
					}
				}
				v := r.audit(lifeOf(srv))
				v.sound(t)
				if v.complete != 4 || v.failed != 3 || len(v.open) > 0 {
					t.Errorf("%+v", v)
				}
			})
		})
	}
}

// P-N3 through the command line: the answer to the submission is lost in every
// way, and the run is adopted and executed once.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]chaos.Rule{
		"cut after the server took it": {Path: "/prompt", Nth: 1, CutAfter: true},
		"502 after the server took it": {Path: "/prompt", Nth: 1, Replace: 502},
		"524 after the server took it": {Path: "/prompt", Nth: 1, Replace: 524},
		"cut before the server saw it": {Path: "/prompt", Nth: 1, CutBefore: true},
		"503 instead of the server":    {Path: "/prompt", Nth: 1, Status: 503, Header: http.Header{"Retry-After": {"1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			p := m.generate(nil, gateway(t, srv.url(), rule))
			if exit := p.wait(); exit != 0 {
				t.Errorf("exit %d\n%s", exit, p.stderr)
			}
			m.audit(srv.read()).one(t)
		})
	}
}

// A client killed while the server still checks the graph: resume waits for the
// verdict and adopts the run.
func TestKilledWhileValidating(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t, "--fault", "validate-delay=2s"), newMachine(t)
	victim := make(chan *process, 1)
	g := gateway(t, srv.url(), chaos.Rule{Path: "/prompt", Nth: 1, Before: func() {
		p := <-victim
		time.AfterFunc(100*time.Millisecond, p.kill) // the request is with the server by then
	}})
	p := m.generate(nil, g)
	victim <- p
	p.wait()
	exit, _, stderr := m.run("resume", "--backend", srv.url())
	v := m.audit(srv.read())
	v.sound(t)
	if exit != 0 && v.failed != 1 || len(v.open) > 0 {
		t.Errorf("resume ended with %d, %+v\n%s", exit, v, stderr)
	}
}

// P-N4: each status on each endpoint, once and for ever. A run ends right, or as
// an error that is not an unknown one, in bounded (virtual) time, and is never
// executed twice. The quick form takes one status of each kind, and asks after
// what the server did nevertheless only where it does something.
func TestStatusMatrix(t *testing.T) {
	t.Parallel()
	statuses := []int{400, 401, 404, 409, 413, 429, 500, 503}
	if long {
		statuses = []int{400, 401, 403, 404, 408, 409, 413, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530}
	}
	for _, at := range endpoints() {
		kinds := []string{"status"}
		if at.name == "prompt" || long && at.name != "ws" { // an upgraded connection has no status any more
			kinds = append(kinds, "reply-status")
		}
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range kinds {
				for _, status := range statuses {
					spec := fmt.Sprintf("%s=%s:%d", kind, at.name, status)
					synctest.Test(t, func(t *testing.T) { answered(t, at, spec) })
					synctest.Test(t, func(t *testing.T) {
						err := answered(t, at, spec+":1")
						if passing := status == 408 || status == 429 || status >= 500; passing && err != nil {
							t.Errorf("%s:1: one such answer ended the run: %v", spec, err)
						}
					})
				}
			}
		})
	}
}

// longestRun bounds a run on a server with a fault, on virtual time: a 429 is waited for
// two minutes.
const longestRun = 140 * time.Second

// answered makes a run on a server with a fault at the endpoint, checks what
// holds for all of them, and gives the run's error.
func answered(t *testing.T, at endpoint, spec string) error {
	t.Helper()
	r, srv := emulated(t, at.options(t, spec), comfy.WithPatience(5*time.Second))
	begin := time.Now()
	res, err := r.exercise(t.Context(), srv, at)
	if took := time.Since(begin); took > longestRun {
		t.Errorf("%s took %s", spec, took)
	}
	if err == nil && res.Status != run.Succeeded || err != nil && !known(err) {
		t.Errorf("%s: %v is no typed error", spec, err)
	}
	if n := len(srv.Executions()); n > 1 {
		t.Errorf("%s: executed %d times", spec, n)
	}
	r.audit(lifeOf(srv)).sound(t)
	return err
}

// known reports whether an error has a type that says what to do about it.
func known(err error) bool {
	for _, target := range []any{
		new(*comfy.UnreachableError), new(*comfy.AuthError), new(*comfy.StatusError), new(*comfy.LostError), new(*comfy.AmbiguousError),
		new(*comfy.NotFoundError), new(*comfy.TooLargeError), new(*comfy.TimeoutError), new(*run.UncollectedError),
		new(*run.IncompleteError), new(*run.RejectedError), new(*run.StoppedError), new(*comfy.ValidationError), new(*comfy.CancelledError),
	} {
		if errors.As(err, target) {
			return true
		}
	}
	return false
}

// P-N5: a transport that is slow, cut or mute costs bounded time, and what came
// through it is whole or is not there.
func TestHostileTransport(t *testing.T) {
	t.Parallel()
	for name, toxic := range map[string]chaos.Toxic{
		"refused":             {Refuse: true},
		"deaf":                {Deaf: true},
		"reset at byte 200":   {CutAfter: 200},
		"reset at byte 2000":  {CutAfter: 2000},
		"stalled at byte 200": {StallAfter: 200},
		"stalled at 2000":     {StallAfter: 2000},
		"one byte a time":     {Drip: 50 * time.Millisecond},
		"reset after 30 ms":   {ResetAfter: 30 * time.Millisecond},
		"junk first":          {Junk: bytes.Repeat([]byte("\x00\xff junk"), 1000)},
		"a header for ever":   {Junk: append([]byte("HTTP/1.1 200 OK\r\nX: "), bytes.Repeat([]byte("x"), 4<<20)...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, address := served(t, emulator.Options{StepTime: time.Millisecond})
			proxy := proxied(t, address, toxic)
			r := newRig(t, proxy.URL(), hurried(), comfy.WithPatience(time.Second))
			ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
			defer cancel()
			begin := time.Now()
			_, err := r.generate(ctx)
			took := time.Since(begin)
			if err != nil && !known(err) {
				t.Errorf("%v is no typed error", err)
			}
			if ctx.Err() != nil {
				t.Errorf("it took %s: %v", took, err)
			}
			proxy.Set(chaos.Toxic{})
			proxy.Reset()
			r.Backend = stranger(t, proxy.URL()) // in no hurry
			for range 2 {                        // what is lost, and what is there
				_ = r.resume(t.Context())
			}
			v := r.audit(lifeOf(srv))
			v.sound(t)
			if len(v.open) > 0 {
				t.Errorf("resume left %v", v.open)
			}
			t.Logf("%s: %v, then %d complete, %d failed", took.Round(time.Millisecond), err, v.complete, v.failed)
		})
	}
}

// P-N6: what no ComfyUI sends is a typed error on each endpoint, in virtual time
// and bounded memory.
func TestGarbage(t *testing.T) {
	t.Parallel()
	for _, at := range endpoints() {
		for _, kind := range []string{
			"html", "empty", "null", "array", "text", "huge-number", "nested", "duplicate-keys", "invalid-utf8", "gzip-bomb", "endless",
		} {
			spec := "body=" + at.name + ":" + kind
			t.Run(spec, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					r, srv := emulated(t, at.options(t, spec),
						comfy.WithLimits(comfy.Limits{JSON: 1 << 20, File: 1 << 20}), comfy.WithPatience(2*time.Second))
					begin := time.Now()
					res, err := r.exercise(t.Context(), srv, at)
					if err != nil && !known(err) {
						t.Errorf("%v is no typed error", err)
					}
					if took := time.Since(begin); took > longestRun {
						t.Errorf("it took %s", took)
					}
					if at.name == "view" && err == nil && res.Status == run.Succeeded {
						t.Errorf("%s was stored as a picture: %+v", kind, res)
					}
				})
			})
		}
	}
}

// P-N9: at 100 ms round trip and with jitter a server with jobs of one second
// stays busy when two are under way. In virtual time, so that what is measured
// is the conversation and not this machine.
func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := busyShare(t)
		if busy < 0.97 {
			t.Errorf("the server was busy %.3f of the time", busy)
		}
		t.Logf("busy %.3f", busy)
	})
}

// distant gives a client of an emulator that is a round trip away.
func distant(t *testing.T, srv *emulator.Server, roundTrip, jitter time.Duration) *http.Client {
	t.Helper()
	return dialling(t, srv, func(dial chaos.DialFunc) chaos.DialFunc {
		wire := chaos.NewWire(dial, chaos.Toxic{Delay: roundTrip / 2, Jitter: jitter})
		t.Cleanup(func() { wire.Close() })
		return wire.Dial
	})
}

// busyShare runs jobs on a far server, two under way, and says for what part of
// the time from the first to the last it executed.
func busyShare(t *testing.T) float64 {
	t.Helper()
	const jobs = 6
	srv := emulator.New(emulator.Options{StepTime: 100 * time.Millisecond})
	t.Cleanup(func() { srv.Close() })
	r := newRig(t, "http://"+emulator.Host, comfy.WithHTTPClient(distant(t, srv, 100*time.Millisecond, 10*time.Millisecond)))
	next := make(chan int, jobs)
	for i := range jobs {
		next <- i
	}
	close(next)
	var lanes sync.WaitGroup
	for range 2 {
		lanes.Go(func() {
			for i := range next {
				if _, err := r.generate(t.Context(), "seed", strconv.Itoa(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	lanes.Wait()
	r.audit(lifeOf(srv)).sound(t)
	all := srv.Executions()
	if len(all) != jobs {
		t.Fatalf("%d executions", len(all))
	}
	var busy time.Duration
	for _, e := range all {
		busy += e.Ended.Sub(e.Started)
	}
	return float64(busy) / float64(all[jobs-1].Ended.Sub(all[0].Started))
}

// P-N10: what came only in part is visible: in the status and in the exit code.
func TestPartialIsVisible(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]int{
		"zero-bytes":         8,
		"output-gone":        8,
		"temp-only":          0, // told as a warning: the file is there
		"blocker=any":        8, // nothing came out
		"exception=KSampler": 7,
		"oom=KSampler":       7,
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			exit, stdout, stderr := m.run("generate", "./graph.json", "--backend", "emulator?step-time=1ms&fault="+spec, "--out", m.out)
			if exit != want {
				t.Errorf("exit %d, want %d\n%s%s", exit, want, stdout, stderr)
			}
			if want == 0 && !bytes.Contains([]byte(stderr), []byte("temp")) {
				t.Errorf("nothing was said about it:\n%s", stderr)
			}
			m.audit(nil).sound(t)
		})
	}
	t.Run("one of two outputs skipped", func(t *testing.T) {
		t.Parallel()
		m := newMachine(t)
		m.write("graph.json", graph[:len(graph)-1]+`,
			"10": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "two"}}}`)
		exit, _, stderr := m.run("generate", "./graph.json", "--backend", "emulator?step-time=1ms&fault=node-errors-200", "--out", m.out)
		if exit != 3 {
			t.Errorf("exit %d\n%s", exit, stderr)
		}
		m.audit(nil).sound(t)
	})
}
