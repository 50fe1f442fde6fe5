package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/jobs"
)

func newDBExportCmd(a *app) *cobra.Command {
	o := &databaseOptions{app: a}
	c := &cobra.Command{
		Use:   "export FILE",
		Short: "Write all rows into a file, as a backup or to move them",
		Long: `Write all rows of the database of easel serve into a file of JSON lines, as they
are at one moment. Servers may go on meanwhile. - writes to stdout.

Uploads and results are files and not in it: docs/serve.md says what else a
backup needs.`,
		Example: "  easel db export backup.jsonl\n  easel db export - --database postgres://easel@db/easel | gzip > backup.jsonl.gz",
		Args:    exactArgs("FILE"),
		RunE:    func(c *cobra.Command, args []string) error { return runDBExport(c.Context(), o, args[0]) },
	}
	o.addFlags(c.Flags())
	return c
}

func runDBExport(ctx context.Context, o *databaseOptions, file string) error {
	if err := o.exists(); err != nil {
		return err
	}
	db, err := jobs.Open(ctx, o.address(), jobs.Options{})
	if err != nil {
		return o.word(err)
	}
	defer db.Close(ctx) // nothing was written
	var done jobs.Transfer
	export := func(w io.Writer) error {
		done, err = db.Export(ctx, w)
		return err
	}
	if file == "-" {
		err = export(o.app.streams.Out)
	} else {
		err = atomicfile.WriteTo(o.app.path(file), atomicfile.Options{}, export)
	}
	if err != nil {
		return o.word(err)
	}
	if done.Running > 0 {
		o.app.note("note: %d jobs are running; where they are imported they are queued again", done.Running)
	}
	return o.report(file, done, file == "-")
}

func newDBImportCmd(a *app) *cobra.Command {
	o := &databaseOptions{app: a}
	c := &cobra.Command{
		Use:   "import FILE|sqlite:PATH",
		Short: "Fill an empty database with what was exported",
		Long: `Fill an empty database with the rows of a file that easel db export wrote, or of
a SQLite database of easel serve, all of them or none. No server may use either
database meanwhile. Jobs that ran are queued again, and what they had submitted
is collected.`,
		Example: "  easel db import backup.jsonl --database sqlite:restored.db\n  easel db import sqlite:easel.db --database postgres://easel@db/easel",
		Args:    exactArgs("FILE"),
		RunE:    func(c *cobra.Command, args []string) error { return runDBImport(c.Context(), o, args[0]) },
	}
	o.addFlags(c.Flags())
	return c
}

func runDBImport(ctx context.Context, o *databaseOptions, from string) error {
	source, closeSource, err := o.source(ctx, from)
	if err != nil {
		return err
	}
	defer closeSource()
	db, err := jobs.Open(ctx, o.address(), jobs.Options{})
	if err != nil {
		return o.word(err)
	}
	defer db.Close(ctx) // what was imported is
	if have, _, err := db.Schema(ctx); err == nil && have == 0 {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
	}
	done, err := db.Import(ctx, source)
	if err != nil {
		return o.word(err)
	}
	return o.report(jobs.Shown(o.address()), done, false)
}

// source opens what is imported.
func (o *databaseOptions) source(ctx context.Context, from string) (io.Reader, func(), error) {
	switch {
	case from == "-":
		return o.app.streams.In, func() {}, nil
	case !strings.HasPrefix(from, "sqlite:"):
		f, err := os.Open(o.app.path(from))
		if err != nil {
			return nil, nil, &invalidError{err.Error(), "easel db export " + from + " writes one"}
		}
		return f, func() { f.Close() }, nil
	}
	of := &databaseOptions{app: o.app, flag: from}
	if of.address() == o.address() {
		return nil, nil, usagef("--database names where the rows go", "%s is imported into itself", from)
	}
	if err := of.exists(); err != nil {
		return nil, nil, err
	}
	db, err := jobs.Open(ctx, of.address(), jobs.Options{})
	if err != nil {
		return nil, nil, of.word(err)
	}
	if err := db.Unused(ctx); err != nil {
		return nil, nil, errors.Join(of.word(err), db.Close(ctx))
	}
	r, w := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, err := db.Export(ctx, w)
		w.CloseWithError(err)
	}()
	return r, func() {
		r.Close()
		<-ended
		db.Close(ctx)
	}, nil
}

// exists refuses a SQLite file that is not there: to open it would make it.
func (o *databaseOptions) exists() error {
	path, ok := strings.CutPrefix(o.address(), "sqlite:")
	if !ok {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &invalidError{"there is no database " + path, "--database says where it is"}
	}
	return nil
}

// word says what to do about an error of a database.
func (o *databaseOptions) word(err error) error {
	var schema *jobs.SchemaError
	var form *jobs.AddressError
	shown := jobs.Shown(o.address())
	switch {
	case errors.As(err, &form):
		return usagef("write --database sqlite:easel.db or --database postgres://USER@HOST/NAME", "%s", err)
	case errors.As(err, &schema) && schema.Have > schema.Want:
		return &invalidError{err.Error(), "install the easel that made it, or a newer one"}
	case errors.As(err, &schema):
		return &invalidError{err.Error(), "easel db migrate --database " + shown}
	case errors.Is(err, jobs.ErrNotEmpty):
		return &invalidError{err.Error() + ": " + shown, "rows are imported into an empty one: easel db import FILE --database sqlite:new.db"}
	case errors.Is(err, jobs.ErrInUse):
		return &invalidError{err.Error() + ": " + shown, "stop easel serve first, so that nothing is queued meanwhile"}
	case errors.Is(err, jobs.ErrForeign):
		return &invalidError{err.Error(), "easel db export FILE writes one"}
	}
	return err
}

// report says what was exported or imported; to stderr where stdout has the rows.
func (o *databaseOptions) report(where string, t jobs.Transfer, quiet bool) error {
	if o.app.global.json && !quiet {
		return o.app.printJSON(struct {
			To      string           `json:"to"`
			Rows    map[string]int64 `json:"rows"`
			Running int64            `json:"running"`
		}{where, t.Rows, t.Running})
	}
	o.app.note("%d jobs, %d results, %d files and %d keys are in %s", t.Rows["jobs"], t.Rows["outputs"], t.Rows["files"], t.Rows["keys"], where)
	if !quiet {
		_, err := fmt.Fprintln(o.app.streams.Out, where)
		return err
	}
	return nil
}
