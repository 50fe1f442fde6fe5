//go:build !unix

package cmd

import (
	"os"

	"github.com/seed-7d77cb5c/easel/internal/problem"
)

// endBy ends the process with the exit code of the signal that interrupted it:
// here nothing ends by a signal.
func endBy(cause *problem.SignalError) { os.Exit(cause.Exit) }
