// Package registry turns graphs into typed functions: it loads workflows from
// layered sources, knows their parameters, validates and coerces values, finds
// where each lands in the graph, and binds them into a copy.
//
// It has no network and no disk beyond the fs.FS it is given. Integers are
// exact to 2^64-1: a value is JSON text from the file to the graph and never a
// float on the way.
package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// A Workflow is a registry entry. Field names and order in JSON are those of
// the owner's file; the fields after ExamplePayload are additions to it.
// A Workflow is safe for concurrent use and must not be copied or changed.
type Workflow struct {
	ID                 string
	Name               string
	Description        string
	Category           string
	ModelFamily        string
	Path               string // workflow_path
	SupportsBatch      bool
	MaxBatchSize       int
	RequiresInputImage bool
	RequiresMask       bool
	Params             []*Parameter // configurable_params as written, in file order; see Parameters
	ExamplePayload     json.RawMessage

	Models     []Model // files the graph needs
	MinVersion string  // lowest ComfyUI version, "" = any supported
	Output     string  // the declared output node: "9", "#Title" or a class; "" = every one
	Source     Source  // where the entry was read

	entry  value // as it stands in the registry file
	extras value // what the extras file adds to it
	fsys   fs.FS
	dir    string // folder of the registry file in fsys

	loadGraph func() (*comfy.Graph, error) // once
	analyse   func() (*analysis, error)    // once
}

// A Model is a file that a workflow needs on the server.
type Model struct {
	Folder string  `json:"folder"`         // key of the server's model folder: checkpoints, loras, ...
	File   string  `json:"file"`           // name relative to the folder
	Page   string  `json:"page,omitempty"` // page that describes and offers it
	URL    string  `json:"url,omitempty"`  // direct download
	SizeGB float64 `json:"size_gb,omitempty"`
}

// A Source is one layer of the registry. Later sources win.
type Source struct {
	Layer string // "built-in", "user", "project", "flag"
	Path  string // the file, for messages
}

// prepare sets up what is computed once, on first use.
func (w *Workflow) prepare(load func() (*comfy.Graph, error)) {
	w.loadGraph = sync.OnceValues(load)
	w.analyse = sync.OnceValues(func() (*analysis, error) {
		g, err := w.loadGraph()
		if err != nil {
			return nil, err
		}
		return analyse(w, g), nil
	})
}

// Graph returns a copy of the workflow's graph. A file that is missing or is
// not an API graph is a *FileError.
func (w *Workflow) Graph() (*comfy.Graph, error) {
	g, err := w.loadGraph()
	if err != nil {
		return nil, err
	}
	return g.Clone(), nil
}

// maxGraphBytes is far above any real graph: large ones have a few MB.
const maxGraphBytes = 64 << 20

// readGraph finds the graph file: beside the registry file, else beside its
// folder. Where the FS is rooted at the registry's folder, that parent cannot
// be seen; a first path element is then taken for the folder's own name.
func (w *Workflow) readGraph() (*comfy.Graph, error) {
	candidates := []string{path.Join(w.dir, w.Path)}
	if w.dir != "." {
		candidates = append(candidates, path.Join(path.Dir(w.dir), w.Path))
	} else if _, rest, ok := strings.Cut(w.Path, "/"); ok {
		candidates = append(candidates, rest)
	}
	for _, name := range candidates {
		data, err := readRegular(w.fsys, name, maxGraphBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, w.graphError(err, "reading graph %s: %v", w.Path, err)
		}
		return w.parseGraph(data)
	}
	fe := w.graphError(fs.ErrNotExist, "graph file %s does not exist", w.Path)
	fe.Hint = "workflow_path begins at the registry file's folder, or at the one above"
	return nil, fe
}

func (w *Workflow) parseGraph(data []byte) (*comfy.Graph, error) {
	data, bad := textdoc.UTF8(data)
	if bad != nil {
		return nil, w.graphError(bad, "graph %s cannot be used: %v", w.Path, bad)
	}
	g, err := comfy.ParseGraph(data)
	if err == nil {
		err = g.Check()
	}
	if err == nil {
		return g, nil
	}
	fe := w.graphError(err, "graph %s cannot be used: %v", w.Path, err)
	var ui comfy.UIFormatError
	if errors.As(err, &ui) {
		fe.Hint = "export it from the editor with Workflow > Export (API)"
	}
	return nil, fe
}

func (w *Workflow) graphError(err error, format string, args ...any) *FileError {
	return &FileError{Path: w.Source.Path, Message: "workflow " + w.ID + ": " + fmt.Sprintf(format, args...), Err: err}
}

// Parameters lists what the workflow can be given: the declared parameters in
// file order, then the standard inputs that its graph has by role. They are
// shared: read only.
func (w *Workflow) Parameters() ([]*Parameter, error) {
	a, err := w.analyse()
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.params), nil
}

// Parameter finds a parameter by name; hyphens and underscores are the same.
// The name of a standard input also finds the parameter that has the role.
// It is nil when there is none, or no graph to look at.
func (w *Workflow) Parameter(name string) *Parameter {
	a, err := w.analyse()
	if err != nil {
		return nil
	}
	return a.parameter(name)
}

// Outputs lists the nodes whose files are the result, in file order: the
// declared one, else all that save.
func (w *Workflow) Outputs() ([]string, error) {
	a, err := w.analyse()
	if err != nil {
		return nil, err
	}
	return slices.Clone(a.outputs), nil
}

// MarshalJSON writes the entry as it stands in the registry file, in its order,
// numbers as they are written there.
func (w *Workflow) MarshalJSON() ([]byte, error) { return w.entry.Raw(), nil }

// Complete is the entry as one file would have it: the keys of the registry
// file in its order, then what the extras file adds.
func (w *Workflow) Complete() json.RawMessage { return merged(w.entry, w.extras).Raw() }

// Digest is the SHA-256 over the complete entry and what its graph computes, as
// lowercase hex.
func (w *Workflow) Digest() (string, error) {
	g, err := w.loadGraph()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", w.Complete(), g.Digest())
	return hex.EncodeToString(h.Sum(nil)), nil
}
