// Package cmd is easel's command line: one file per command, the composition
// root, and the one place where errors become text and exit codes.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// Main runs easel with the process's own arguments, streams and signals, and
// returns the exit code. A command that a signal has interrupted ends the
// process by that signal instead, where the system has such an end: a shell
// stops its loop then, and does not only see a command that failed.
func Main(build Build) int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: cannot tell the working directory:", err)
		return problem.ExitFailure
	}
	// net/http reports there what a server sent unasked; that reaches no terminal.
	log.SetOutput(io.Discard)
	ctx, stop := withSignals(context.Background())
	code := Execute(ctx, Process{
		Args: os.Args[1:], Environ: os.Environ(), Dir: dir, Streams: term.System(), Build: build,
	})
	cause, interrupted := errors.AsType[*problem.SignalError](context.Cause(ctx))
	stop()
	if interrupted && code == cause.Exit {
		endBy(cause)
	}
	return code
}

// withSignals returns a context that the first SIGINT, SIGTERM or SIGHUP ends,
// with a *problem.SignalError as cause. The second signal ends the process at
// once.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	// Nobody reads this: a stdout without reader is an error of the write then, and
	// not the end of the process in the middle of a run.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		for n := 0; ; {
			select {
			case sig := <-signals:
				if f := hangups.Load(); f != nil && sig == syscall.SIGHUP {
					(*f)()
					continue
				}
				cause := signalError(sig)
				if n++; n > 1 {
					endBy(cause)
				}
				cancel(cause)
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// hangups is what SIGHUP does instead of ending the process, while a server runs:
// such programs read their files again then.
var hangups atomic.Pointer[func()]

// onHangup makes SIGHUP call f, until the result is called.
func onHangup(f func()) (back func()) {
	hangups.Store(&f)
	return func() { hangups.Store(nil) }
}

func signalError(sig os.Signal) *problem.SignalError {
	switch sig {
	case syscall.SIGTERM:
		return &problem.SignalError{Name: "SIGTERM", Exit: problem.ExitTerminate}
	case syscall.SIGHUP:
		return &problem.SignalError{Name: "SIGHUP", Exit: problem.ExitHangup}
	}
	return &problem.SignalError{Name: "SIGINT", Exit: problem.ExitInterrupt}
}
