package drill

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// grace is what easel gives a server to confirm a cancel.
const grace = 2 * time.Second

// endless makes the drill's graph one that no test sees the end of.
func (m *machine) endless() {
	m.write("graph.json", strings.Replace(graph, `"steps": 10`, `"steps": 10000`, 1))
}

// P-C1, P-C4, and issue 4, done when 3: Ctrl-C takes our run from the server,
// executing or waiting, says so, and touches nobody else's.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ahead, behind bool // foreign runs beside ours
		signal        os.Signal
		until         string // what ours has printed when the signal comes
		exit          int
	}{
		"executing":             {false, true, os.Interrupt, "KSampler", 130},
		"executing, terminated": {false, true, syscall.SIGTERM, "KSampler", 143},
		"waiting":               {true, true, os.Interrupt, "queued", 130},
		"waiting, terminated":   {true, false, syscall.SIGTERM, "queued", 143},
		"hung up":               {false, false, syscall.SIGHUP, "KSampler", 129},
		"with nobody beside":    {false, false, os.Interrupt, "KSampler", 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if signal.Ignored(tc.signal) {
				t.Skipf("%s is ignored here, as under nohup, and easel keeps it so", tc.signal)
			}
			srv, m := newRemote(t), newMachine(t)
			wire, address := tap(t, srv.url())
			m.endless()
			others := stranger(t, srv.url())
			var before, after comfy.Handle
			if tc.ahead {
				before = submit(t, others, 10000)
			}
			p := m.generate(nil, address, "--events")
			p.expect(p.stdout, tc.until)
			if tc.behind {
				after = submit(t, others, 3)
			}
			begin := time.Now()
			p.signal(tc.signal)
			exit := p.wait()
			if took := time.Since(begin); exit != tc.exit {
				t.Errorf("exit %d, want %d\n%s", exit, tc.exit, p.stderr)
			} else if by := p.endedBy(); runtime.GOOS != "windows" && by != tc.signal {
				t.Errorf("ended by %v, want %v: the loop of a shell goes on", by, tc.signal)
			} else {
				m.tookBack(p, took)
			}
			if before != "" { // still executing: somebody else's business
				if st, err := others.State(t.Context(), before); err != nil || st.Phase != comfy.PhaseRunning {
					t.Errorf("the foreign run before ours: %s, %v", st.Phase, err)
				}
				if err := others.Cancel(t.Context(), before); err != nil {
					t.Error(err)
				}
			}
			if after != "" {
				if phase := finished(t, others, after); phase != comfy.PhaseDone {
					t.Errorf("the foreign run behind ours ended as %s", phase)
				}
			}
			if found := wire.global(); len(found) > 0 {
				t.Errorf("sent %q", found)
			}
			if entries, err := others.Queue(t.Context()); err != nil || len(entries) > 0 {
				t.Errorf("%d runs left in the queue, %v", len(entries), err)
			}
			if got := m.states(); got[ledger.Cancelled] != 1 {
				t.Errorf("the history says %v", got)
			}
		})
	}
}

// tookBack checks that an interrupted process took its run from the server and
// said so. One that could not in time must have tried for as long as it may;
// then resume must succeed. Which of the two it is, a loaded machine decides.
func (m *machine) tookBack(p *process, took time.Duration) {
	m.t.Helper()
	m.t.Logf("%s took %s", m.t.Name(), took.Round(time.Millisecond))
	said := p.stderr.String()
	switch {
	case strings.Contains(said, "removed from the backend"):
		return
	case !strings.Contains(said, "did not confirm") || !strings.Contains(said, "easel resume"):
		m.t.Errorf("it did not say how the run stands:\n%s", said)
	case took < grace:
		m.t.Errorf("it gave up after %s\n%s", took, said)
	}
	if exit, _, stderr := m.run("resume"); exit != 0 {
		m.t.Errorf("resume ended with %d\n%s", exit, stderr)
	}
}

