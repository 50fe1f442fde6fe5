package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// A Remaining item is what can be read of one, each part of it whole.
type Remaining struct {
	Item
	Fields json.RawMessage // nil = lost
	Ticket json.RawMessage
	Result json.RawMessage
	Made   json.RawMessage
	Files  []File
}

// Remains is what can be read of a ledger.
type Remains struct {
	Facts Facts
	Known bool // Facts were read
	Items []Remaining
	Lost  int // items that cannot be read; those are not counted that Facts do not tell of
}

// maxRemaining bounds the items that are looked for where their number is lost.
const maxRemaining = 1_000_000

// ReadDamaged reads what is whole of a ledger, row by row, however damaged it is.
// The caller holds its lock.
func ReadDamaged(path string) Remains {
	var s Remains
	db, err := openDatabase(path)
	if err != nil {
		return s
	}
	defer db.Close()
	if facts, err := readFacts(db); err == nil && facts.Form <= batchForm {
		s.Facts, s.Known = facts, true
	}
	most := s.Facts.Items
	if !s.Known {
		if err := db.QueryRowContext(context.Background(), "SELECT max(n) + 1 FROM items").Scan(&most); err != nil {
			most = 0
		}
	}
	for n := range min(most, maxRemaining) {
		it, err := readItem(db, n)
		if err != nil {
			s.Lost++
			continue
		}
		one := Remaining{Item: it}
		one.Fields, _ = readFields(db, n)
		one.Ticket, _ = readBody(db, n, "ticket")
		one.Result, _ = readBody(db, n, "result")
		one.Made, _ = readBody(db, n, "made")
		if one.Files, err = filesOf(db, path, n); err != nil {
			one.Files = nil
		}
		s.Items = append(s.Items, one)
	}
	return s
}

// Rebuild puts a ledger with these items in the place of a damaged one, which is
// kept beside it under the name that is returned. The caller holds the lock.
func Rebuild(path string, s Remains) (kept string, err error) {
	temp := path + ".new"
	if err := removeDatabase(temp); err != nil {
		return "", storing(path, err)
	}
	if err := fill(temp, s.put); err != nil {
		_ = removeDatabase(temp)
		return "", storing(path, err)
	}
	kept = fmt.Sprintf("%s.damaged-%s", path, time.Now().UTC().Format("20060102T150405"))
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", storing(path, err)
		}
	}
	if err := os.Rename(temp, path); err != nil {
		return "", storing(path, err)
	}
	return kept, storing(path, atomicfile.SyncDir(filepath.Dir(path)))
}

// put writes all that is left.
func (s Remains) put(q queryer) error {
	for n, it := range s.Items {
		if err := putItem(q, n, it.Item); err != nil {
			return err
		}
		if it.Fields != nil {
			if err := putFields(q, n, it.Fields); err != nil {
				return err
			}
		}
		for kind, data := range map[string]json.RawMessage{"ticket": it.Ticket, "result": it.Result, "made": it.Made} {
			if data == nil {
				continue
			}
			if err := putBody(q, n, kind, data); err != nil {
				return err
			}
		}
		for _, f := range it.Files {
			if err := putFile(q, n, f); err != nil {
				return err
			}
		}
	}
	facts := s.Facts
	facts.Form, facts.Items = batchForm, len(s.Items)
	return putFacts(q, facts)
}
