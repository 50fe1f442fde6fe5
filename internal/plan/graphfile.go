package plan

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/importer"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/registry"
)

// LooksLikeFile reports whether a word names a file and not an id: it has a
// slash or an extension (INTERFACE section 1).
func LooksLikeFile(word string) bool {
	return strings.ContainsAny(word, `/\`) || filepath.Ext(word) != ""
}

// IsGraphFile reports whether a word names something that holds a graph: a
// file, a web address, - for stdin, or server:NAME for a workflow that is saved
// on the backend.
func IsGraphFile(word string) bool {
	return word == "-" || IsServerFile(word) || LooksLikeFile(word)
}

// serverPrefix begins the name of a workflow that is saved on the backend.
const serverPrefix = "server:"

// IsServerFile reports whether a word names a workflow that is saved on the
// backend.
func IsServerFile(word string) bool { return strings.HasPrefix(word, serverPrefix) }

// CutServer is the name of a workflow that is saved on the backend.
func CutServer(word string) (name string, ok bool) { return strings.CutPrefix(word, serverPrefix) }

// ServerFile is the word for a workflow that is saved on the backend.
func ServerFile(name string) string { return serverPrefix + name }

// FileName is the last part of what a graph file is named by.
func FileName(word string) string {
	if word == "-" {
		return "stdin"
	}
	if u, err := url.Parse(word); err == nil && u.Host != "" {
		word = cmp.Or(strings.Trim(u.Path, "/"), u.Hostname())
	}
	return path.Base(filepath.ToSlash(strings.TrimPrefix(word, serverPrefix)))
}

// GraphName is what a workflow is called that has no name but that of the
// file, the address or the like that holds it.
func GraphName(word string) string {
	base := FileName(word)
	return strings.TrimSuffix(base, path.Ext(base))
}

// ReadGraphFile reads the graph of a file below a folder, without node
// definitions.
func ReadGraphFile(ctx context.Context, dir, name string) (*graphfile.File, error) {
	file := name
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	in, err := (&inputs.Opener{}).OpenAt(ctx, "", file)
	if err != nil {
		return nil, OpenError(name, err)
	}
	defer in.Close()
	return graphfile.Read(ctx, in, in.Size, name, graphfile.Options{})
}

// OpenError says why a file that should hold a graph cannot be opened.
func OpenError(name string, err error) error {
	reason := "cannot be read: " + err.Error()
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		reason = "cannot be read: " + failed.Err.Error()
	}
	if kind, ok := errors.AsType[*inputs.KindError](err); ok {
		reason = "is " + kind.Kind + " and not a file"
	}
	if errors.Is(err, fs.ErrNotExist) {
		reason = "there is no such file"
	}
	return &registry.FileError{Path: name, Message: reason, Err: err}
}

// DraftFile makes a workflow of a graph that was read: with the standard inputs
// by role, and what people change in such a graph, steps for one, with the
// graph's values as defaults.
func DraftFile(f *graphfile.File) (*registry.Workflow, error) {
	wf, _, err := importer.Draft(f, nil, registry.DraftOptions{ID: GraphName(f.Name), Path: filepath.ToSlash(f.Name), KeepFiles: true})
	return wf, err
}
