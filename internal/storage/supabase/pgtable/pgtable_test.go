package pgtable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase/pgtable"
)

// database connects to a real PostgreSQL with the roles that Supabase makes.
func database(t *testing.T) (address string, conn *pgconn.PgConn) {
	t.Helper()
	address = os.Getenv("EASEL_TEST_POSTGRES")
	if address == "" {
		t.Skip("EASEL_TEST_POSTGRES names no PostgreSQL")
	}
	conn, err := pgconn.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	for _, role := range []string{"anon", "authenticated", "service_role"} {
		sql := fmt.Sprintf("do $$ begin create role %s nologin; exception when duplicate_object or unique_violation then null; end $$", role)
		if role == "service_role" {
			sql += "; alter role service_role bypassrls"
		}
		run(t, conn, sql)
	}
	return address, conn
}

func run(t *testing.T, conn *pgconn.PgConn, sql string) string {
	t.Helper()
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var rows []string
	for _, cells := range results[len(results)-1].Rows {
		var texts []string
		for _, cell := range cells {
			texts = append(texts, string(cell))
		}
		rows = append(rows, strings.Join(texts, "|"))
	}
	return strings.Join(rows, "\n")
}

func row(output int, seed string) supabase.Row {
	width, key, finished := 1024, "today/gr=C3=BC=C3=9Fe.png", time.Date(2026, 11, 27, 6, 0, 0, 0, time.UTC)
	return supabase.Row{
		Run: "01jd", Output: output, Workflow: "flux_single", Backend: "studio", Seed: &seed,
		Parameters: json.RawMessage(`{"prompt":"grüße '; drop table x","steps":20}`), Kind: "image", MediaType: "image/png", Width: &width, Bytes: 1 << 40,
		SHA256: "abc", Key: &key, Path: "supabase://art/today/grüße.png", Node: "9", Warnings: []string{"one, {two}", `"three"`}, Easel: "dev", Finished: &finished,
	}
}

func TestRealRows(t *testing.T) {
	t.Parallel()
	address, conn := database(t)
	name := fmt.Sprintf("easel_test_%d.outputs", time.Now().UnixNano())
	schema, _, _ := strings.Cut(name, ".")
	t.Cleanup(func() {
		_, _ = conn.Exec(context.WithoutCancel(t.Context()), "drop schema "+schema+" cascade").ReadAll()
	})

	table, err := pgtable.Open(address, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	if err := table.Put(t.Context(), row(1, "7")); !errors.Is(err, supabase.ErrNoTable) || storage.Temporary(err) {
		t.Errorf("without a table: %v", err)
	}
	for range 2 { // again is no harm
		run(t, conn, supabase.Migration(name, supabase.Authenticated))
	}
	for _, seed := range []string{"7", "18446744073709551615"} {
		if err := table.Put(t.Context(), row(1, seed), row(2, seed)); err != nil {
			t.Fatal(err)
		}
	}
	got := run(t, conn, "select output, seed, parameters->>'prompt', width, height is null, bytes, warnings[1], finished_at at time zone 'UTC' from "+name+" order by output")
	want := "1|18446744073709551615|grüße '; drop table x|1024|t|1099511627776|one, {two}|2026-11-27 06:00:00"
	if lines := strings.Split(got, "\n"); len(lines) != 2 || lines[0] != want {
		t.Errorf("the table has\n%s\nwant\n%s", got, want)
	}
	if err := table.Put(t.Context()); err != nil { // as a probe does
		t.Error(err)
	}

	for role, want := range map[string]string{"authenticated": "2", "service_role": "2"} {
		if got := run(t, conn, "set role "+role+"; select count(*) from "+name+"; "); got != want {
			t.Errorf("%s reads %s rows", role, got)
		}
		run(t, conn, "reset role")
	}
	for _, denied := range []string{"set role anon; select * from " + name, "set role authenticated; delete from " + name, "set role authenticated; insert into " + name + " (run) values ('x')"} {
		if _, err := conn.Exec(t.Context(), denied).ReadAll(); err == nil {
			t.Errorf("%s: allowed", denied)
		}
		run(t, conn, "reset role")
	}
	run(t, conn, supabase.Migration(name, supabase.Nobody))
	if _, err := conn.Exec(t.Context(), "set role authenticated; select * from "+name).ReadAll(); err == nil {
		if got := run(t, conn, "select count(*) from "+name); got != "0" {
			t.Errorf("nobody reads, and authenticated reads %s rows", got)
		}
	}
	run(t, conn, "reset role")
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "mysql://a:secret@b/c", "postgres://a:secret@b:port/c", "host=b password=secret"} {
		_, err := pgtable.Open(address, "outputs")
		if setting, ok := errors.AsType[*supabase.SettingError](err); !ok || strings.Contains(setting.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
	table, err := pgtable.Open("postgres://anna:secret@127.0.0.1:1/postgres", "outputs")
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Put(t.Context()); !storage.Temporary(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("away: %v", err)
	}
	if got := pgtable.Service("postgres://anna:secret@db.abc.supabase.co:5432/postgres"); got != "postgres://db.abc.supabase.co:5432/postgres" {
		t.Errorf("the service is %s", got)
	}
}
