package cmd

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

// ledgerPath is the file of a batch's ledger: in the folder of --state, else beside
// the outputs, or in the data folder where those are in a bucket.
func (a *app) ledgerPath(out, state, name string) (string, error) {
	if state != "" {
		return batch.LedgerPath("", a.path(state), name), nil
	}
	out = a.place(out)
	if !stores.IsRemote(out) {
		return batch.LedgerPath(out, "", name), nil
	}
	cfg, err := a.config()
	if err != nil {
		return "", err
	}
	return batch.LedgerPath("", filepath.Join(cfg.DataDir, "batches", plan.ShortDigest([]byte(out))), name), nil
}

// A place of outputs holds the ledgers of the batches that were run into it.
type batchPlace struct {
	app   *app
	out   string // as given
	state string // --state
	name  string // --name: one batch of several; "" = all, or the only one
}

// batchesAt is the place that a command names with its first word: the folder of the
// settings without one.
func (a *app) batchesAt(args []string, state, name string) (*batchPlace, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	out := cfg.Out
	if len(args) > 0 {
		out = cfg.ExpandHome(args[0])
	}
	return &batchPlace{app: a, out: out, state: state, name: name}, nil
}

// ledgers are the files of the ledgers, in name order.
func (p *batchPlace) ledgers() ([]string, error) {
	one, err := p.app.ledgerPath(p.out, p.state, cmp.Or(p.name, "x"))
	if err != nil {
		return nil, err
	}
	if p.name != "" {
		if _, err := os.Stat(one); err != nil {
			return nil, p.unknown()
		}
		return []string{one}, nil
	}
	entries, err := os.ReadDir(filepath.Dir(one))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".db") {
			files = append(files, filepath.Join(filepath.Dir(one), e.Name()))
		}
	}
	return files, nil
}

func (p *batchPlace) none() error {
	return &invalidError{"no batch was run into " + p.out, "name the folder of its outputs: easel batch status art/"}
}

// unknown says that there is no batch of the name, and which there are.
func (p *batchPlace) unknown() error {
	others := *p
	others.name = ""
	files, err := others.some()
	if err != nil {
		return err
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = batchName(f)
	}
	return &invalidError{"there is no batch " + p.name + " in " + p.out, "there is " + strings.Join(names, ", ")}
}

// some are the files of the ledgers; there is at least one.
func (p *batchPlace) some() ([]string, error) {
	files, err := p.ledgers()
	if err == nil && len(files) == 0 {
		err = p.none()
	}
	return files, err
}

// one is the file of the only ledger, or of the one that --name names.
func (p *batchPlace) one() (string, error) {
	files, err := p.some()
	switch {
	case err != nil:
		return "", err
	case len(files) > 1:
		names := make([]string, len(files))
		for i, f := range files {
			names[i] = batchName(f)
		}
		return "", usagef("name one with --name", "there are several batches in %s: %s", p.out, strings.Join(names, ", "))
	}
	return files[0], nil
}

func batchName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".db") }

// read opens a ledger to look at it.
func (p *batchPlace) read(file string) (*ledger.Batch, error) {
	b, err := ledger.ReadBatch(file)
	return b, p.located(file, err)
}

// at is where the batch of a ledger is kept, as commands take it.
func (p *batchPlace) at(file string) batch.Location {
	return batch.Location{Out: p.out, State: p.state, Name: batchName(file)}
}

// located says of an error with a ledger where its batch is kept.
func (p *batchPlace) located(file string, err error) error {
	if err == nil {
		return nil
	}
	return &batch.LocatedError{At: p.at(file), Err: err}
}

// sameFile reports whether two names are of one file that is there.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
