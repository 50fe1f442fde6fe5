// Package provenance says what made a file, and repeats it.
package provenance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Finder looks for what made files.
type Finder struct {
	Dir     string // what relative names are relative to
	History func() (*ledger.History, error)
	// Convert makes the graph of a file of the editor. Nil: there is no way.
	Convert func(context.Context, *graphfile.Found) (*graphfile.File, error)
	// Stored opens the store in which an address such as s3://… is, and says what it is
	// called there. Nil: only files and URLs are known.
	Stored func(address string) (store storage.Store, name string, err error)
}

// isStored reports whether a name is the address of an object in a store.
func (f *Finder) isStored(name string) bool {
	return f.Stored != nil && strings.Contains(name, "://") && !inputs.IsURL(name)
}

func (f *Finder) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.Dir, name)
}

// An Inspection is what is known about a file.
type Inspection struct {
	File   string            `json:"file"`
	Source string            `json:"source"` // sidecar, embedded, history, graph, editor, parameters
	SHA256 string            `json:"sha256"`
	Intact *bool             `json:"intact"` // the bytes are those of the record; null when it does not say
	Record *run.Record       `json:"record"`
	Graph  json.RawMessage   `json:"graph,omitempty"`
	Editor json.RawMessage   `json:"editor_graph,omitempty"`    // of the editor, when there is no other
	Text   string            `json:"parameters_text,omitempty"` // of programs that write text
	Parsed *media.Parameters `json:"parameters,omitempty"`      // the same, read
}

// Inspect finds what made a file or what an address serves: the record beside
// it, the one inside it, the history by the file's hash, or the graph inside
// it, in this order. Nothing found is an *Error.
func (f *Finder) Inspect(ctx context.Context, name string) (*Inspection, error) {
	switch {
	case inputs.IsURL(name):
		return f.inspectURL(ctx, name)
	case f.isStored(name):
		return f.inspectStored(ctx, name)
	}
	if info, err := os.Stat(f.path(name)); err == nil && !info.Mode().IsRegular() && !info.IsDir() { // it may have no end
		return nil, &Error{Kind: Unreadable, File: name, Err: &inputs.KindError{Name: name, Kind: "a device or a pipe"}}
	}
	file, err := os.Open(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{Kind: NoFile, File: name, Err: err}
	}
	if err != nil {
		return nil, &Error{Kind: Unreadable, File: name, Err: err}
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, &Error{Kind: Folder, File: name}
	}
	return f.inspectFile(name, file, func(record string) (io.ReadCloser, error) { return os.Open(f.path(record)) })
}

