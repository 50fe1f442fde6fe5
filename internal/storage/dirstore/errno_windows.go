package dirstore

import (
	"errors"

	"golang.org/x/sys/windows"
)

// syncsFolders: Windows has no such call, NTFS journals names itself.
const syncsFolders = false

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED) || errors.Is(err, windows.ERROR_FILE_TOO_LARGE)
}

func isRefused(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }

func lacksLinks(err error) bool {
	return errors.Is(err, windows.ERROR_INVALID_FUNCTION) || errors.Is(err, windows.ERROR_NOT_SUPPORTED)
}
