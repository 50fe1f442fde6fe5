package ledger

import (
	"os"
	"os/exec"
	"testing"
)

func TestZombieIsNotAlive(t *testing.T) {
	t.Parallel()
	if !alive(os.Getpid()) {
		t.Error("this process is not alive")
	}
	c := exec.Command("sh", "-c", "exit 0")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var one [1]byte
	_, _ = out.Read(one[:]) // ends when the child has ended
	pid := c.Process.Pid
	for alive(pid) { // the kernel marks it a moment after it has closed its files
	}
	if started(pid) == 0 {
		t.Error("the child was waited for, so this test shows nothing")
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Error("a process that was waited for is alive")
	}
}
