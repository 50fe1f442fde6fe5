package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/backends"
	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/nearest"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run/preflight"
	"github.com/seed-7d77cb5c/easel/internal/term"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A graphReader reads the graphs of files, web addresses, stdin and workflows
// that are saved on a backend, and converts those of the editor.
type graphReader struct {
	app     *app
	backend string // of the command line: where workflows are saved, and whose definitions count
	// objectInfo is a file of definitions to take instead of a backend's.
	objectInfo string
	// keptOnly asks no backend: a shell waits for an answer.
	keptOnly bool
	options  graphfile.Options     // without Define
	known    graphfile.Definitions // what define found last
}

// serverPatience is how long a server that saves workflows or knows node
// definitions is waited for when it does not answer.
const serverPatience = 5 * time.Second

// find looks for the graph of what a word names, unconverted.
func (g *graphReader) find(ctx context.Context, word string) (*graphfile.Found, error) {
	in, err := g.open(ctx, word)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return graphfile.Find(in, in.Size, shownInput(word))
}

// read reads the graph of what a word names, and says what the user should know
// about it.
func (g *graphReader) read(ctx context.Context, word string) (*graphfile.File, error) {
	found, err := g.find(ctx, word)
	if err != nil {
		return nil, err
	}
	return g.convert(ctx, found)
}

// convert makes a graph of what was found, and says what the user should know
// about it.
func (g *graphReader) convert(ctx context.Context, found *graphfile.Found) (*graphfile.File, error) {
	o := g.options
	o.Define = func(ctx context.Context, classes []string) (graphfile.Definitions, error) {
		defs, err := g.define(ctx, classes)
		g.known = defs
		return defs, err
	}
	file, err := found.Read(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, n := range file.Notes {
		g.app.note("note: %s", term.Escape(n.Text))
	}
	return file, nil
}

// shownInput is what messages call an input: stdin, an address without what may
// be a secret.
func shownInput(word string) string {
	switch {
	case word == "-":
		return "stdin"
	case inputs.IsURL(word):
		return config.WithoutUser(word)
	}
	return word
}

func (g *graphReader) open(ctx context.Context, word string) (*inputs.File, error) {
	name, saved := plan.CutServer(word)
	if !saved {
		in, err := g.app.inputs.OpenAt(ctx, "the workflow", word)
		if _, taken := errors.AsType[*inputs.TakenError](err); err != nil && !taken && ctx.Err() == nil {
			err = plan.OpenError(shownInput(word), err)
		}
		return in, err
	}
	if g.keptOnly {
		return nil, errors.ErrUnsupported
	}
	data, err := g.saved(ctx, name)
	return &inputs.File{ReaderAt: bytes.NewReader(data), Closer: io.NopCloser(nil), Size: int64(len(data))}, err
}

// saved reads a workflow that is saved on the backend, with or without the end
// of its name.
func (g *graphReader) saved(ctx context.Context, name string) ([]byte, error) {
	be, err := g.app.openBackend(ctx, g.backend, serverPatience)
	if err != nil {
		return nil, err
	}
	defer be.Close()
	for _, file := range []string{name + ".json", name} {
		data, err := be.SavedWorkflow(ctx, file)
		var status *comfy.StatusError
		if err == nil || !errors.As(err, &status) || status.Status != http.StatusNotFound {
			return data, err
		}
	}
	list, err := be.SavedWorkflows(ctx)
	if err != nil {
		return nil, err
	}
	unknown := &registry.UnknownWorkflowError{ID: plan.ServerFile(name)}
	names := make([]string, len(list))
	for i, w := range list {
		names[i] = strings.TrimSuffix(w.Name, ".json")
	}
	for _, near := range nearest.To(name, names, 3) {
		unknown.Nearest = append(unknown.Nearest, plan.ServerFile(near))
	}
	return nil, unknown
}

// define finds definitions of classes: those of a file, of the backend, or those
// that are kept of it when it does not answer.
func (g *graphReader) define(ctx context.Context, classes []string) (graphfile.Definitions, error) {
	if g.objectInfo != "" {
		return g.fileDefinitions(ctx)
	}
	cfg, err := g.app.config()
	if err != nil {
		return graphfile.Definitions{}, err
	}
	if g.keptOnly && g.backend == "" && cfg.Backend == "" {
		return graphfile.Definitions{}, nil // to look for one on this machine takes too long
	}
	be, err := g.app.openBackend(ctx, g.backend, serverPatience)
	if _, none := errors.AsType[*backends.NoneError](err); none {
		return graphfile.Definitions{}, nil
	}
	if err != nil {
		return graphfile.Definitions{}, err
	}
	defer be.Close()
	var kept *preflight.Cache
	if !be.Can().Ephemeral { // the embedded emulator is new each time
		kept = preflight.NewCache(cfg.CacheDir, be.Address, nil)
	}
	if g.keptOnly && kept != nil {
		return graphfile.Definitions{Classes: kept.Old(classes), From: be.Name}, nil
	}
	defs, err := preflight.Define(ctx, be, kept, classes)
	if errors.Is(err, errors.ErrUnsupported) {
		return graphfile.Definitions{}, nil
	}
	if away, ok := errors.AsType[*comfy.UnreachableError](err); ok {
		if old := kept.Old(classes); len(old) > 0 {
			return graphfile.Definitions{Classes: old, From: be.Name, Note: "converted by the node definitions that are kept of " + be.Name + ": " + away.Error()}, nil
		}
	}
	return graphfile.Definitions{Classes: defs, Complete: true, From: be.Name}, err
}

// maxObjectInfo bounds a file of node definitions: 256 MiB.
const maxObjectInfo = 256 << 20

// fileDefinitions reads the definitions of a file, as GET /object_info sends
// them.
func (g *graphReader) fileDefinitions(ctx context.Context) (graphfile.Definitions, error) {
	const hint = "save one with curl http://HOST:8188/object_info > object_info.json"
	in, err := g.app.inputs.OpenAt(ctx, "--object-info", g.objectInfo)
	if err != nil {
		return graphfile.Definitions{}, plan.OpenError(g.objectInfo, err)
	}
	defer in.Close()
	if in.Size > maxObjectInfo {
		return graphfile.Definitions{}, &invalidError{g.objectInfo + " is too large for node definitions", hint}
	}
	data := make([]byte, in.Size)
	if _, err := in.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return graphfile.Definitions{}, plan.OpenError(g.objectInfo, err)
	}
	text, foreign := textdoc.UTF8(data)
	if foreign != nil {
		return graphfile.Definitions{}, &invalidError{fmt.Sprintf("%s:%d %s", g.objectInfo, foreign.Line, foreign.Message), foreign.Hint}
	}
	defs, err := comfy.ParseObjectInfo(text)
	if err != nil {
		return graphfile.Definitions{}, &invalidError{g.objectInfo + " holds no node definitions: " + err.Error(), hint}
	}
	known := 0
	for _, def := range defs {
		if len(def.Inputs)+len(def.Outputs) > 0 {
			known++
		}
	}
	if known == 0 {
		return graphfile.Definitions{}, &invalidError{g.objectInfo + " holds no node definitions", hint}
	}
	return graphfile.Definitions{Classes: defs, Complete: true, From: g.objectInfo}, nil
}
