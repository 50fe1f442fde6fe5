package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/comfy/editor"
	"github.com/seed-7d77cb5c/easel/internal/graphfile"
	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/problem"
	"github.com/seed-7d77cb5c/easel/internal/provenance"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newInspectCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE|URL|RUN",
		Short: "Say what made a file",
		Long: `Say what made a file. The record beside it is asked first, then the record
inside it, then the history of this machine by the file's hash, then the graph
that ComfyUI wrote into it. Of a run (an id, a unique prefix, or last) it is the
first file that is still there.`,
		Example: `  easel inspect outputs/flux_single-01.png
  easel inspect last
  easel inspect picture.png --jq .graph
  easel inspect https://example.org/picture.png
  easel inspect s3://art/today/flux_single-01.png`,
		Args: exactArgs("a file"),
		RunE: func(c *cobra.Command, args []string) error { return runInspect(c.Context(), a, args[0]) },
	}
}

func runInspect(ctx context.Context, a *app, name string) error {
	got, err := a.inspect(ctx, name)
	if err != nil {
		return err
	}
	if a.global.json {
		return a.printJSON(got)
	}
	return a.printInspection(got)
}

// inspect finds what made a file, or a run of this machine where there is no
// file of that name.
func (a *app) inspect(ctx context.Context, name string) (*provenance.Inspection, error) {
	finder := a.finder()
	got, err := finder.Inspect(ctx, name)
	if e, ok := errors.AsType[*provenance.Error](err); !ok || e.Kind != provenance.NoFile || plan.LooksLikeFile(name) {
		return got, err
	}
	h, problem := a.history()
	if problem != nil {
		return nil, problem
	}
	rec, unknown := h.Get(name)
	if unknown != nil {
		return nil, err // more people mean a file
	}
	paths := a.storedFiles(rec)
	for _, path := range paths {
		if inputs.IsFile(path) || stores.IsRemote(path) {
			got, err := finder.Inspect(ctx, path)
			if e, ok := errors.AsType[*provenance.Error](err); !ok || e.Kind != provenance.NoFile {
				return got, err
			}
		}
	}
	got, err = provenance.OfRun(rec)
	if err == nil && len(paths) > 0 {
		a.note("%s is not there any more", paths[0])
		got.File = paths[0]
	}
	return got, err
}

func (a *app) printInspection(got *provenance.Inspection) error {
	t := term.NewPairs(a.streams)
	t.Copied("file", got.File)
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
		if r.File != nil && r.File.ColorProfile != "" {
			t.Row("colour profile", term.Escape(r.File.ColorProfile)+", kept")
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
		drawn, err := editor.Read(got.Editor)
		if err != nil {
			return &graphfile.Error{Name: got.File, Kind: graphfile.Unusable, Err: err}
		}
		describeDrawing(t, drawn)
		name := problem.ShellQuote(got.File)
		t.Row("graph", fmt.Sprintf("of the editor; easel convert %s prints what it submits, easel generate %s runs it", name, name))
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

// describeDrawing says what a file of the editor holds.
func describeDrawing(t *term.Pairs, w *editor.Workflow) {
	count := len(w.Nodes)
	var packs []string
	note := func(nodes []*editor.Node) {
		for _, n := range nodes {
			if pack := n.Pack(); pack != "" && pack != "comfy-core" && !slices.Contains(packs, pack) {
				packs = append(packs, pack)
			}
		}
	}
	note(w.Nodes)
	for _, s := range w.Subgraphs {
		count += len(s.Nodes)
		note(s.Nodes)
	}
	nodes := strconv.Itoa(count)
	if len(w.Subgraphs) > 0 {
		nodes += fmt.Sprintf(", in %d subgraphs too", len(w.Subgraphs))
	}
	t.Row("nodes", nodes)
	var version string
	if _ = json.Unmarshal(w.Extra["frontendVersion"], &version); version != "" { // what is no text says nothing
		t.Row("editor", term.Escape(version))
	}
	if len(packs) > 0 {
		t.Row("custom nodes of", term.Escape(strings.Join(packs, ", ")))
	}
}
