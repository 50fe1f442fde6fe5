package jobs

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/database"
	"github.com/seed-7d77cb5c/easel/internal/jobs/jobstest"
)

// filled is a database with rows in each state, one of them running.
func filled(t *testing.T, address string) *DB {
	t.Helper()
	ctx := context.Background()
	db := open(t, address, Options{})
	if _, _, err := db.AddKey(ctx, "laptop", []Scope{ScopeGenerate}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := db.Enqueue(ctx, Enqueue{
			Batch: &NewBatch{Workflow: "w", Request: []byte("{}")},
			Jobs:  []New{{Workflow: "w", Prompt: "a \"fox\" <ü>\u2028", Request: []byte(`{"seed":18446744073709551615}`), Order: []byte("{}")}, {Workflow: "v", Request: []byte("{}"), Order: []byte("{}")}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := db.take(ctx)
	if err != nil {
		t.Fatal(err)
	}
	width := int64(8)
	if err := db.end(ctx, l, Outcome{State: Succeeded, Outputs: []Output{{N: 1, Name: "a.png", Kind: "image", Width: &width, SHA256: "00"}}}); err != nil {
		t.Fatal(err)
	}
	if l, err = db.take(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.Submitted(ctx, []byte(`{"state":"submitted"}`), "p", "studio", "7"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.AddFile(ctx, File{Name: "x.png", SHA256: "11"}); err != nil {
		t.Fatal(err)
	}
	return db
}

func export(t *testing.T, db *DB) (string, Transfer) {
	t.Helper()
	var b bytes.Buffer
	done, err := db.Export(context.Background(), &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), done
}

// body is an export without its first line, which has the time.
func body(export string) string { return export[strings.Index(export, "\n")+1:] }

// P-S7: what is exported from one database and imported into another of the other
// kind is the same, row by row, apart from the jobs that ran; and back.
func TestPS7RoundTrip(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	from := filled(t, "sqlite:"+filepath.Join(t.TempDir(), "from.db"))
	first, done := export(t, from)
	if done.Running != 1 || done.Rows["jobs"] != 6 || done.Rows["outputs"] != 1 || done.Rows["keys"] != 1 || done.Rows["files"] != 1 {
		t.Errorf("exported %+v", done)
	}
	again, _ := export(t, from)
	if diff := cmp.Diff(body(first), body(again)); diff != "" {
		t.Errorf("the source was touched:\n%s", diff)
	}
	to := imported(t, jobstest.Postgres(t), first)
	var seen bool
	if err := to.engine.read().QueryRow(ctx, "SELECT relallvisible > 0 FROM pg_class WHERE relname = 'jobs'").Scan(&seen); err != nil || !seen {
		t.Errorf("the server has not looked at the imported rows: %v", err)
	}
	second, _ := export(t, to)
	back, _ := export(t, imported(t, "sqlite:"+filepath.Join(t.TempDir(), "back.db"), second))
	if diff := cmp.Diff(body(second), body(back)); diff != "" {
		t.Errorf("SQLite and PostgreSQL have other rows:\n%s", diff)
	}
	if strings.Contains(second, `"state":"running"`) || strings.Count(second, "\n") != strings.Count(first, "\n") {
		t.Error("jobs run, or rows are missing, where nobody has run any")
	}
	var running Job
	if err := to.Start(ctx); err != nil {
		t.Fatal(err)
	}
	for {
		l, err := to.take(ctx)
		if err != nil {
			break
		}
		if l.Job.Ticket != nil {
			running = l.Job
		}
	}
	if running.Backend != "studio" || running.Crashes != 0 {
		t.Errorf("the job that ran is not collected: %+v", running)
	}
	if _, err := to.Enqueue(ctx, Enqueue{Jobs: []New{{Workflow: "w", Request: []byte("{}"), Order: []byte("{}")}}}); err != nil {
		t.Errorf("a new row after those that were imported: %v", err)
	}
}

func imported(t *testing.T, address, data string) *DB {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close(ctx) })
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Import(ctx, strings.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return db
}

// An export of earlier tables is imported as long as they had the same columns.
func TestImportOfEarlierTables(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "columns.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p, err := provider(database.SQLite, conn)
	if err != nil {
		t.Fatal(err)
	}
	columns := func() (all []string) {
		for _, table := range transferTables {
			rows, err := conn.QueryContext(ctx, "SELECT * FROM "+table+" LIMIT 0")
			if err != nil {
				t.Fatal(err)
			}
			names, err := rows.Columns()
			rows.Close()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, table+": "+strings.Join(names, ", "))
		}
		return all
	}
	if _, err := p.UpTo(ctx, transferSince); err != nil {
		t.Fatal(err)
	}
	then := columns()
	if _, err := p.Up(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(then, columns()); diff != "" {
		t.Fatalf("raise transferSince: the columns changed since:\n%s", diff)
	}
	whole, _ := export(t, filled(t, "sqlite:"+filepath.Join(t.TempDir(), "from.db")))
	first, rest, _ := strings.Cut(whole, "\n")
	var head transferHead
	if err := json.Unmarshal([]byte(first), &head); err != nil {
		t.Fatal(err)
	}
	head.Version = transferSince
	earlier, err := json.Marshal(head)
	if err != nil {
		t.Fatal(err)
	}
	back, _ := export(t, imported(t, "sqlite:"+filepath.Join(t.TempDir(), "to.db"), string(earlier)+"\n"+rest))
	if strings.Count(back, "\n") != strings.Count(whole, "\n") {
		t.Error("rows are missing")
	}
}

// What cannot be imported changes nothing, and the error says why.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, address string) {
		ctx := context.Background()
		whole, _ := export(t, filled(t, "sqlite:"+filepath.Join(t.TempDir(), "from.db")))
		db, err := Open(ctx, address, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close(ctx)
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		var schema *SchemaError
		for name, data := range map[string]string{
			"of another program": "hello\n", "empty": "", "cut in a row": whole[:len(whole)-20], "cut between rows": whole[:strings.LastIndex(strings.TrimSpace(whole), "\n")+1],
			"with another table":                whole + `{"table":"river_job","row":{"id":1}}` + "\n",
			"with a column that is a statement": strings.Replace(whole, `"prompt_id"`, `"prompt_id) --"`, 1),
		} {
			if _, err := db.Import(ctx, strings.NewReader(data)); !errors.Is(err, ErrForeign) {
				t.Errorf("a file %s: %v", name, err)
			}
		}
		_, want, err := db.Schema(ctx)
		if err != nil {
			t.Fatal(err)
		}
		newer := strings.Replace(whole, `"version":`, `"version":9`, 1)
		if _, err := db.Import(ctx, strings.NewReader(newer)); !errors.As(err, &schema) || schema.Have <= want {
			t.Errorf("a newer file: %v", err)
		}
		if counts, err := db.Counts(ctx); err != nil || counts[Queued] != 0 {
			t.Fatalf("a refused import left %v, %v", counts, err)
		}
		other := open(t, address, Options{})
		if _, err := db.Import(ctx, strings.NewReader(whole)); !errors.Is(err, ErrInUse) {
			t.Errorf("into one that is in use: %v", err)
		}
		stop, cancel := context.WithCancel(ctx)
		cancel()
		if err := other.Close(stop); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Import(ctx, strings.NewReader(whole)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Import(ctx, strings.NewReader(whole)); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("a second time: %v", err)
		}
	})
}
