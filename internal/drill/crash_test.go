package drill

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/crashpoint"
	"github.com/seed-7d77cb5c/easel/internal/drill/chaos"
)

// An instant is a moment in the life of a run at which something is killed.
type instant struct {
	name    string
	mark    string                         // crash point inside the client
	rule    func(strike func()) chaos.Rule // or a moment that only the network sees
	reached bool                           // the server has the run by then
	named   bool                           // the file has its final name by then
}

func instants() []instant {
	var all []instant
	for _, mark := range crashpoint.All() {
		all = append(all, instant{
			name: mark, mark: mark, reached: mark != crashpoint.Recorded,
			named: mark == crashpoint.Renamed || mark == crashpoint.Stored || mark == crashpoint.Kept,
		})
	}
	return append(all,
		instant{name: "posting", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/prompt", Before: f, CutBefore: true} }},
		instant{name: "posted", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/prompt", After: f, CutAfter: true} }, reached: true},
		instant{name: "asking", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/history/", Before: f, CutBefore: true} }, reached: true},
		instant{name: "downloading", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/view", CutBody: 500, AtCut: f} }, reached: true},
	)
}

// Issue 4, done when 2, first half: the client is killed at every chosen instant,
// while the server lives on and while it is killed too. Whatever resume then
// finds, there is no partial file, no second file and no second execution.
func TestKilledClient(t *testing.T) {
	t.Parallel()
	for _, at := range instants() {
		for _, restarted := range []bool{false, true} {
			name := at.name + "/server lives"
			if restarted {
				name = at.name + "/server restarted"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, m := newRemote(t), newMachine(t)
				backend, env := srv.url(), []string(nil)
				victim := make(chan *process, 1)
				if at.mark != "" {
					env = []string{"EASEL_CRASH_AT=" + at.mark}
				} else {
					backend = gateway(t, backend, at.rule(func() {
						p := <-victim
						p.kill()
						victim <- p
					}))
				}
				p := m.generate(env, backend)
				victim <- p
				if exit := p.wait(); exit != -1 {
					t.Fatalf("the client was not killed, but ended with %d\n%s", exit, p.stderr)
				}
				if restarted {
					srv.restart()
				}
				exit, _, stderr := m.run("resume", "--backend", srv.url())
				v := m.audit(srv.read())
				v.sound(t)
				if len(v.open) > 0 {
					t.Errorf("resume left %v\n%s", v.open, stderr)
				}
				switch {
				case at.mark == crashpoint.Finished:
					if exit != 0 || v.complete != 1 {
						t.Errorf("a finished run: exit %d, %+v", exit, v)
					}
				case exit == 3: // its file has its name, but who knows if it was the only one
					if v.complete != 1 || !restarted || !at.named {
						t.Errorf("a partial run: %+v\n%s", v, stderr)
					}
				case at.reached && !restarted:
					if exit != 0 || v.complete != 1 {
						t.Errorf("the server had the run: exit %d, %+v\n%s", exit, v, stderr)
					}
				case exit == 8:
					if v.failed != 1 || !strings.Contains(stderr, "lost") {
						t.Errorf("a lost run: %+v\n%s", v, stderr)
					}
				default:
					t.Errorf("exit %d, %+v\n%s", exit, v, stderr)
				}
			})
		}
	}
}

// Second half: the server is killed at chosen instants under a living client,
// and comes back without its memory or stays away.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	for _, at := range []instant{
		{name: "greeting", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/ws", Nth: 1, Before: f, CutBefore: true} }},
		{name: "posting", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/prompt", Nth: 1, Before: f, CutBefore: true} }},
		{name: "posted", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/prompt", Nth: 1, After: f, CutAfter: true} }},
		{name: "answered", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/prompt", Nth: 1, After: f} }},
		{name: "asking", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/history/", Nth: 1, Before: f, CutBefore: true} }},
		{name: "told", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/history/", Nth: 1, After: f} }},
		{name: "fetching", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/view", Nth: 1, Before: f, CutBefore: true} }},
		{name: "downloading", rule: func(f func()) chaos.Rule { return chaos.Rule{Path: "/view", Nth: 1, CutBody: 500, AtCut: f} }},
	} {
		for _, back := range []bool{true, false} {
			name := at.name + "/comes back"
			if !back {
				name = at.name + "/stays away"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv, m := newRemote(t), newMachine(t)
				killed := make(chan struct{})
				backend := gateway(t, srv.url(), at.rule(func() {
					srv.proc.kill()
					close(killed)
				}))
				p := m.generate(nil, backend)
				<-killed
				if back {
					srv.start()
				}
				exit := p.wait()
				if !back {
					srv.start()
				}
				resumed, _, stderr := m.run("resume", "--backend", srv.url())
				v := m.audit(srv.read())
				v.sound(t)
				if len(v.open) > 0 || v.complete+v.failed != 1 {
					t.Errorf("generate %d, resume %d: %+v\n%s%s", exit, resumed, v, p.stderr, stderr)
				}
				if (exit == 0) != (v.complete == 1) && resumed != 0 {
					t.Errorf("generate ended with %d, but %+v\n%s", exit, v, p.stderr)
				}
				if exit != 0 && exit != 5 && exit != 8 {
					t.Errorf("exit %d is no clear failure\n%s", exit, p.stderr)
				}
			})
		}
	}
}

// Random moments: seed and moment are printed, so a failure can be repeated.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	kills := 8
	if long {
		kills = 60
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	lanes := 2 // runs at a time
	moments := make([]time.Duration, kills)
	for i := range moments {
		moments[i] = time.Duration(rnd.Int64N(int64(350 * time.Millisecond)))
	}
	for lane := range lanes {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			srv, m := newRemote(t), newMachine(t)
			for i := lane; i < kills; i += lanes {
				p := m.generate(nil, srv.url())
				select { // the moment itself is the fault
				case <-time.After(moments[i]):
				case <-p.done:
				}
				who := "client"
				if (i/lanes)%2 == 0 {
					p.kill()
				} else {
					who = "server"
					srv.restart()
					p.wait()
				}
				exit, _, stderr := m.run("resume", "--backend", srv.url())
				v := m.audit(srv.read())
				v.sound(t)
				if len(v.open) > 0 || exit != 0 && exit != 8 {
					t.Errorf("%s killed after %s: resume %d left %v\n%s%s", who, moments[i], exit, v.open, p.stderr, stderr)
				}
			}
			v := m.audit(srv.read())
			t.Logf("%d complete, %d failed with a reason, %d half-written files under temporary names", v.complete, v.failed, v.litter)
		})
	}
}
