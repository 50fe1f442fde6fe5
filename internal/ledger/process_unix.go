//go:build unix && !linux

package ledger

import (
	"errors"
	"syscall"
)

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func bootID() string { return "" }

func started(int) int64 { return 0 }
