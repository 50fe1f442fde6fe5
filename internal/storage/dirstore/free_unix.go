//go:build linux || darwin || freebsd

package dirstore

import "golang.org/x/sys/unix"

// mayWrite reports why the user may not make something in a folder, nil if so.
func mayWrite(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// Free is how many bytes the user may still write to the file system of a
// folder that exists; ok is false where the system does not say.
func Free(dir string) (bytes uint64, ok bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil || st.Bsize <= 0 {
		return 0, false
	}
	return uint64(max(0, int64(st.Bavail))) * uint64(st.Bsize), true // the types differ between systems
}
