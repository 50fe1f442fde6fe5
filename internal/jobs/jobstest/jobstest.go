// Package jobstest gives tests of what stands on internal/jobs their databases.
package jobstest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Variables of the environment.
const (
	serverVariable = "EASEL_TEST_POSTGRES" // a PostgreSQL where databases may be made: postgres://easel@127.0.0.1:5432/postgres
	kindVariable   = "EASEL_TEST_DATABASE" // postgres: all tests use it, instead of SQLite
)

// OnPostgres reports whether tests that do not name a database are to use PostgreSQL.
func OnPostgres() bool { return os.Getenv(kindVariable) == "postgres" }

// Address is a new database without tables: a SQLite file in dir, or one of
// PostgreSQL where all tests use that.
func Address(t testing.TB, dir string) string {
	t.Helper()
	if OnPostgres() {
		return Postgres(t)
	}
	return "sqlite:" + filepath.Join(dir, "easel.db")
}

// Postgres is a new database of the PostgreSQL that EASEL_TEST_POSTGRES names, which
// is dropped at the end of the test. Without one the test is skipped.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(serverVariable)
	if server == "" {
		t.Skip(serverVariable + " names no server")
	}
	address, drop, err := Create(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return address
}

// Create makes a database on a PostgreSQL; drop removes it, also from those who have
// it open.
func Create(server string) (address string, drop func() error, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, err
	}
	name := "easel_" + strings.ToLower(rand.Text())
	if err := execute(server, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() error { return execute(server, "DROP DATABASE "+name+" WITH (FORCE)") }, nil
}

func execute(server, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}
