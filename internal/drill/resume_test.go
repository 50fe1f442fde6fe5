package drill

import (
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// Several runs of a backend that is away are waited for once and not each in its
// turn; none is called lost, and all are there when it is back, unless it was
// restarted: then that is proven.
func TestResumeOfSeveral(t *testing.T) {
	t.Parallel()
	srv, other, m := newRemote(t), newRemote(t), newMachine(t)
	m.endless()
	for range 3 {
		if exit := m.generate(nil, srv.url(), "--detach").wait(); exit != 0 {
			t.Fatalf("exit %d", exit)
		}
	}
	m.write("graph.json", graph)
	if exit := m.generate(nil, other.url(), "--detach").wait(); exit != 0 {
		t.Fatalf("exit %d", exit)
	}
	srv.proc.kill()
	exit, stdout, stderr := m.run("resume", "--reconnect", "1s")
	if exit != 3 || strings.Count(stdout, ".png") != 1 {
		t.Errorf("one of four can be had: exit %d\n%s%s", exit, stdout, stderr)
	}
	if strings.Count(stderr, "lost sight of run") != 3 || strings.Contains(stderr, "is lost") {
		t.Errorf("nothing is proven to be lost:\n%s", stderr)
	}
	if n := strings.Count(stderr, "waiting up to"); n != 1 {
		t.Errorf("the backend was waited for %d times\n%s", n, stderr)
	}
	srv.start()
	if exit, _, stderr := m.run("resume"); exit != 8 || strings.Count(stderr, "is lost") != 3 {
		t.Errorf("three are lost by now: exit %d\n%s", exit, stderr)
	}
	if got := m.states(); got[ledger.Lost] != 3 || got[ledger.Done] != 1 {
		t.Errorf("the history says %v", got)
	}
}

// Two processes that resume the same run at the same time store it once.
func TestResumedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	srv, m := newRemote(t), newMachine(t)
	if exit := m.generate(nil, srv.url(), "--detach").wait(); exit != 0 {
		t.Fatalf("exit %d", exit)
	}
	one, two := m.start(nil, "resume"), m.start(nil, "resume")
	for _, p := range []*process{one, two} {
		if exit := p.wait(); exit != 0 {
			t.Errorf("exit %d\n%s", exit, p.stderr)
		}
	}
	m.audit(srv.read()).one(t)
}
