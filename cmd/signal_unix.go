//go:build unix

package cmd

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// endBy ends the process by the signal that interrupted it, which a shell sees
// as the same exit code. A signal that the process was started to ignore, as a
// script does for what it puts into the background, does not end it: then the
// exit code does.
func endBy(cause *problem.SignalError) {
	const fromSignal = 128 // what shells add to the number of a signal
	sig := syscall.Signal(cause.Exit - fromSignal)
	signal.Reset(sig)
	if !signal.Ignored(sig) && syscall.Kill(os.Getpid(), sig) == nil {
		time.Sleep(time.Second) // it is on its way
	}
	os.Exit(cause.Exit)
}
