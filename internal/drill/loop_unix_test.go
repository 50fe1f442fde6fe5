//go:build unix

package drill

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

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
