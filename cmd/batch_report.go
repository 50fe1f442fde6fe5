package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/batch/report"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// batchReportOptions are the settings of `batch report`.
type batchReportOptions struct {
	app      *app
	state    string
	name     string
	html     string
	sheet    string
	csv      string
	junit    string
	markdown string
	open     bool
}

func newBatchReportCmd(a *app) *cobra.Command {
	o := &batchReportOptions{app: a}
	c := &cobra.Command{
		Use:   "report OUT",
		Short: "Show what a batch came to: a page, a contact sheet, CSV, JUnit",
		Long: `Write what a batch came to. Without a flag that is one HTML file beside the
outputs, which needs nothing else: pictures, a grid of any two parameters,
failures with their reasons, timings, all of it filterable. It may be written
while the batch runs.

Where the variable GITHUB_STEP_SUMMARY names a file, as in GitHub's actions, a
summary is added to it in Markdown.`,
		Example: `  easel batch report art/ --open
  easel batch report art/ --html report.html --contact-sheet sheet.png
  easel batch report art/ --junit results.xml --csv items.csv`,
		Args: exactArgs("the folder of the outputs"),
		RunE: func(c *cobra.Command, args []string) error { return runBatchReport(c.Context(), o, args[0]) },
	}
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&o.html, "html", "", "write the page to `FILE` (default OUT/report.html)")
	f.StringVar(&o.sheet, "contact-sheet", "", "write a PNG with all pictures to `FILE`")
	f.StringVar(&o.csv, "csv", "", "write a line per item to `FILE`, or - for stdout")
	f.StringVar(&o.junit, "junit", "", "write JUnit XML to `FILE`, or - for stdout")
	f.StringVar(&o.markdown, "markdown", "", "write a summary to `FILE`, or - for stdout")
	f.BoolVar(&o.open, "open", false, "open the page with the system's viewer")
	f.StringVar(&o.state, "state", "", "the ledger is in the folder `DIR`")
	f.StringVar(&o.name, "name", "", "the batch `NAME`, where there are several")
	return c
}

// A rendering is one form of the report and where it goes.
type rendering struct {
	name  string // as --json calls it
	file  string // - is stdout
	write func(io.Writer) error
}

func runBatchReport(ctx context.Context, o *batchReportOptions, out string) error {
	r, store, err := o.read(out)
	if err != nil {
		return err
	}
	defer store.Close()
	html := o.html
	if html == "" && (o.open || o.sheet+o.csv+o.junit+o.markdown == "") {
		if stores.IsRemote(out) {
			return usagef("--html report.html is one", "%s is no folder of this machine: say where the page goes", out)
		}
		html = filepath.Join(out, batch.ReportFile)
	}
	forms := []rendering{
		{"html", html, func(w io.Writer) error { return r.WriteHTML(ctx, w, store, o.base(out, html)) }},
		{"contact_sheet", o.sheet, func(w io.Writer) error { return r.WriteSheet(ctx, w, store) }},
		{"csv", o.csv, r.WriteCSV},
		{"junit", o.junit, r.WriteJUnit},
		{"markdown", o.markdown, r.WriteMarkdown},
	}
	if err := o.check(forms); err != nil {
		return err
	}
	written := map[string]string{}
	for _, form := range forms {
		if err := o.render(form); err != nil {
			return err
		}
		if form.file != "" && form.file != "-" {
			written[form.name] = form.file
		}
	}
	if o.app.global.json {
		if err := o.app.printJSON(written); err != nil {
			return err
		}
	}
	if err := o.addToSummary(r); err != nil {
		return err
	}
	if o.open {
		return o.app.openFile(ctx, o.app.path(html))
	}
	return nil
}

// read reads the batch that was run into a place, and opens the place.
func (o *batchReportOptions) read(out string) (*report.Report, storage.Store, error) {
	place, err := o.app.batchesAt([]string{out}, o.state, o.name)
	if err != nil {
		return nil, nil, err
	}
	file, err := place.one()
	if err != nil {
		return nil, nil, err
	}
	book, err := place.read(file)
	if err != nil {
		return nil, nil, err
	}
	defer book.Close()
	r, err := report.Of(book)
	if err != nil {
		return nil, nil, err
	}
	store, err := o.app.openStore(o.app.shown(out))
	return r, store, err
}

// check refuses two forms for stdout, or stdout for what is no text.
func (o *batchReportOptions) check(forms []rendering) error {
	texts := 0
	for _, form := range forms[2:] {
		if form.file == "-" {
			texts++
		}
	}
	switch {
	case o.html == "-" || o.sheet == "-":
		return usagef("name a file", "the page and the sheet are files")
	case texts > 1:
		return usagef("write the others into files", "one form fits into stdout, and not %d", texts)
	case texts == 1 && o.app.global.json:
		return usagef("leave one of them out", "- and --json both write to stdout")
	}
	return nil
}

// render writes one form and prints where it is.
func (o *batchReportOptions) render(form rendering) error {
	switch form.file {
	case "":
		return nil
	case "-":
		return form.write(o.app.streams.Out)
	}
	var b bytes.Buffer
	if err := form.write(&b); err != nil {
		return err
	}
	if err := atomicfile.Write(o.app.path(form.file), b.Bytes(), atomicfile.Options{Mode: 0o644, DirMode: 0o755}); err != nil {
		return &storage.Error{Op: "write", Location: form.file, Err: reasonOf(err)}
	}
	if !o.app.global.json {
		fmt.Fprintln(o.app.streams.Out, form.file)
	}
	return nil
}

// base is the way from the page to the outputs, for its links; nil where they are
// no files of this machine.
func (o *batchReportOptions) base(out, html string) *string {
	if stores.IsRemote(out) || html == "" {
		return nil
	}
	base := ""
	rel, err := filepath.Rel(filepath.Dir(o.app.path(html)), o.app.path(out))
	switch {
	case err != nil: // another drive
		base = (&url.URL{Scheme: "file", Path: filepath.ToSlash(o.app.path(out))}).String() + "/"
	case rel != ".":
		parts := strings.Split(filepath.ToSlash(rel), "/")
		for i := range parts {
			parts[i] = url.PathEscape(parts[i])
		}
		base = strings.Join(parts, "/") + "/"
	}
	return &base
}

// addToSummary adds a summary to the page of a GitHub action.
func (o *batchReportOptions) addToSummary(r *report.Report) error {
	i := slices.IndexFunc(o.app.environ, func(v string) bool { return strings.HasPrefix(v, "GITHUB_STEP_SUMMARY=") })
	if i < 0 {
		return nil
	}
	_, file, _ := strings.Cut(o.app.environ[i], "=")
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(o.app.path(file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return &storage.Error{Op: "write", Location: file, Err: reasonOf(err)}
	}
	if err := r.WriteMarkdown(f); err != nil {
		f.Close()
		return &storage.Error{Op: "write", Location: file, Err: reasonOf(err)}
	}
	return f.Close()
}
