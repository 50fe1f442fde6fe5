package term

import (
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openPTY returns both ends of a pseudo-terminal.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { master.Close() })
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	err = raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

func TestTerminalIsAskedForSixels(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"\x1b[?62;4;22c": true, "\x1b[?62;22c": false} {
		master, slave := openPTY(t)
		asked := make(chan string, 1)
		go func() {
			buf := make([]byte, 16)
			n, _ := master.Read(buf)
			asked <- string(buf[:n])
			_, _ = master.WriteString(answer)
		}()
		if got := querySixel(slave, 10*time.Second); got != want {
			t.Errorf("answer %q: %v", answer, got)
		}
		if q := <-asked; q != "\x1b[c" {
			t.Errorf("asked %q", q)
		}
	}
}

func TestSilentTerminalIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	master, slave := openPTY(t)
	began := time.Now()
	if querySixel(slave, 50*time.Millisecond) {
		t.Error("a silent terminal draws sixels")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	// Its mode is as before: it echoes again.
	if _, err := master.WriteString("x\n"); err != nil {
		t.Fatal(err)
	}
	if err := master.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var seen string
	buf := make([]byte, 16)
	for len(seen) < len("\x1b[cx\r\n") {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", seen, err)
		}
		seen += string(buf[:n])
	}
	if seen != "\x1b[cx\r\n" {
		t.Errorf("read %q", seen)
	}
}
