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

// isPassing reports whether the same call may succeed later: another program
// holds the file, or a folder of the network is away.
func isPassing(err error) bool {
	for _, e := range []windows.Errno{
		windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_BUSY, windows.ERROR_NOT_READY,
		windows.ERROR_TOO_MANY_OPEN_FILES, windows.ERROR_SEM_TIMEOUT, windows.ERROR_NETWORK_BUSY, windows.ERROR_UNEXP_NET_ERR,
		windows.ERROR_NETNAME_DELETED, windows.ERROR_BAD_NETPATH,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func isRefused(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }

func lacksLinks(err error) bool {
	return errors.Is(err, windows.ERROR_INVALID_FUNCTION) || errors.Is(err, windows.ERROR_NOT_SUPPORTED)
}
