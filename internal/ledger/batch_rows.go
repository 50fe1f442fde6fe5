package ledger

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver; its package init does 20 small allocations
)

// The tables. Each row carries a checksum of its columns, since SQLite has none of
// its own: a flipped byte in a state or a name is found when the row is read.
// There is no index but the primary keys: items are looked up in memory.
const batchTables = `
CREATE TABLE facts(one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE items(n INTEGER PRIMARY KEY, id TEXT NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL, dropped INTEGER NOT NULL,
	attempt INTEGER NOT NULL, kills INTEGER NOT NULL, run TEXT NOT NULL, prompt_id TEXT NOT NULL, handle TEXT NOT NULL,
	accepted INTEGER NOT NULL, backend TEXT NOT NULL, seed TEXT NOT NULL, executed_ms INTEGER NOT NULL, usd REAL NOT NULL,
	code TEXT NOT NULL, error TEXT NOT NULL, updated INTEGER NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE fields(n INTEGER PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE bodies(n INTEGER NOT NULL, kind TEXT NOT NULL, value BLOB NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (n, kind)) WITHOUT ROWID;
CREATE TABLE files(n INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, stored INTEGER NOT NULL,
	sum INTEGER NOT NULL, PRIMARY KEY (n, name)) WITHOUT ROWID;
`

// openDatabase opens a file. A commit is on the disk when it returns
// (synchronous=FULL); readers do not wait for the writer (WAL). Each connection keeps
// 512 KB of pages and not 2 MB: rows are written about in their order, and read again
// rarely.
func openDatabase(path string) (*sql.DB, error) {
	return sql.Open("sqlite", fileURI(path)+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-512)")
}

func fileURI(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/...
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String()
}

// queryer is a database or a transaction.
type queryer interface {
	Query(query string, args ...any) (*sql.Rows, error)
	QueryRow(query string, args ...any) *sql.Row
	Exec(query string, args ...any) (sql.Result, error)
}

// checksum is CRC-32C over columns, so framed that none can pass for another.
func checksum(columns ...any) int64 {
	b := make([]byte, 0, 512)
	for _, c := range columns {
		switch v := c.(type) {
		case string:
			b = append(binary.AppendUvarint(append(b, 's'), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 's'), uint64(len(v))), v...)
		case int:
			b = binary.AppendVarint(append(b, 'i'), int64(v))
		case int64:
			b = binary.AppendVarint(append(b, 'i'), v)
		case bool:
			n := int64(0)
			if v {
				n = 1
			}
			b = binary.AppendVarint(append(b, 'i'), n)
		case float64:
			b = binary.AppendUvarint(append(b, 'f'), math.Float64bits(v))
		}
	}
	return int64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

var errSum = errors.New("a row does not match its checksum")

func putFacts(q queryer, f Facts) error {
	data, err := json.Marshal(f)
	if err == nil {
		_, err = q.Exec("REPLACE INTO facts(one, value, sum) VALUES (1, ?, ?)", string(data), checksum(string(data)))
	}
	return err
}

func readFacts(q queryer) (Facts, error) {
	var f Facts
	var text string
	var sum int64
	if err := q.QueryRow("SELECT value, sum FROM facts WHERE one = 1").Scan(&text, &sum); err != nil {
		return f, err
	}
	if checksum(text) != sum {
		return f, errSum
	}
	return f, json.Unmarshal([]byte(text), &f)
}

// columns of an item, in the order of the table.
func (it Item) columns(n int) []any {
	updated := int64(0)
	if !it.Updated.IsZero() {
		updated = it.Updated.UnixMilli()
	}
	c := []any{
		n, it.ID, it.Digest, string(it.State), it.Dropped, it.Attempt, it.Kills, it.Run, it.PromptID, it.Handle,
		it.Accepted, it.Backend, it.Seed, it.ExecutedMS, it.USD, it.Code, it.Error, updated,
	}
	return append(c, checksum(c...))
}

const putItemSQL = "REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

func putItem(q queryer, n int, it Item) error {
	_, err := q.Exec(putItemSQL, it.columns(n)...)
	return err
}

const itemColumns = "n, id, digest, state, dropped, attempt, kills, run, prompt_id, handle, accepted, backend, seed, executed_ms, usd, code, error, updated, sum"

