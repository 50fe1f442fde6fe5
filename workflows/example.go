package workflows

import (
	"io/fs"
	"path"
)

// Example opens a picture that the examples use, by its plain name:
// "portrait.png". A name with a folder, or another one, is fs.ErrNotExist.
func Example(name string) (fs.File, error) {
	if path.Base(name) != name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return files.Open("examples/" + name)
}