// inspectStored inspects an object of a store, with the record beside it.
func (f *Finder) inspectStored(ctx context.Context, address string) (*Inspection, error) {
	store, name, err := f.Stored(address)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if name == "" {
		return nil, &Error{Kind: Folder, File: address}
	}
	body, _, err := store.Open(ctx, name)
	if errors.Is(err, storage.ErrNotExist) {
		return nil, &Error{Kind: NoFile, File: address, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return f.inspectBody(address, body, func(string) (io.ReadCloser, error) {
		record, _, err := store.Open(ctx, name+run.RecordSuffix)
		if errors.Is(err, storage.ErrNotExist) {
			err = fs.ErrNotExist
		}
		return record, err
	})
}

// inspectURL inspects a file that is fetched first, without what lies beside it.
func (f *Finder) inspectURL(ctx context.Context, url string) (*Inspection, error) {
	name := config.WithoutUser(url)
	body, err := inputs.Fetch(ctx, url)
	if err != nil {
		return nil, &Error{Kind: NotFetched, File: name, Err: err}
	}
	defer body.Close()
	return f.inspectBody(name, body, func(string) (io.ReadCloser, error) { return nil, fs.ErrNotExist })
}

// inspectBody inspects what comes from elsewhere. Metadata may lie anywhere in a
// file, so that it is kept whole meanwhile.
func (f *Finder) inspectBody(name string, body io.Reader, beside func(string) (io.ReadCloser, error)) (*Inspection, error) {
	file, err := os.CreateTemp("", "easel-inspect-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.Copy(file, body); err != nil {
		return nil, fmt.Errorf("inspect %s: %w", name, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return f.inspectFile(name, file, beside)
}

// inspectFile inspects a file; beside opens the record that lies beside it.
func (f *Finder) inspectFile(name string, file *os.File, beside func(record string) (io.ReadCloser, error)) (*Inspection, error) {
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", name, err)
	}
	got := &Inspection{File: name, SHA256: hex.EncodeToString(hash.Sum(nil))}
	meta, metaErr := readMeta(file, size, name)
	for _, find := range []func() (bool, error){
		func() (bool, error) { return fromSidecar(got, beside) },
		func() (bool, error) { return fromEmbedded(got, meta) },
		func() (bool, error) { return f.fromHistory(got) },
		func() (bool, error) { return fromGraph(got, meta), nil },
	} {
		if ok, err := find(); ok || err != nil {
			return got, err
		}
	}
	return nil, &Error{Kind: Unknown, File: name, Err: metaErr}
}

// readMeta reads what a file says of its making. A text that is or holds a graph
// says it too.
func readMeta(file io.ReaderAt, size int64, name string) (media.Meta, error) {
	meta, err := media.ReadMetadata(file, size)
	if err == nil || !meta.Empty() {
		return meta, err
	}
	if found, e := graphfile.Find(file, size, name); e == nil && found.Container == "" {
		return media.Meta{Prompt: found.API, Workflow: found.Editor}, nil
	}
	return meta, err
}

func fromSidecar(got *Inspection, beside func(record string) (io.ReadCloser, error)) (bool, error) {
	record, err := beside(got.File + run.RecordSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer record.Close()
	data, err := io.ReadAll(io.LimitReader(record, maxRecord))
	if err != nil {
		return false, err
	}
	if err := decodeRecord(got, data); err != nil {
		return false, &Error{Kind: Damaged, File: got.File + run.RecordSuffix, Err: err}
	}
	got.Source = "sidecar"
	return true, nil
}

// maxRecord bounds a record that is read.
const maxRecord = 64 << 20

func decodeRecord(got *Inspection, data []byte) error {
	var rec run.Record
	if err := json.Unmarshal(bytes.TrimSpace(data), &rec); err != nil {
		return err
	}
	got.Record = &rec
	if rec.File != nil {
		intact := rec.File.SHA256 == got.SHA256
		got.Intact = &intact
	}
	if rec.Graph != nil {
		got.Graph, _ = rec.Graph.MarshalJSON()
	}
	return nil
}

func fromEmbedded(got *Inspection, meta media.Meta) (bool, error) {
	if len(meta.Easel) == 0 {
		return false, nil
	}
	if decodeRecord(got, meta.Easel) != nil {
		return false, nil // somebody else's chunk of the same name
	}
	got.Source, got.Graph = "embedded", meta.Prompt
	return true, nil
}

func (f *Finder) fromHistory(got *Inspection) (bool, error) {
	h, err := f.History()
	if err != nil {
		return false, err
	}
	rec, err := h.FindByHash(got.SHA256)
	if err != nil || rec == nil {
		return false, nil
	}
	made, err := OfRun(*rec)
	if err != nil {
		return false, nil // what lies in the file may still say it
	}
	intact := true
	got.Source, got.Record, got.Graph, got.Intact = made.Source, made.Record, made.Graph, &intact
	return true, nil
}

// OfRun is what the history knows of a run, whose files may be gone.
func OfRun(rec ledger.Record) (*Inspection, error) {
	t, err := run.OpenTicket(rec.Request)
	if err != nil {
		return nil, err
	}
	record := t.Record("")
	got := &Inspection{File: rec.ID, Source: "history", Record: &record}
	if len(rec.Hashes) > 0 {
		got.SHA256 = rec.Hashes[0]
	}
	got.Graph, err = t.Graph.MarshalJSON()
	return got, err
}

func fromGraph(got *Inspection, meta media.Meta) bool {
	switch {
	case len(meta.Prompt) > 0:
		got.Source, got.Graph = "graph", meta.Prompt
	case len(meta.Workflow) > 0 && meta.Parameters == "":
		got.Source, got.Editor = "editor", meta.Workflow
	case meta.Parameters != "":
		got.Source, got.Text = "parameters", meta.Parameters
		parsed := media.ParseParameters(meta.Parameters)
		got.Parsed = &parsed
	default:
		return false
	}
	return true
}
