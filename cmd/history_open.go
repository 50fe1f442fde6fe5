package cmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
	"github.com/seed-7d77cb5c/easel/internal/term"
)

func newHistoryOpenCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "open RUN",
		Short: "Open what a run made with the system's viewer",
		Long: `Open the outputs of a run with the system's viewer; RUN is an id, a unique prefix,
or last. Files that are not where they were stored are left out.`,
		Example:           "  easel history open last\n  easel history open 01jd7",
		Args:              exactArgs("a run"),
		ValidArgsFunction: firstWord(a.completeRuns),
		RunE:              func(c *cobra.Command, args []string) error { return runHistoryOpen(c.Context(), a, args[0]) },
	}
}

func runHistoryOpen(ctx context.Context, a *app, name string) error {
	h, err := a.history()
	if err != nil {
		return err
	}
	rec, err := h.Get(name)
	if err != nil {
		return err
	}
	opened := 0
	for _, path := range a.storedFiles(rec) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !stores.IsRemote(path) {
			a.note("%s is not there any more", path)
			continue
		}
		shown, err := a.viewable(ctx, path)
		if err != nil {
			return err
		}
		if err := a.openFile(ctx, shown); err != nil {
			return err
		}
		opened++
	}
	if opened == 0 {
		return &invalidError{"run " + rec.ID + " has no output that can be opened", "easel history show " + rec.ID + " says how it ended"}
	}
	return nil
}

// viewable is what a viewer can be given of a stored output: its path, or for an
// hour an address of what lies in a bucket.
func (a *app) viewable(ctx context.Context, path string) (string, error) {
	if !stores.IsRemote(path) {
		return path, nil
	}
	at, name := stores.Within(path)
	st, err := a.openStore(at)
	if err != nil {
		return "", err
	}
	defer st.Close()
	return st.URL(ctx, name, time.Hour)
}

// storedFiles are the absolute paths of a run's outputs, or their addresses in a
// bucket.
func (a *app) storedFiles(rec ledger.Record) []string {
	var paths []string
	for _, o := range a.pastRunOf(rec).Outputs {
		if filepath.IsAbs(o.Path) || stores.IsRemote(o.Path) {
			paths = append(paths, o.Path)
		}
	}
	return paths
}

// within joins a folder with a path that begins with the end of the folder's
// own: /home/anna/outputs and outputs/fox.png are /home/anna/outputs/fox.png.
func within(folder, path string) string {
	sep := string(filepath.Separator)
	parts := strings.Split(filepath.Clean(path), sep)
	for len(parts) > 1 && parts[0] == ".." {
		parts = parts[1:]
	}
	for n := len(parts) - 1; n > 0; n-- {
		if strings.HasSuffix(filepath.Clean(folder), sep+strings.Join(parts[:n], sep)) {
			return filepath.Join(folder, filepath.Join(parts[n:]...))
		}
	}
	return filepath.Join(folder, filepath.Join(parts...))
}

// thumbnailCols and thumbnailRows are the size of a thumbnail in cells.
const (
	thumbnailCols = 24
	thumbnailRows = 8
)

// printThumbnails lists runs with their first picture above each, where
// stderr is a terminal that shows pictures.
func (a *app) printThumbnails(runs []ledger.Record) error {
	for _, rec := range runs {
		a.thumbnail(rec)
		t := term.NewTable(a.streams)
		first := ""
		if paths := a.storedFiles(rec); len(paths) > 0 {
			first = paths[0]
		}
		t.Row(rec.ID, when(a, rec.Created), rec.Workflow, string(a.pastRunOf(rec).State), first)
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// thumbnail shows the first output of a run that is a picture. What cannot be
// shown is left out.
func (a *app) thumbnail(rec ledger.Record) {
	opts := a.streams.ImageOptions()
	if opts.Graphics == term.NoGraphics || a.global.quiet {
		return
	}
	opts.MaxCols, opts.MaxRows = min(opts.MaxCols, thumbnailCols), min(opts.MaxRows, thumbnailRows)
	for _, path := range a.storedFiles(rec) {
		if img, err := loadPicture(path); err == nil {
			_ = term.ShowImage(a.streams.Err, img, opts)
			return
		}
	}
}
