//go:build unix

package drill

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A server that is stopped ends by the signal as a run does, without a word of
// failure.
func TestEmulatorEndsBySignal(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		m := newMachine(t)
		p := m.start(nil, "emulate", "--listen", "127.0.0.1:0")
		p.expect(p.stdout, "http://127.0.0.1:")
		p.signal(sig)
		if p.wait(); p.endedBy() != sig || p.stderr.String() != "" {
			t.Errorf("after %s: ended by %s\n%s", sig, p.endedBy(), p.stderr)
		}
	}
}

// Ctrl-C in a loop of a shell ends the loop: bash goes on after a command that
// exits, and stops after one that a signal has ended.
func TestInterruptEndsTheLoopOfAShell(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	srv, m := newRemote(t), newMachine(t)
	m.endless()
	cmd := exec.Command(bash, "-c", `trap - INT; for i in 1 2 3; do "$0" generate graph.json --backend "$1"; echo "went on after $?"; done`, bin, srv.url())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal sends the signal to all of a group
	p := m.launch(cmd)
	p.expect(p.stderr, "KSampler")
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if exit := p.wait(); exit != 130 || strings.Contains(p.stdout.String(), "went on") {
		t.Errorf("the shell ended with %d\n%s%s", exit, p.stdout, p.stderr)
	}
}
