//go:build !windows

package dirstore

import (
	"errors"
	"syscall"
)

// syncsFolders: a new name is durable only when its folder is synced too.
const syncsFolders = true

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// isPassing reports whether the same call may succeed later: something is busy
// or used up for the moment, or a folder of the network is away.
func isPassing(err error) bool {
	for _, e := range []syscall.Errno{
		syscall.EAGAIN, syscall.EINTR, syscall.EBUSY, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM,
		syscall.ETIMEDOUT, syscall.ESTALE, syscall.EHOSTDOWN, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.ENETUNREACH,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func isRefused(err error) bool { return errors.Is(err, syscall.EROFS) }

func lacksLinks(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EMLINK) || errors.Is(err, syscall.ENOSYS)
}