// scanItem reads a row of itemColumns and checks it.
func scanItem(scan func(dest ...any) error) (n int, it Item, err error) {
	var state string
	var updated, sum int64
	err = scan(&n, &it.ID, &it.Digest, &state, &it.Dropped, &it.Attempt, &it.Kills, &it.Run, &it.PromptID, &it.Handle,
		&it.Accepted, &it.Backend, &it.Seed, &it.ExecutedMS, &it.USD, &it.Code, &it.Error, &updated, &sum)
	it.State = stateOf(state)
	if updated > 0 {
		it.Updated = time.UnixMilli(updated).UTC()
	}
	if err == nil && it.columns(n)[18] != sum {
		err = errSum
	}
	return n, it, err
}

// stateOf is a state by its text, which is not kept: there is one of each row.
func stateOf(text string) ItemState {
	for _, s := range []ItemState{ItemPlanned, ItemSubmitted, ItemDone, ItemStored, ItemCommitted, ItemFailed} {
		if string(s) == text {
			return s
		}
	}
	return ItemState(text)
}

func readItem(q queryer, n int) (Item, error) {
	_, it, err := scanItem(q.QueryRow("SELECT "+itemColumns+" FROM items WHERE n = ?", n).Scan)
	return it, err
}

// eachItem calls f with the items in their order; with an error for one whose row
// is damaged, and the reading goes on when f returns nil.
func eachItem(q queryer, f func(n int, it Item, err error) error) error {
	rows, err := q.Query("SELECT " + itemColumns + " FROM items ORDER BY n")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		n, it, err := scanItem(rows.Scan)
		if err := f(n, it, err); err != nil {
			return err
		}
	}
	return rows.Err()
}

func putFields(q queryer, n int, fields []byte) error {
	_, err := q.Exec("REPLACE INTO fields(n, value, sum) VALUES (?, ?, ?)", n, fields, checksum(n, fields))
	return err
}

func readFields(q queryer, n int) (json.RawMessage, error) {
	var data []byte
	var sum int64
	err := q.QueryRow("SELECT value, sum FROM fields WHERE n = ?", n).Scan(&data, &sum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err == nil && checksum(n, data) != sum:
		err = errSum
	}
	return data, err
}

func putBody(q queryer, n int, kind string, data []byte) error {
	_, err := q.Exec("REPLACE INTO bodies(n, kind, value, sum) VALUES (?, ?, ?, ?)", n, kind, data, checksum(n, kind, data))
	return err
}

func removeBody(q queryer, n int, kind string) error {
	_, err := q.Exec("DELETE FROM bodies WHERE n = ? AND kind = ?", n, kind)
	return err
}

// readBody is nil where there is none.
func readBody(q queryer, n int, kind string) (json.RawMessage, error) {
	var data []byte
	var sum int64
	err := q.QueryRow("SELECT value, sum FROM bodies WHERE n = ? AND kind = ?", n, kind).Scan(&data, &sum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err == nil && checksum(n, kind, data) != sum:
		err = errSum
	}
	return data, err
}

func putFile(q queryer, n int, f File) error {
	_, err := q.Exec("REPLACE INTO files(n, name, sha256, bytes, stored, sum) VALUES (?, ?, ?, ?, ?, ?)",
		n, f.Name, f.SHA256, f.Bytes, f.Stored, checksum(n, f.Name, f.SHA256, f.Bytes, f.Stored))
	return err
}

func filesOf(q queryer, path string, n int) ([]File, error) {
	var files []File
	err := eachFile(q, path, n, func(_ int, f File) error {
		files = append(files, f)
		return nil
	})
	return files, err
}

// eachFile calls f with the files of one item, or of all with n < 0.
func eachFile(q queryer, path string, n int, f func(n int, file File) error) error {
	query, args := "SELECT n, name, sha256, bytes, stored, sum FROM files ORDER BY n, name", []any(nil)
	if n >= 0 {
		query, args = "SELECT n, name, sha256, bytes, stored, sum FROM files WHERE n = ? ORDER BY name", []any{n}
	}
	rows, err := q.Query(query, args...)
	if err != nil {
		return damaged(path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int
		var file File
		var sum int64
		err := rows.Scan(&at, &file.Name, &file.SHA256, &file.Bytes, &file.Stored, &sum)
		if err == nil && checksum(at, file.Name, file.SHA256, file.Bytes, file.Stored) != sum {
			err = errSum
		}
		if err != nil {
			return damaged(path, fmt.Errorf("a file of item %d: %w", at, err))
		}
		if err := f(at, file); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return damaged(path, err)
	}
	return nil
}
