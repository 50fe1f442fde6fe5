//go:build !linux && !darwin && !freebsd && !windows

package dirstore

// Free is how many bytes the user may still write to the file system of a
// folder that exists; ok is false where the system does not say.
func Free(string) (bytes uint64, ok bool) { return 0, false }

// mayWrite leaves the answer to the attempt.
func mayWrite(string) error { return nil }
