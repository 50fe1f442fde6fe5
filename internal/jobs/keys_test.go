package jobs

import (
	"errors"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/jobs/internal/dbq"
)

func TestKeysAreKeptAsHashes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		db := open(t, address, Options{})
		made, secret, err := db.AddKey(t.Context(), "laptop", []Scope{ScopeGenerate})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := db.AddKey(t.Context(), "laptop", nil); !errors.Is(err, ErrState) {
			t.Errorf("a second key of the name: %v", err)
		}
		found, err := db.KeyOf(t.Context(), secret)
		if err != nil || found.ID != made.ID || !found.Allows(ScopeGenerate) || found.Allows(ScopeManage) {
			t.Errorf("the key is %+v, %v", found, err)
		}
		if _, err := db.KeyOf(t.Context(), secret+"x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("a wrong key: %v", err)
		}
		rows, err := dbq.New(db.engine.read()).ListKeys(t.Context())
		if err != nil || len(rows) != 1 || rows[0].Hash == secret || rows[0].Hash != hashOf(secret) {
			t.Errorf("the rows are %+v, %v", rows, err)
		}
		if err := db.RemoveKey(t.Context(), "laptop"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.KeyOf(t.Context(), secret); !errors.Is(err, ErrNotFound) {
			t.Errorf("the removed key: %v", err)
		}
		if _, _, err := db.AddKey(t.Context(), "laptop", nil); err != nil {
			t.Errorf("the name of a removed key is not free: %v", err)
		}
	})
}

func TestAddressesAreShownWithoutPasswords(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"postgres://easel:hunter2@db.example.org/easel?sslpassword=hunter2": "postgres://easel@db.example.org/easel",
		"sqlite:/var/lib/easel.db":   "sqlite:/var/lib/easel.db",
		"postgres://%zz:hunter2@h/x": "postgres:…",
	} {
		if got := Shown(in); got != want {
			t.Errorf("%s is shown as %s", in, got)
		}
	}
	for _, address := range []string{"mysql://root:hunter2@h/x", "sqlite:"} {
		if _, err := Open(t.Context(), address, Options{}); err == nil || err.Error() != (&AddressError{}).Error() {
			t.Errorf("%s: %v", address, err)
		}
	}
}
