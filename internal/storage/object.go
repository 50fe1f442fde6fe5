package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ErrName is the failure of an operation on a name that no store takes.
var ErrName = errors.New("invalid name")

// CheckName refuses names that are not slash-separated, relative and free of
// "." and ".." elements. Every store calls it before it touches anything.
func CheckName(name string) error {
	if name == "." || !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return fmt.Errorf("%w %q", ErrName, name)
	}
	return nil
}
