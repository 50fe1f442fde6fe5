//go:build !unix

package config

import "io/fs"

// readableByOthers: permission bits say nothing here; a profile folder is its
// owner's.
func readableByOthers(string) bool { return false }

func ownedByUs(fs.FileInfo) bool { return true }
