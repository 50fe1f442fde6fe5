package problem

import (
	"errors"
	"path/filepath"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// ofItems is about single items of batches, their files and the ledger of them.
func ofItems(err error, p *Problem) bool {
	var damage *DamageError
	var retired *batch.RetiredError
	var damaged *ledger.DamagedError
	var edited *run.EditedError
	switch {
	case errors.As(err, &damage):
		p.is(CodeDamaged)
		p.Hint = damage.Hint
	case errors.As(err, &damaged):
		p.is(CodeDamaged)
		p.File = known(damaged.File)
		at := batch.Location{Out: folderOf(damaged.File)}
		if located, ok := errors.AsType[*batch.LocatedError](err); ok {
			at = located.At
		}
		p.Hint = "easel batch repair " + BatchWords(at) + " rebuilds it from the files and their records"
	case errors.As(err, &retired):
		p.is(CodeRetired)
	case errors.As(err, &edited):
		p.is(CodeStorage)
		p.Hint = "keep your version under another name, or replace it with --force"
	default:
		return false
	}
	return true
}

// BatchWords are the words that name a batch to the commands of batches: "art --name cards".
func BatchWords(at batch.Location) string {
	words := ShellQuote(at.Out)
	if at.State != "" {
		words += " --state " + ShellQuote(at.State)
	}
	if at.Name != "" {
		words += " --name " + ShellQuote(at.Name)
	}
	return words
}

// folderOf is the folder of outputs whose ledger is in a file.
func folderOf(file string) string {
	dir := filepath.Dir(file)
	if filepath.Base(dir) == batch.StateFolder {
		return filepath.Dir(dir)
	}
	return dir
}
