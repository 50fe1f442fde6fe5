package ledger

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
)

// A ledger is called damaged for what is in it, and not for a statement that the
// database refuses.
func TestWhatIsDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	db, err := openDatabase(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE items (n INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	for statement, want := range map[string]bool{
		"INSERT INTO items VALUES (1), (1)":            false,
		"INSERT INTO items VALUES ('x')":               false,
		"SELEKT 1":                                     false,
		"CREATE TABLE items (n)":                       false,
		"PRAGMA query_only = ON; DELETE FROM items":    false,
		"SELECT * FROM files":                          true,
		"SELECT state FROM items":                      true,
		"ATTACH '" + path + "/none/there.db' AS other": false,
	} {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = conn.ExecContext(t.Context(), statement)
		if err == nil {
			t.Errorf("%s is no error", statement)
		}
		damage := &DamagedError{}
		if got := errors.As(damaged(path, err), &damage); got != want {
			t.Errorf("%s: %v, damage %v", statement, err, got)
		}
		if write := (&WriteError{}); !want && !errors.As(storing(path, err), &write) {
			t.Errorf("%s: written, it is %v", statement, storing(path, err))
		}
		if _, err := conn.ExecContext(t.Context(), "PRAGMA query_only = OFF"); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	if got := damaged(path, sql.ErrNoRows); !errors.As(got, new(*DamagedError)) {
		t.Errorf("a row that is gone is %v", got)
	}
}
