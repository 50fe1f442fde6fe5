package jobs

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
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

// TestADatabaseThatDiesInAQueryIsAway: a server that is killed says nothing, and its
// answer ends before it began.
func TestADatabaseThatDiesInAQueryIsAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go dieInQuery(conn)
		}
	}()
	db, err := Open(t.Context(), "postgres://easel@"+l.Addr().String()+"/x?sslmode=disable", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	if _, err := db.Job(t.Context(), "any"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v is not ErrUnavailable", err)
	}
}

// dieInQuery is a PostgreSQL that lets anybody in and dies when it is asked something.
func dieInQuery(conn net.Conn) {
	defer conn.Close()
	b := pgproto3.NewBackend(conn, conn)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if b.Flush() != nil {
		return
	}
	for {
		m, err := b.Receive()
		if _, asked := m.(*pgproto3.Sync); asked || err != nil {
			return
		}
	}
}
