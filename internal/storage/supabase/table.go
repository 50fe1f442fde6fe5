package supabase

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Table takes rows. Putting a row again changes nothing, or what has changed in
// it. Failures are a *storage.Error.
type Table interface {
	Put(ctx context.Context, rows ...Row) error
	Close() error
}

// A restTable is a table behind the REST interface of a project, which is PostgREST.
type restTable struct {
	api    *api
	table  string
	schema string
	role   string
}

// OpenTable opens a table by the REST interface of a project, without asking for
// it. Of the options it takes URL, Key and Client.
func OpenTable(opts Options, name string) (Table, error) {
	base, err := Endpoint(opts.URL, "rest/v1")
	if err != nil {
		return nil, err
	}
	if opts.Key == "" {
		return nil, noKey()
	}
	if err := CheckTable(name); err != nil {
		return nil, err
	}
	t := &restTable{api: &api{base: base, key: opts.Key, http: opts.Client, pause: opts.pause}, table: name, role: roleOf(opts.Key)}
	if schema, rest, found := strings.Cut(name, "."); found {
		t.schema, t.table = schema, rest
	}
	if t.api.http == nil {
		t.api.http = newClient()
	}
	if t.api.pause == nil {
		t.api.pause = storage.Wait
	}
	return t, nil
}

// Put implements Table.
func (t *restTable) Put(ctx context.Context, rows ...Row) error {
	r := request{
		method: "POST", path: "/" + url.PathEscape(t.table) + "?on_conflict=run,output&columns=" + strings.Join(Columns(), ","),
		header: map[string]string{"Prefer": "resolution=merge-duplicates,return=minimal"},
	}
	if t.schema != "" {
		r.header["Content-Profile"] = t.schema
	}
	if err := t.api.call(ctx, r.withJSON(append([]Row{}, rows...)), nil); err != nil {
		kind := t.classify(err)
		return &storage.Error{Op: "write", Location: t.location(), Err: kind, Temporary: passing(err) && !decided(kind)}
	}
	return nil
}

func (t *restTable) location() string {
	if t.schema != "" {
		return "table " + t.schema + "." + t.table
	}
	return "table " + t.table
}

// ErrNoTable means that the table is not there; Migration makes it.
var ErrNoTable = errors.New("there is no such table, or the service does not know it yet")

// classify knows the codes of PostgREST and PostgreSQL.
func (t *restTable) classify(err error) error {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		return err
	}
	switch {
	case r.is("PGRST205", "42P01"), r.status == http.StatusNotFound:
		return &kindError{ErrNoTable, r}
	case r.is("PGRST301", "PGRST302", "PGRST303", "42501"), r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		return &kindError{storage.ErrAuth, r}
	}
	return r
}

// Close implements Table.
func (t *restTable) Close() error {
	t.api.http.CloseIdleConnections()
	return nil
}

// UpsertSQL is a statement whose one parameter is a JSON array of rows.
func UpsertSQL(table string) string {
	columns := Columns()
	var updates []string
	for _, name := range columns {
		updates = append(updates, name+" = excluded."+name)
	}
	list := strings.Join(columns, ", ")
	schema, name := withSchema(table)
	table = schema + "." + name
	return "insert into " + table + " (" + list + ") select " + list + " from jsonb_populate_recordset(null::" + table + ", $1::jsonb) on conflict (run, output) do update set " +
		strings.Join(updates, ", ")
}

// RowsJSON is the parameter of UpsertSQL.
func RowsJSON(rows []Row) ([]byte, error) { return json.Marshal(append([]Row{}, rows...)) }
