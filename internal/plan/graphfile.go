package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
	"github.com/seed-7d77cb5c/easel/registry"
)

// LooksLikeFile reports whether a word names a file and not an id: it has a
// slash or an extension (INTERFACE section 1).
func LooksLikeFile(word string) bool {
	return strings.ContainsAny(word, `/\`) || filepath.Ext(word) != ""
}

// graphHint says which files hold a graph.
const graphHint = "name a graph: a .json of ComfyUI's File > Export (API), or a picture made by ComfyUI"

// maxGraphFile bounds how much of a graph file is read: 64 MiB.
const maxGraphFile = 64 << 20

// WorkflowFromFile makes a workflow of an API graph, or of the one inside a
// picture: with the standard inputs by role, and what people change in such a
// graph, steps for one, with the graph's values as defaults.
func WorkflowFromFile(dir, name string) (*registry.Workflow, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // to open a pipe might take for ever
		return nil, &registry.FileError{Path: name, Message: "is not a file", Hint: graphHint}
	}
	file, err := os.Open(path)
	if err != nil {
		reason := "cannot be read"
		if failed, ok := errors.AsType[*fs.PathError](err); ok {
			reason += ": " + failed.Err.Error()
		}
		if errors.Is(err, fs.ErrNotExist) {
			reason = "there is no such file"
		}
		return nil, &registry.FileError{Path: name, Message: reason, Err: err}
	}
	defer file.Close()
	if info.Size() > maxGraphFile && strings.EqualFold(filepath.Ext(name), ".json") {
		return nil, &registry.FileError{Path: name, Message: "is too large for a graph", Hint: graphHint}
	}
	id := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	data, err := graphBytes(file, info.Size(), name)
	if err != nil {
		return nil, err
	}
	g, err := comfy.ParseGraph(data)
	if err != nil {
		if body, ok := unwrapped(data); ok {
			g, err = comfy.ParseGraph(body)
		}
	}
	if err != nil {
		return nil, &registry.FileError{Path: name, Message: "is not an API-format graph: " + err.Error(), Hint: graphHint, Err: err}
	}
	wf, _, err := registry.Draft(g, registry.DraftOptions{ID: id, Path: filepath.ToSlash(name), KeepFiles: true})
	return wf, err
}

// graphBytes reads the graph: the file itself, or what a picture carries.
func graphBytes(file *os.File, size int64, name string) ([]byte, error) {
	if strings.EqualFold(filepath.Ext(name), ".json") {
		data := make([]byte, size)
		if _, err := file.ReadAt(data, 0); err != nil && size > 0 {
			return nil, &registry.FileError{Path: name, Message: "cannot be read", Err: err}
		}
		text, foreign := textdoc.UTF8(data)
		if foreign != nil { // the server would answer it with a failure of its own
			return nil, &registry.FileError{Path: name, Line: foreign.Line, Column: foreign.Column, Message: foreign.Message, Hint: foreign.Hint, Err: foreign}
		}
		return text, nil
	}
	meta, err := media.ReadMetadata(file, size)
	if err != nil {
		return nil, &registry.FileError{Path: name, Message: "carries no graph that can be read", Hint: graphHint, Err: err}
	}
	if len(meta.Prompt) == 0 && len(meta.Workflow) > 0 {
		return nil, &registry.FileError{Path: name, Message: "carries only the graph of ComfyUI's editor, which cannot run as it is", Err: comfy.UIFormatError{}}
	}
	if len(meta.Prompt) == 0 {
		return nil, &registry.FileError{
			Path: name, Message: "carries no API-format graph",
			Hint: "pictures saved by ComfyUI carry one, unless a program on the way stripped it",
		}
	}
	return meta.Prompt, nil
}

// maxWrappers bounds how deep a graph lies in what was sent to a server.
const maxWrappers = 4

// unwrapped finds the graph in what a program sent to a server and somebody
// saved: {"prompt": GRAPH, "client_id": ...} and its like, {"workflow": GRAPH},
// {"input": {"workflow": GRAPH}}, {"prompt": {"prompt": GRAPH}}.
func unwrapped(data []byte) (json.RawMessage, bool) {
	body := json.RawMessage(comfy.ReplaceNonFinite(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	for depth := range maxWrappers {
		var members map[string]json.RawMessage
		if json.Unmarshal(body, &members) != nil {
			return nil, false
		}
		inner, ok := wrapped(members)
		if !ok {
			return body, depth > 0
		}
		body = inner
	}
	return nil, false
}

// wrapped is what a wrapper holds; a node is none.
func wrapped(members map[string]json.RawMessage) (json.RawMessage, bool) {
	for _, key := range []string{"prompt", "workflow", "input"} {
		var inside map[string]json.RawMessage
		if json.Unmarshal(members[key], &inside) != nil || len(inside) == 0 {
			continue
		}
		if _, isNode := inside["class_type"]; !isNode {
			return members[key], true
		}
	}
	return nil, false
}
