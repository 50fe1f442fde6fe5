package cmd

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// A backend that accepts and says nothing must not hold up who presses Tab.
func TestCompletionDoesNotWaitForASilentBackend(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	begin := time.Now()
	code, out, _ := runEasel(t, "__complete", "generate", "sd_single", "--backend", "http://"+listener.Addr().String(), "--sampler", "")
	if took := time.Since(begin); took > 2*time.Second { // the client itself would wait for 5
		t.Errorf("took %s", took)
	}
	if code != problem.ExitOK || strings.Contains(out, "euler") {
		t.Errorf("exit %d, %q", code, out)
	}
}
