package graphfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/textdoc"
)

// MaxText bounds a graph as text: 64 MiB. Published ones have under 2.
const MaxText = 64 << 20

// Found is what a file holds, not yet converted.
type Found struct {
	Name      string
	Container string          // how the files of its kind end: ".png"; "" for text
	API       json.RawMessage // an API-format graph, nil without one
	Editor    json.RawMessage // a file of the editor, nil without one
	Around    json.RawMessage // the JSON that holds it with more; nil when it is all there is
}

// Find looks for the graph in a file, which name tells apart in messages. It
// reads text up to MaxText, and of pictures and the like only what says how they
// were made. Nothing found is an *Error.
func Find(r io.ReaderAt, size int64, name string) (*Found, error) {
	if size == 0 {
		return nil, &Error{Name: name, Kind: Empty}
	}
	format, _, err := media.Peek(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	isJSON := strings.EqualFold(filepath.Ext(name), ".json")
	if !isJSON && format.Kind != media.KindText && format.Ext != media.Unknown().Ext || format.Ext == ".svg" {
		return findInside(r, size, name, format)
	}
	if size > MaxText {
		return nil, &Error{Name: name, Kind: TooLarge, Err: fmt.Errorf("%d MiB", size>>20)}
	}
	data := make([]byte, size)
	if _, err := r.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return findText(data, name, format)
}

// findInside reads what a picture or the like says of its making.
func findInside(r io.ReaderAt, size int64, name string, format media.Format) (*Found, error) {
	meta, err := media.ReadMetadata(r, size)
	found := &Found{Name: name, Container: format.Ext}
	for _, half := range []json.RawMessage{meta.Prompt, meta.Workflow} {
		if len(half) > 0 {
			found.sort(half, 0)
		}
	}
	switch {
	case found.API != nil || found.Editor != nil:
		return found, nil
	case err != nil:
		return nil, &Error{Name: name, Kind: Damaged, Err: err}
	}
	return nil, &Error{Name: name, Kind: NoGraph, Err: fmt.Errorf("it is %s", format.Name())}
}

// findText finds the graph in a text: the text itself, or what stands in it.
func findText(data []byte, name string, format media.Format) (*Found, error) {
	data, packing := unpacked(data)
	if packing != "" {
		return nil, &Error{Name: name, Kind: Packed, Err: errors.New(packing)}
	}
	text, foreign := textdoc.UTF8(data)
	if foreign != nil { // a server would answer it with a failure of its own
		if format.Kind != media.KindText && !strings.EqualFold(filepath.Ext(name), ".json") {
			return nil, &Error{Name: name, Kind: NoGraph, Err: fmt.Errorf("it is %s", format.Name())}
		}
		return nil, &Error{Name: name, Line: foreign.Line, Column: foreign.Column, Kind: Encoding, Err: foreign}
	}
	text = bytes.TrimSpace(comfy.ReplaceNonFinite(text))
	if len(text) == 0 {
		return nil, &Error{Name: name, Kind: Empty}
	}
	found := &Found{Name: name}
	if text[0] == '"' || text[0] == '{' {
		var syntax *json.SyntaxError
		if err := json.Unmarshal(text, new(json.RawMessage)); !errors.As(err, &syntax) {
			found.sort(text, 0)
			if len(found.API) < len(text) && len(found.Editor) < len(text) {
				found.Around = text
			}
			return found.orNothing(text)
		} else if text[0] == '{' && !found.searched(text) {
			line, column := position(text, syntax.Offset)
			return nil, &Error{Name: name, Line: line, Column: column, Kind: Broken, Err: fmt.Errorf("its JSON is broken at byte %d of %d", syntax.Offset, len(text))}
		}
	} else {
		found.searched(text)
	}
	return found.orNothing(text)
}

// orNothing is the error of a text in which nothing was found.
func (f *Found) orNothing(text []byte) (*Found, error) {
	if f.API != nil || f.Editor != nil {
		return f, nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil, &Error{Name: f.Name, Kind: NotJSON}
	}
	if _, ok := members["templates"]; ok {
		return nil, &Error{Name: f.Name, Kind: Clipboard}
	}
	_, err := comfy.ParseGraph(text) // says what is missing
	if err == nil {
		err = errors.New("it has no nodes")
	}
	return nil, &Error{Name: f.Name, Kind: NotJSON, Err: err}
}

// position is where an offset lies in a text, from 1.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(max(offset-1, 0), int64(len(text)))]
	line = 1 + bytes.Count(before, []byte("\n"))
	return line, len(before) - bytes.LastIndexByte(before, '\n')
}

