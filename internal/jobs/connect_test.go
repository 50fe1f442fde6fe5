package jobs

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhyADatabaseCannotBeUsed: each mistake has its words, and none of them the
// password.
func TestWhyADatabaseCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ address, want string }{
		"nobody there":    {"postgres://easel:hunter2@127.0.0.1:1/x", "does not answer: connection refused"},
		"no such host":    {"postgres://easel:hunter2@nowhere.invalid/x", "does not answer: there is no host nowhere.invalid"},
		"no folder":       {"sqlite:/proc/x.db", "cannot be opened: "},
		"a file above it": {"sqlite:" + filepath.Join("connect_test.go", "x.db"), "cannot be opened: not a directory"},
		"no database":     {"sqlite:connect_test.go", "cannot be opened: the file is no SQLite database"},
	} {
		db, err := Open(context.Background(), c.address, Options{})
		if err == nil {
			_, _, err = db.Schema(context.Background())
			db.Close(context.Background())
		}
		err = Connecting(c.address, err)
		var connect *ConnectError
		if !errors.As(err, &connect) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
