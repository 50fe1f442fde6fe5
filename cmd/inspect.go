package cmd

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
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/config"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/media"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newInspectCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE|URL",
		Short: "Say what made a file",
		Long: `Say what made a file. The record beside it is asked first, then the record
inside it, then the history of this machine by the file's hash, then the graph
that ComfyUI wrote into it.`,
		Example: `  easel inspect outputs/flux_single-01.png
  easel inspect picture.png --jq .graph
  easel inspect https://example.org/picture.png`,
		Args: exactArgs("a file"),
		RunE: func(c *cobra.Command, args []string) error { return runInspect(c.Context(), a, args[0]) },
	}
}

// An inspection is what is known about a file.
type inspection struct {
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

func runInspect(ctx context.Context, a *app, name string) error {
	inspect := a.inspect
	if inputs.IsURL(name) {
		inspect = func(name string) (*inspection, error) { return a.inspectURL(ctx, name) }
	}
	got, err := inspect(name)
	if err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(got)
	}
	return a.printInspection(got)
}

// inspect finds what made a file; nothing found is an *invalidError.
func (a *app) inspect(name string) (*inspection, error) {
	file, err := os.Open(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &invalidError{"there is no file " + name, problem.NearestFile(name, "easel history list shows what was made here")}
	}
	if err != nil {
		return nil, &invalidError{fmt.Sprintf("%s cannot be read: %s", name, reasonOf(err)), ""}
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, &invalidError{name + " is a folder", "name one file in it"}
	}
	return a.inspectFile(name, file)
}

// inspectURL inspects a file that is fetched first, without what lies beside it.
func (a *app) inspectURL(ctx context.Context, url string) (*inspection, error) {
	name := config.WithoutUser(url)
	body, err := inputs.Fetch(ctx, url)
	if err != nil {
		return nil, &invalidError{fmt.Sprintf("%s cannot be fetched: %s", name, err), "give the address of the file itself, as a browser downloads it"}
	}
	defer body.Close()
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
	return a.inspectFile(name, file)
}

func (a *app) inspectFile(name string, file *os.File) (*inspection, error) {
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return nil, fmt.Errorf("inspect %s: %w", name, err)
	}
	got := &inspection{File: name, SHA256: hex.EncodeToString(hash.Sum(nil))}
	meta, metaErr := media.ReadMetadata(file, size)
	for _, find := range []func() (bool, error){
		func() (bool, error) { return a.fromSidecar(got) },
		func() (bool, error) { return fromEmbedded(got, meta) },
		func() (bool, error) { return a.fromHistory(got) },
		func() (bool, error) { return fromGraph(got, meta), nil },
	} {
		if ok, err := find(); ok || err != nil {
			return got, err
		}
	}
	hint := "easel writes a record beside each file; ComfyUI writes its graph into the file"
	if metaErr != nil {
		return nil, &invalidError{fmt.Sprintf("%s: nothing says what made it (%s)", name, metaErr), hint}
	}
	return nil, &invalidError{name + ": nothing says what made it", hint}
}

func (a *app) fromSidecar(got *inspection) (bool, error) {
	if inputs.IsURL(got.File) {
		return false, nil
	}
	data, err := os.ReadFile(a.path(got.File + run.RecordSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := decodeRecord(got, data); err != nil {
		return false, &invalidError{fmt.Sprintf("%s%s is damaged: %s", got.File, run.RecordSuffix, err), ""}
	}
	got.Source = "sidecar"
	return true, nil
}

func decodeRecord(got *inspection, data []byte) error {
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

func fromEmbedded(got *inspection, meta media.Meta) (bool, error) {
	if len(meta.Easel) == 0 {
		return false, nil
	}
	if decodeRecord(got, meta.Easel) != nil {
		return false, nil // somebody else's chunk of the same name
	}
	got.Source, got.Graph = "embedded", meta.Prompt
	return true, nil
}

func (a *app) fromHistory(got *inspection) (bool, error) {
	h, err := a.history()
	if err != nil {
		return false, err
	}
	rec, err := h.FindByHash(got.SHA256)
	if err != nil || rec == nil {
		return false, nil
	}
	t, err := run.OpenTicket(rec.Request)
	if err != nil {
		return false, nil
	}
	record := t.Record("")
	intact := true
	got.Source, got.Record, got.Intact = "history", &record, &intact
	got.Graph, _ = t.Graph.MarshalJSON()
	return true, nil
}

func fromGraph(got *inspection, meta media.Meta) bool {
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

func (a *app) printInspection(got *inspection) error {
	t := term.NewPairs(a.streams)
	t.Row("file", got.File)
	t.Row("known from", map[string]string{
		"sidecar": "the record beside it", "embedded": "the record inside it", "history": "the history of this machine",
		"graph": "the graph inside it", "parameters": "the text inside it",
		"editor": "the editor's graph inside it",
	}[got.Source])
	if got.Intact != nil && !*got.Intact {
		t.Row("changed", "the bytes are not those of the record any more")
	}
	if r := got.Record; r != nil {
		t.Row("run", r.Run)
		t.Row("workflow", r.Workflow)
		t.Row("backend", r.Backend)
		if r.Character != "" {
			t.Row("character", r.Character)
		}
		for _, nv := range r.Parameters {
			t.Row(nv.Name, term.Escape(listText(nv.JSON)))
		}
		if r.Mask != nil && r.Mask.String() != "" {
			t.Row("mask drawn", term.Escape(r.Mask.String()))
		}
		for _, nv := range r.Templates {
			t.Row(nv.Name+" as written", term.Escape(jsonText(nv.JSON)))
		}
		if r.Finished != nil {
			t.Row("finished", r.Finished.Local().Format(time.DateTime))
		}
		if r.Easel != "" {
			t.Row("easel", r.Easel)
		}
	} else if len(got.Graph) > 0 {
		t.Row("graph", fmt.Sprintf("%d bytes; easel inspect %s --jq .graph prints it, easel generate %s runs it", len(got.Graph), got.File, got.File))
	} else if len(got.Editor) > 0 {
		t.Row("graph", fmt.Sprintf("%d bytes in the editor's own format, which easel cannot run yet", len(got.Editor)))
	} else {
		t.Row("prompt", term.EscapeMultiline(got.Parsed.Prompt))
		if got.Parsed.Negative != "" {
			t.Row("negative", term.EscapeMultiline(got.Parsed.Negative))
		}
		for _, s := range got.Parsed.Settings {
			t.Row(term.Escape(strings.ToLower(s.Name)), term.Escape(s.Value))
		}
	}
	return t.Flush()
}

// listText is a value as people write it, a list with commas.
func listText(raw json.RawMessage) string {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return jsonText(raw)
	}
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = jsonText(item)
	}
	return strings.Join(texts, ", ")
}