// The promised 2 s, in virtual time: a server that answers has confirmed by
// then, and one that does not is not waited for any longer.
func TestInterruptIsBounded(t *testing.T) {
	t.Parallel()
	for spec, confirmed := range map[string]bool{
		"":                         true,
		"validate-delay=30s":       false, // the signal comes while the graph is posted
		"reply-delay=queue:100ms":  true,
		"interrupt-lost=1":         true,
		"interrupt-lost":           false,
		"reply-delay=interrupt:1h": false,
		"reply-delay=queue:1h":     false,
		"status=queue:503":         false,
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := emulator.Options{StepTime: 10 * time.Millisecond}
				if spec != "" {
					o.Faults = faults(t, spec)
				}
				r, _ := emulated(t, o)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var begin time.Time
				_, err := r.watch(ctx, func(e run.Event) {
					switch {
					case !begin.IsZero():
					case e.Type == run.EventPrepared && strings.HasPrefix(spec, "validate-delay"):
						begin = time.Now().Add(100 * time.Millisecond)
						time.AfterFunc(100*time.Millisecond, cancel)
					case e.Type == run.EventProgress:
						begin = time.Now()
						cancel()
					}
				}, "steps", "10000")
				var stopped *run.StoppedError
				if !errors.As(err, &stopped) || (stopped.Unconfirmed == nil) != confirmed {
					t.Errorf("it ended with %v", err)
				}
				if took := time.Since(begin); took > grace {
					t.Errorf("it took %s", took)
				}
				want := ledger.Cancelling
				if confirmed {
					want = ledger.Cancelled
				}
				if got := r.states(); got[want] != 1 {
					t.Errorf("the history says %v", got)
				}
			})
		})
	}
}

// A time limit holds from the submission on: a server that takes an hour to
// validate is given up, and the cancel is left to resume.
func TestTimeLimitCoversSubmission(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := emulated(t, emulator.Options{Faults: faults(t, "validate-delay=1h")})
		const limit = 5 * time.Second
		begin := time.Now()
		_, err := r.Run(t.Context(), run.Request{Workflow: r.workflow, Timeout: limit}, func(run.Event) {})
		var late *comfy.TimeoutError
		if !errors.As(err, &late) || late.After != limit {
			t.Errorf("it ended with %v", err)
		}
		if took := time.Since(begin); took > limit+grace {
			t.Errorf("it took %s", took)
		}
		if got := r.states(); got[ledger.Cancelling] != 1 {
			t.Errorf("the history says %v", got)
		}
	})
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

// A server that hears nothing, as one that loads a model: easel says that it
// could not, and resume finishes the cancel.
func TestInterruptUnheard(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t, "--fault", "interrupt-lost=8"), newMachine(t)
	m.endless()
	p := m.generate(nil, srv.url(), "--events")
	p.expect(p.stdout, "KSampler")
	p.signal(os.Interrupt)
	if exit := p.wait(); exit != 130 {
		t.Errorf("exit %d", exit)
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
	m.audit(srv.read()).one(t)
}

// The second signal ends easel at once, whatever it waits for: here for the
// answer to its interrupt, which never comes.
func TestSecondInterrupt(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	m.endless()
	victim := make(chan *process, 1)
	var first, second time.Time
	p := m.generate(nil, gateway(t, srv.url(), chaos.Rule{Path: "/interrupt", Before: func() {
		p := <-victim
		second = time.Now()
		p.signal(os.Interrupt)
		victim <- p
		<-p.done
	}, CutBefore: true}), "--events")
	p.expect(p.stdout, "KSampler")
	first = time.Now()
	victim <- p
	p.signal(os.Interrupt)
	if exit := p.wait(); exit != 130 {
		t.Errorf("exit %d", exit)
	}
	if <-victim; second.Sub(first) < grace/2 && strings.Contains(p.stderr.String(), "did not confirm") {
		t.Errorf("it waited for the end of its patience:\n%s", p.stderr)
	}
	if got := m.states(); got[ledger.Cancelled] != 0 || got[ledger.Done] != 0 {
		t.Errorf("the history claims %v", got)
	}
}

// A stdout that nobody reads any more ends the run as a signal does: it does not
// go on unseen, and neither do those behind it.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("head"); err != nil {
		t.Skip(err)
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	srv, m := newRemote(t), newMachine(t)
	m.endless()
	begin := time.Now()
	p := m.command([]string{"EASEL=" + bin, "OUT=" + m.out}, "sh", "-c",
		`"$EASEL" generate ./graph.json --count 3 --events --out "$OUT" --backend `+srv.url()+` | head -n 1`)
	p.wait()
	m.tookBack(p, time.Since(begin))
	if entries, err := stranger(t, srv.url()).Queue(t.Context()); err != nil || len(entries) > 0 {
		t.Errorf("%d runs left in the queue, %v", len(entries), err)
	}
	if got := m.states(); got[ledger.Cancelled] != 1 || len(got) != 1 {
		t.Errorf("the history says %v", got)
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
	exit := p.wait()
	resumed, _, stderr := m.run("resume")
	v := m.audit(nil)
	v.sound(t)
	if exit != 0 && exit != 130 || resumed != 0 || len(v.open) > 0 {
		t.Errorf("exit %d, resume %d, %+v\n%s%s", exit, resumed, v, p.stderr, stderr)
	}
	t.Logf("exit %d: %v", exit, m.states())
}