// maxTries bounds how often a JSON object is looked for in a text.
const maxTries = 64

// searched looks for a graph in a text that somebody pasted: in a code fence,
// with words around it. It takes the first there is.
func (f *Found) searched(text []byte) bool {
	rest := text
	for range maxTries {
		at := bytes.IndexByte(rest, '{')
		if at < 0 {
			return false
		}
		rest = rest[at:]
		var object json.RawMessage
		dec := json.NewDecoder(bytes.NewReader(rest))
		if err := dec.Decode(&object); err != nil { // what is in it is a part of something broken
			var syntax *json.SyntaxError
			if !errors.As(err, &syntax) {
				return false
			}
			rest = rest[min(max(syntax.Offset, 1), int64(len(rest))):]
			continue
		}
		if f.sort(object, 0); f.API != nil || f.Editor != nil {
			return true
		}
		rest = rest[dec.InputOffset():]
	}
	return false
}

// maxWrappers bounds how deep a graph lies in what was sent to a server.
const maxWrappers = 6

// sort puts a JSON value where it belongs: a graph, a file of the editor, or
// what programs send to a server and keep, in which it looks for both:
// {"prompt": GRAPH, "extra_data": {"extra_pnginfo": {"workflow": FILE}}} and
// its like, {"workflow": GRAPH}, {"input": {"workflow": GRAPH}}, {"workflow":
// FILE, "output": GRAPH}. Some wrap it once more in a text.
func (f *Found) sort(value json.RawMessage, depth int) {
	if depth > maxWrappers {
		return
	}
	value = bytes.TrimSpace(value)
	if len(value) > 0 && value[0] == '"' {
		var text string
		if json.Unmarshal(value, &text) == nil {
			if inner := bytes.TrimSpace(comfy.ReplaceNonFinite([]byte(text))); json.Valid(inner) {
				f.sort(inner, depth+1)
			}
		}
		return
	}
	if len(value) > 0 && value[0] == '[' {
		f.sortList(value, depth)
		return
	}
	var members map[string]json.RawMessage
	if len(value) == 0 || value[0] != '{' || json.Unmarshal(value, &members) != nil {
		return
	}
	switch {
	case isList(members["nodes"]):
		if f.Editor == nil {
			f.Editor = value
		}
		return
	case isGraph(members):
		if f.API == nil {
			f.API = value
		}
		return
	}
	for _, key := range []string{"prompt", "output", "workflow", "input", "extra_data", "extra_pnginfo", "workflow_api", "comfyui_workflow", "content"} {
		if inner, ok := members[key]; ok {
			f.sort(inner, depth+1)
		}
	}
	if len(members) == 1 && f.API == nil && f.Editor == nil { // {"data": ...}; of a server's history {"RUN": ...}
		for _, inner := range members {
			f.sort(inner, depth+1)
		}
	}
}

// maxListed bounds how many values of a list are looked at.
const maxListed = 16

// sortList looks into a list: [1, "RUN", GRAPH, {"extra_pnginfo": ...}, ...] is how a
// server's history and queue keep what was sent.
func (f *Found) sortList(value json.RawMessage, depth int) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return
	}
	for _, item := range list[:min(len(list), maxListed)] {
		f.sort(item, depth+1)
	}
}

func isList(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] == '['
}

// isGraph recognises an API-format graph: some value is a node.
func isGraph(members map[string]json.RawMessage) bool {
	for _, v := range members {
		var node struct {
			Class *string `json:"class_type"`
		}
		if json.Unmarshal(v, &node) == nil && node.Class != nil {
			return true
		}
	}
	return false
}
