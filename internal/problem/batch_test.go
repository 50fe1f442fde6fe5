package problem

import (
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/batch"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
)

// Hints about batches are commands that work as they stand, where the batch is known.
func TestHintsOfBatches(t *testing.T) {
	t.Parallel()
	at := batch.Location{Out: "my art", State: "st$ate", Name: "cards"}
	for _, c := range []struct {
		err  error
		hint string
	}{
		{&batch.LocatedError{At: at, Err: &ledger.DamagedError{File: "st$ate/cards.db"}}, `easel batch repair "my art" --state 'st$ate' --name cards rebuilds it from the files and their records`},
		{&ledger.DamagedError{File: "art/.easel/cards.db"}, `easel batch repair art rebuilds it from the files and their records`},
		{&batch.LocatedError{At: at, Waits: true, Err: &ledger.LockedError{}}, `--wait waits for it; easel batch status "my art" --state 'st$ate' --name cards shows how far it is`},
		{&batch.LocatedError{At: batch.Location{Out: "art"}, Err: &ledger.LockedError{}}, `try again when it has ended; easel batch status art shows how far it is`},
		{&batch.LocatedError{At: at, Err: &ledger.UnknownItemError{Item: "x"}}, `easel batch report "my art" --state 'st$ate' --name cards --csv - lists the items`},
		{&batch.LocatedError{At: at, Err: &ledger.UnknownItemError{Item: "x", Nearest: []string{"y"}}}, `did you mean y?`},
		{&batch.FailedError{Items: 2, Failed: 1, First: errors.New("e"), At: at}, `easel batch retry "my art" --state 'st$ate' --name cards tries the failed ones again`},
	} {
		if got := Of(c.err).Hint; got != c.hint {
			t.Errorf("%v: %s, want %s", c.err, got, c.hint)
		}
	}
}
