// Package cmd is easel's command line: one file per command, the composition
// root, and the one place where errors become text and exit codes.
package cmd

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

// Main runs easel with the process's own arguments, streams and signals, and
// returns the exit code.
func Main(build Build) int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: cannot tell the working directory:", err)
		return problem.ExitFailure
	}
	// net/http reports there what a server sent unasked; that reaches no terminal.
	log.SetOutput(io.Discard)
	ctx, stop := withSignals(context.Background())
	defer stop()
	return Execute(ctx, Process{
		Args: os.Args[1:], Environ: os.Environ(), Dir: dir, Streams: term.System(), Build: build,
	})
}

// withSignals returns a context that the first SIGINT or SIGTERM ends, with a
// *problem.SignalError as cause. The second signal ends the process at once.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	// Nobody reads this: a stdout without reader is an error of the write then, and
	// not the end of the process in the middle of a run.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case sig := <-signals:
				cause := &problem.SignalError{Name: "SIGINT", Exit: problem.ExitInterrupt}
				if sig == syscall.SIGTERM {
					cause = &problem.SignalError{Name: "SIGTERM", Exit: problem.ExitTerminate}
				}
				if n > 0 {
					os.Exit(cause.Exit)
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
