//go:build !crashpoints

package crashpoint

// Here does nothing in a build without the tag crashpoints.
func Here(string) {}
