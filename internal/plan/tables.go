package plan

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
)

// A table is a source that was read.
type table struct {
	rows.Table
	media bool // a row is a file
}

// tables reads the sources of a draft, then the items written in it.
func (p *planner) tables(d Draft) ([]table, error) {
	var all []table
	for _, s := range d.Sources {
		found, err := p.tablesOf(s)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(d.Items) > 0 {
		all = append(all, table{Table: rows.Table{File: d.File, Dir: d.Dir, Rows: d.Items}})
	}
	return all, nil
}

// tablesOf reads one source: a file, the files of a folder or a pattern, stdin.
func (p *planner) tablesOf(s Source) ([]table, error) {
	if len(s.Files) > 0 {
		t, err := rows.Files("", s.Files)
		return one(s.Dir, "", t, err)
	}
	if s.Name == "-" {
		if s.Format == "" {
			return nil, factf("say csv, tsv, jsonl, json, yaml or txt", "rows from stdin need a format")
		}
		return p.decode(s, "-", "")
	}
	name := joined(s.Dir, s.Name)
	disk := name
	if !filepath.IsAbs(disk) {
		disk = filepath.Join(p.catalog.Dir, disk)
	}
	info, err := os.Stat(disk)
	switch {
	case err == nil && info.IsDir():
		t, err := rows.Folder(disk)
		if err == nil && len(t.Rows) == 0 {
			return nil, factf("", "%s has no picture, video or sound in it", name)
		}
		if t.Others > 0 {
			p.batch.Notes = append(p.batch.Notes, others(t.Others, name))
		}
		return one(name, name, t, err)
	case errors.Is(err, fs.ErrNotExist) && rows.IsGlob(s.Name):
		return p.matched(s)
	case err != nil && !inputs.IsURL(name):
		return nil, &SourceError{File: name, Err: reason(err)}
	}
	return p.file(s, name)
}

// others says that files of a folder are left out.
func others(n int, folder string) string {
	if n == 1 {
		return "1 other file in " + folder + " is no picture, video or sound"
	}
	return fmt.Sprintf("%d other files in %s are no pictures, videos or sounds", n, folder)
}

// one is a table of files alone.
func one(dir, file string, t rows.Table, err error) ([]table, error) {
	if bad, ok := errors.AsType[*rows.Error](err); ok {
		return nil, sourceError(file, bad)
	}
	if err != nil {
		return nil, &SourceError{File: file, Err: reason(err)}
	}
	t.Dir, t.File = dir, file
	return []table{{t, true}}, nil
}

// matched reads the files that a pattern finds: media are rows, tables are read.
func (p *planner) matched(s Source) ([]table, error) {
	disk := s.Dir
	if !filepath.IsAbs(disk) {
		disk = filepath.Join(p.catalog.Dir, disk)
	}
	names, err := rows.Glob(disk, s.Name)
	if bad, ok := errors.AsType[*rows.Error](err); ok {
		return nil, sourceError(s.Name, bad)
	}
	if err != nil {
		return nil, &SourceError{File: s.Name, Err: reason(err)}
	}
	if len(names) == 0 {
		return nil, factf("in a shell, quotes around it keep * for easel", "no file matches %s", s.Name)
	}
	if !slices.ContainsFunc(names, func(n string) bool { return !rows.IsMedia(n) }) {
		t, err := rows.Files(rows.GlobBase(s.Name), names)
		return one(s.Dir, s.Name, t, err)
	}
	var all []table
	for _, name := range names {
		if rows.IsMedia(name) && s.Format == "" {
			return nil, factf("give each its own pattern", "%s matches tables and pictures", s.Name)
		}
		found, err := p.file(Source{Format: s.Format}, joined(s.Dir, name))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// file reads a file by what it is.
func (p *planner) file(s Source, name string) ([]table, error) {
	if s.Format == "" && rows.IsMedia(name) {
		t, err := rows.Files(filepath.Dir(name), []string{name})
		return one("", name, t, err)
	}
	if s.Format == "" {
		format, ok := rows.FormatOf(name)
		if !ok && rows.IsSpreadsheet(name) {
			return nil, factf("save its sheet as CSV, in UTF-8", "%s is a spreadsheet", name)
		}
		if !ok {
			return nil, factf("say it with --format-in csv, tsv, jsonl, json, yaml or txt", "%s does not say by its name what its rows are written in", name)
		}
		s.Format = format
	}
	return p.decode(s, name, filepath.Dir(name))
}

// decode reads a table.
func (p *planner) decode(s Source, name, dir string) ([]table, error) {
	body, err := p.options.Open(p.ctx, name)
	if err != nil {
		return nil, &SourceError{File: name, Err: reason(err)}
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, rows.MaxBytes+1))
	if err != nil {
		return nil, &SourceError{File: name, Err: reason(err)}
	}
	list, err := rows.Decode(s.Format, data)
	if bad, ok := errors.AsType[*rows.Error](err); ok {
		return nil, sourceError(name, bad)
	}
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, factf("", "%s has no rows", strings.Replace(name, "-", "stdin", 1))
	}
	if dir == "." {
		dir = ""
	}
	return []table{{rows.Table{File: name, Dir: dir, Rows: list}, false}}, nil
}

// sourceError puts a mistake in a source in its place.
func sourceError(file string, bad *rows.Error) error {
	at := Position{File: file, Row: bad.Row, Line: bad.Line, Column: bad.Column}
	return &BatchError{Rows: []*RowError{{At: at, Err: &FactError{Reason: bad.Reason, Hint: bad.Hint}}}}
}

// reason is an error without the path that the message says already.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
