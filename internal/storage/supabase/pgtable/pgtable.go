// Package pgtable writes rows of outputs into a PostgreSQL database by a connection
// of its own, where there is no REST interface or none is wanted.
package pgtable

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

const (
	connectTimeout = 10 * time.Second
	writeTimeout   = 30 * time.Second
)

// A table holds one connection, made for the first row and again after it broke.
type table struct {
	config *pgconn.Config
	name   string

	mu   sync.Mutex
	conn *pgconn.PgConn
}

// Open reads the address of a database, postgres://USER:PASSWORD@HOST/DATABASE, and
// does not connect yet. To a host that is not this machine the connection is
// encrypted unless the address says something else. A failure is a
// *supabase.SettingError, which does not repeat the address.
func Open(address, name string) (supabase.Table, error) {
	const variable = "SUPABASE_DB_URL"
	const form = "the dashboard shows it under Connect: export SUPABASE_DB_URL=postgres://USER:PASSWORD@HOST:5432/postgres"
	if address == "" {
		return nil, &supabase.SettingError{Name: variable, Reason: "is not set", Hint: form}
	}
	if err := supabase.CheckTable(name); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, &supabase.SettingError{Name: variable, Reason: "is no address of a database, such as postgres://USER:PASSWORD@HOST:5432/postgres", Hint: form}
	}
	query := u.Query()
	if query.Get("sslmode") == "" && !isLoopback(u.Hostname()) {
		query.Set("sslmode", "require")
		u.RawQuery = query.Encode()
	}
	config, err := pgconn.ParseConfig(u.String())
	if err != nil {
		return nil, &supabase.SettingError{Name: variable, Reason: "cannot be used as the address of a database", Hint: form}
	}
	config.ConnectTimeout = connectTimeout
	return &table{config: config, name: name}, nil
}

// Service is the address of a database without user and password.
func Service(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + u.Path
}

func isLoopback(host string) bool {
	return host == "" || host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// Put implements supabase.Table.
func (t *table) Put(ctx context.Context, rows ...supabase.Row) error {
	data, err := supabase.RowsJSON(rows)
	if err != nil {
		return t.fail(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, connectTimeout+writeTimeout)
	defer stop()
	if t.conn == nil || t.conn.IsClosed() {
		if t.conn, err = pgconn.ConnectConfig(ctx, t.config); err != nil {
			return t.fail(err)
		}
	}
	if err := t.conn.ExecParams(ctx, supabase.UpsertSQL(t.name), [][]byte{data}, nil, nil, nil).Read().Err; err != nil {
		return t.fail(err)
	}
	return nil
}

// fail says of a failure whether trying again may help. Codes are those of
// PostgreSQL, appendix A.
func (t *table) fail(err error) error {
	failed := &storage.Error{Op: "write", Location: "table " + t.name, Err: err}
	var refused *pgconn.PgError
	switch {
	case errors.Is(err, context.Canceled):
	case !errors.As(err, &refused):
		failed.Temporary = true // the network, or a server that is starting
	case refused.Code == "42P01":
		failed.Err = errors.Join(supabase.ErrNoTable, err)
	case refused.Code == "28P01", refused.Code == "28000", refused.Code == "42501":
		failed.Err = errors.Join(storage.ErrAuth, err)
	case refused.Code == "53100":
		failed.Err = errors.Join(storage.ErrFull, err)
	default: // connection, resources, intervention of an operator, transaction rolled back
		failed.Temporary = strings.HasPrefix(refused.Code, "08") || strings.HasPrefix(refused.Code, "53") ||
			strings.HasPrefix(refused.Code, "57") || strings.HasPrefix(refused.Code, "40")
	}
	return failed
}

// Close implements supabase.Table.
func (t *table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conn == nil || t.conn.IsClosed() {
		return nil
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	return t.conn.Close(ctx)
}
