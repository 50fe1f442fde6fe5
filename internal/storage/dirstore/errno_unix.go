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

func isRefused(err error) bool { return errors.Is(err, syscall.EROFS) }

func lacksLinks(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EMLINK) || errors.Is(err, syscall.ENOSYS)
}
