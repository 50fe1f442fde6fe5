package supabase_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/supabase"
)

func row(output int, seed string) supabase.Row {
	return supabase.Row{
		Run: "01jd", Output: output, Workflow: "flux_single", Backend: "studio", Seed: &seed, Parameters: json.RawMessage(`{"steps":20}`),
		Kind: "image", MediaType: "image/png", Bytes: 3, SHA256: "abc", Path: "supabase://art/x.png", Node: "9", Warnings: []string{}, Easel: "dev",
	}
}

func TestRowsByREST(t *testing.T) {
	t.Parallel()
	service, opts := project(t, true)
	service.AddTable("easel_outputs")
	table, err := supabase.OpenTable(opts, "easel_outputs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	for _, seed := range []string{"18446744073709551615", "7"} {
		if err := table.Put(t.Context(), row(1, seed), row(2, seed)); err != nil {
			t.Fatal(err)
		}
		rows := service.Rows("easel_outputs")
		if len(rows) != 2 || rows[1]["seed"] != seed || rows[1]["output"] != 2.0 {
			t.Errorf("the table has %v", rows)
		}
	}
}

func TestRowsThatFail(t *testing.T) {
	t.Parallel()
	service, opts := project(t, true)
	table, err := supabase.OpenTable(opts, "easel_outputs")
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Put(t.Context()); !errors.Is(err, supabase.ErrNoTable) || storage.Temporary(err) {
		t.Errorf("no table: %v", err)
	}
	service.AddTable("easel_outputs")
	befall(service, mishap{"POST", "/rest/v1", 2, lose})
	if err := table.Put(t.Context(), row(1, "7")); err != nil || len(service.Rows("easel_outputs")) != 1 {
		t.Errorf("lost answers: %v", err)
	}
	befall(service, mishap{"POST", "/rest/v1", 1 << 30, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, `{"code":"PGRST002","message":"Could not query the database for the schema cache. Retrying."}`)
	}})
	if err := table.Put(t.Context(), row(1, "7")); !storage.Temporary(err) {
		t.Errorf("away: %v", err)
	}
	opts.Key = "another"
	other, err := supabase.OpenTable(opts, "easel_outputs")
	if err != nil {
		t.Fatal(err)
	}
	service.Intercept = nil
	if err := other.Put(t.Context(), row(1, "7")); !errors.Is(err, storage.ErrAuth) {
		t.Errorf("a wrong key: %v", err)
	}
	for _, name := range []string{"", "Outputs", "a b", "a;drop table b", "a.b.c", "1st", `a"b`} {
		if _, err := supabase.OpenTable(opts, name); err == nil {
			t.Errorf("the table %q was taken", name)
		}
	}
}

// The migration has the columns that rows have.
func TestMigrationHasTheColumns(t *testing.T) {
	t.Parallel()
	sql := supabase.Migration("art.outputs", supabase.Everybody)
	for _, name := range supabase.Columns() {
		if !regexp.MustCompile(`(?m)^  ` + name + ` (text|integer|bigint|jsonb|timestamptz)`).MatchString(sql) {
			t.Errorf("there is no column %s", name)
		}
	}
	if strings.ContainsAny(sql, "{}") || !strings.Contains(sql, "for select to anon, authenticated") || !strings.Contains(sql, "art.outputs") {
		t.Errorf("the migration is\n%s", sql)
	}
	if sql := supabase.Migration("outputs", supabase.Nobody); strings.Contains(sql, "create policy") || !strings.Contains(sql, "public.outputs") {
		t.Errorf("the migration is\n%s", sql)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	if bucket, key, ok := supabase.Place("supabase://art/today/grüße.png"); !ok || bucket != "art" || key != "today/gr=C3=BC=C3=9Fe.png" {
		t.Errorf("%s, %s, %v", bucket, key, ok)
	}
	for _, other := range []string{"supabase://art", "s3://art/x.png", "outputs/x.png"} {
		if _, _, ok := supabase.Place(other); ok {
			t.Errorf("%s lies in a bucket of Supabase", other)
		}
	}
}
