package dirstore

import (
	"errors"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// publish renames without replacing, in one step. Old kernels and some network
// file systems do not have the flag and get the portable way.
func publish(root *os.Root, from, to string) error {
	source, err := root.Open(path.Dir(from))
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := root.Open(path.Dir(to))
	if err != nil {
		return err
	}
	defer target.Close()
	err = unix.Renameat2(int(source.Fd()), path.Base(from), int(target.Fd()), path.Base(to), unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return publishByLink(root, from, to)
	}
	return err
}
