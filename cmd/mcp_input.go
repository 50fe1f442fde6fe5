package cmd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/mcp"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// Input finds a file that an agent names: below a folder that may be read, an
// earlier result, or what it sent.
func (e *mcpEngine) Input(ctx context.Context, in mcp.Input) (mcp.File, error) {
	bad := func(reason, hint string) error {
		return &run.InputError{Parameter: in.Parameter, File: in.Name, Reason: reason, Hint: hint}
	}
	switch {
	case in.Data != nil:
		sum := sha256.Sum256(in.Data)
		return mcp.File{Name: "data:" + hex.EncodeToString(sum[:8]), Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(in.Data)), nil
		}}, nil
	case in.Output != nil:
		f, err := e.earlier(ctx, *in.Output)
		if err != nil {
			return mcp.File{}, &run.InputError{Parameter: in.Parameter, File: in.Output.Run, Reason: "is no result of this folder", Hint: "list_jobs shows those that there are", Err: err}
		}
		return f, nil
	case inputs.IsURL(in.Name):
		return mcp.File{}, bad("is a web address, and nothing is fetched for agents", "download it into a folder that is open for reading, or send it as data:")
	}
	if f, err := e.earlier(ctx, mcp.Output{Run: in.Name, N: 1}); err == nil {
		return f, nil
	}
	path := filepath.FromSlash(in.Name)
	if f, ok := e.byPath(path); ok {
		return f, nil
	}
	roots := slices.Concat(e.inputs, in.Roots)
	if len(roots) == 0 {
		return mcp.File{}, bad("cannot be read: no folder is open for reading", "whoever starts easel mcp can give --inputs DIR; the file itself can be sent as data:image/png;base64,...")
	}
	for _, root := range roots {
		if f, ok := below(root, path); ok {
			return f, nil
		}
	}
	return mcp.File{}, bad("is not in a folder that is open for reading", "there are "+strings.Join(roots, ", ")+"; the file itself can be sent as data:image/png;base64,...")
}

// below is a file in a folder, by its path there or from the top. No link leads
// out of the folder.
func below(root, path string) (mcp.File, bool) {
	name := path
	if filepath.IsAbs(path) {
		var ok bool
		if name, ok = inside(root, path); !ok {
			return mcp.File{}, false
		}
	}
	if !filepath.IsLocal(name) {
		return mcp.File{}, false
	}
	open := func(context.Context) (io.ReadCloser, error) {
		r, err := os.OpenRoot(root)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		info, err := r.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() { // a pipe would wait for ever
			return nil, errors.New("it is no file")
		}
		return r.Open(name)
	}
	f, err := open(context.Background())
	if err != nil {
		return mcp.File{}, false
	}
	f.Close()
	return mcp.File{Name: filepath.Join(root, name), Open: open}, true
}

// inside is a path as seen from a folder that it is in, as both are written or
// where links lead.
func inside(root, path string) (string, bool) {
	for _, resolve := range []func(string) (string, error){
		func(p string) (string, error) { return filepath.Clean(p), nil }, filepath.EvalSymlinks,
	} {
		at, err := resolve(root)
		if err != nil {
			continue
		}
		dir, err := resolve(filepath.Dir(path))
		if err != nil {
			continue
		}
		if name, err := filepath.Rel(at, filepath.Join(dir, filepath.Base(path))); err == nil && filepath.IsLocal(name) {
			return name, true
		}
	}
	return "", false
}

// earlier is an output of an earlier run.
func (e *mcpEngine) earlier(ctx context.Context, at mcp.Output) (mcp.File, error) {
	res, err := e.Result(ctx, at.Run)
	if err != nil {
		return mcp.File{}, err
	}
	if at.N > len(res.Outputs) {
		return mcp.File{}, mcp.ErrNoResult
	}
	return mcp.File{Name: res.Outputs[at.N-1].Path, Open: func(ctx context.Context) (io.ReadCloser, error) { return e.Open(ctx, res, at.N) }}, nil
}

// mostResults bounds how many earlier runs are looked at for a path.
const mostResults = 200

// byPath finds an earlier result by the path that its answer said.
func (e *mcpEngine) byPath(path string) (mcp.File, bool) {
	if !filepath.IsAbs(path) {
		return mcp.File{}, false
	}
	if name, err := filepath.Rel(e.dest.name, path); err != nil || !filepath.IsLocal(name) {
		return mcp.File{}, false
	}
	var found *run.Result
	n := 0
	_, _ = e.records(mostResults, func(rec ledger.Record) bool {
		res, err := e.result(rec)
		if found != nil || err != nil {
			return true
		}
		if i := slices.IndexFunc(res.Outputs, func(o run.Output) bool { return o.Path == path }); i >= 0 {
			found, n = res, i+1
		}
		return true
	})
	if found == nil {
		return mcp.File{}, false
	}
	return mcp.File{Name: path, Open: func(ctx context.Context) (io.ReadCloser, error) { return e.Open(ctx, found, n) }}, true
}
