package jobs

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/database"
)

// unstarted is a SQLite database whose prompts are indexed only when a test says so.
// Jobs are admitted.
func unstarted(t testing.TB, path string) *DB {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	db.background.Go(func() { db.arrivals.serve(db.closing) })
	t.Cleanup(func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return db
}

// indexAll indexes all prompts that are not.
func indexAll(t testing.TB, db *DB) {
	t.Helper()
	x, ok := db.engine.(indexer)
	for left := int64(1); ok && left > 0; {
		var err error
		if left, err = x.index(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// checkIndex has SQLite compare the index with the rows that are to be in it.
func checkIndex(t *testing.T, db *DB) {
	t.Helper()
	conn, done := db.engine.sql(true)
	defer done()
	tx, err := conn.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() // the rows that are not indexed are only away for the check
	for _, statement := range []string{
		"DELETE FROM jobs WHERE seq > (SELECT seq FROM prompts_indexed)",
		"INSERT INTO jobs_prompt (jobs_prompt, rank) VALUES ('integrity-check', 1)",
	} {
		if _, err := tx.Exec(statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func enqueuePrompts(t *testing.T, db *DB, prompts ...string) []string {
	t.Helper()
	var e Enqueue
	for _, p := range prompts {
		e.Jobs = append(e.Jobs, New{Workflow: "w", Prompt: p, Request: json.RawMessage("{}"), Order: json.RawMessage("{}")})
	}
	got, err := db.Enqueue(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return got.Jobs
}

// foundPrompts are the prompts that a search finds, page by page.
func foundPrompts(t *testing.T, db *DB, f Filter, page int) []string {
	t.Helper()
	f.Limit = page
	var all []string
	for {
		found, err := db.Jobs(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range found {
			all = append(all, j.Prompt)
			f.Before, f.After = j.Seq, 0
			if f.OldFirst {
				f.Before, f.After = 0, j.Seq
			}
		}
		if len(found) < page {
			return all
		}
	}
}

func deleteJob(t *testing.T, db *DB, id string) {
	t.Helper()
	if err := db.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := db.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

// TestASearchIsWholeWhateverIsIndexed: it finds the same, in the same order, with none,
// some and all of the prompts in the index, and after rows of both kinds were deleted.
func TestASearchIsWholeWhateverIsIndexed(t *testing.T) {
	t.Parallel()
	db := unstarted(t, filepath.Join(t.TempDir(), "easel.db"))
	var ids []string
	kept := map[string]bool{}
	add := func(prompts ...string) {
		ids = append(ids, enqueuePrompts(t, db, prompts...)...)
		for _, p := range prompts {
			kept[p] = true
		}
	}
	check := func(when string) {
		t.Helper()
		for _, search := range []string{"fox", "FOX IN", "снег", "СНЕГ", "ΟΔΟΣ", "100%", "a_b", `"x"`, "no such", "狐狸", "狐"} {
			var want []string
			for n := range 10 { // prompts end with their number
				for p := range kept {
					if strings.HasSuffix(p, fmt.Sprint(" ", n)) && strings.Contains(fold(p), fold(search)) {
						want = append([]string{p}, want...)
					}
				}
			}
			if diff := cmp.Diff(want, foundPrompts(t, db, Filter{Search: search}, 2)); diff != "" {
				t.Errorf("%s, searching %q: %s", when, search, diff)
			}
		}
		checkIndex(t, db)
	}
	drop := func(n int) {
		deleteJob(t, db, ids[n])
		for p := range kept {
			if strings.HasSuffix(p, fmt.Sprint(" ", n)) {
				delete(kept, p)
			}
		}
	}
	add("A fox in the Снег, οδός 0", `a_b "x" 1`, "Fox 100% 2", "狐狸 in a wood 3")
	check("none is indexed")
	drop(0)
	check("none is indexed and one deleted")
	indexAll(t, db)
	check("all are indexed")
	add("another FOX in снег 4", "a wolf 5", "ὁδός ΟΔΟΣ 狐狸 6")
	check("some are indexed")
	drop(2)
	drop(4)
	check("deleted on both sides")
	indexAll(t, db)
	check("all are indexed again")
	drop(6) // the newest
	add("the last fox 7")
	check("behind a hole")
	indexAll(t, db)
	check("to the end")
	for n := range ids {
		if n != 0 && n != 2 && n != 4 && n != 6 {
			drop(n)
		}
	}
	check("nothing is left")
}

// TestACommonTextIsFoundInBothParts: more often than an index is asked for, in letters
// of any kind.
func TestACommonTextIsFoundInBothParts(t *testing.T) {
	t.Parallel()
	db := unstarted(t, filepath.Join(t.TempDir(), "easel.db"))
	many := make([]string, searchRare+1)
	for i := range many {
		many[i] = fmt.Sprintf("Зимний лес, winter wood %d", i)
	}
	enqueuePrompts(t, db, many...)
	indexAll(t, db)
	enqueuePrompts(t, db, "WINTER WOOD, ЗИМНИЙ ЛЕС", "summer")
	for _, search := range []string{"winter Wood", "зимний ЛЕС"} {
		if n := len(foundPrompts(t, db, Filter{Search: search}, 500)); n != len(many)+1 {
			t.Errorf("searching %q finds %d of %d", search, n, len(many)+1)
		}
		if found := foundPrompts(t, db, Filter{Search: search, OldFirst: true}, 300); found[0] != many[0] || found[len(found)-1] != "WINTER WOOD, ЗИМНИЙ ЛЕС" {
			t.Errorf("searching %q: the order is another one", search)
		}
	}
}

// killedVariable names the file that a process of this test writes to until it is killed.
const killedVariable = "EASEL_TEST_KILLED"

// TestIsKilled is that process: it has jobs accepted, a line each, and indexes them
// meanwhile.
func TestIsKilled(t *testing.T) {
	path := os.Getenv(killedVariable)
	if path == "" {
		t.Skip("it is a part of another test")
	}
	db := unstarted(t, path)
	go func() {
		for {
			_, _ = db.engine.(indexer).index(context.Background())
		}
	}()
	for n := 0; ; n++ {
		enqueuePrompts(t, db, fmt.Sprintf("a fox in the wood %d", n), "another one")
		fmt.Println("accepted")
	}
}

// TestAKillLosesNoPrompt: what was accepted is found, and the index is whole, whenever
// the process is killed that accepted and indexed it.
func TestAKillLosesNoPrompt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "easel.db")
	accepted := 0
	for round := range 4 {
		child := exec.Command(os.Args[0], "-test.run=^TestIsKilled$")
		child.Env = append(os.Environ(), killedVariable+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		until := accepted + 20 + rand.IntN(100)
		for killed := false; lines.Scan(); {
			if lines.Text() != "accepted" {
				continue
			}
			if accepted++; accepted >= until && !killed {
				killed = true
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // it was killed
		db := unstarted(t, path)
		checkIndex(t, db)
		found := len(foundPrompts(t, db, Filter{Search: "fox in the"}, 1000))
		if found < accepted || found > accepted+round+1 {
			t.Errorf("%d of %d accepted jobs are found after kill %d", found, accepted, round+1)
		}
		if rand.IntN(2) == 0 { // else the next process does
			indexAll(t, db)
			checkIndex(t, db)
			if n := len(foundPrompts(t, db, Filter{Search: "fox in the"}, 1000)); n != found {
				t.Errorf("%d of %d are found in the index", n, found)
			}
		}
		if err := db.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		accepted = found
	}
}

// TestPromptsFoldAsTheirIndexDoes: each letter that has other forms is found by all of
// them in the index, where it is found by them outside of it.
func TestPromptsFoldAsTheirIndexDoes(t *testing.T) {
	t.Parallel()
	db := unstarted(t, filepath.Join(t.TempDir(), "easel.db"))
	conn, done := db.engine.sql(true)
	defer done()
	tx, err := conn.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() // nothing of it stays
	run := func(statement string, args ...any) {
		if _, err := tx.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE VIRTUAL TABLE letters USING fts5 (letter, tokenize = 'trigram')")
	run("CREATE VIRTUAL TABLE folded USING fts5vocab (letters, instance)")
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if unicode.SimpleFold(r) != r {
			run("INSERT INTO letters (rowid, letter) VALUES ($1, $2)", r, "a"+string(r)+"b")
		}
	}
	rows, err := tx.Query("SELECT doc, term FROM folded")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var r rune
		var term string
		if err := rows.Scan(&r, &term); err != nil {
			t.Fatal(err)
		}
		if want := "a" + string(foldRune(r)) + "b"; term != want {
			t.Errorf("%q (%U) is %q in the index, and %q outside of it", r, r, term, want)
		}
	}
	if err := rows.Err(); err != nil || n < 2000 {
		t.Errorf("%d letters, %v", n, err)
	}
}

// TestOlderIndexesAreKept: a database whose prompts were indexed with their jobs has them
// in the index after the migration, and before it again when that is taken back.
func TestOlderIndexesAreKept(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := unstarted(t, filepath.Join(t.TempDir(), "easel.db"))
	conn, done := db.engine.sql(true)
	defer done()
	to := func(version int64) {
		t.Helper()
		p, err := provider(database.SQLite, conn)
		if err != nil {
			t.Fatal(err)
		}
		if have, err := p.GetDBVersion(ctx); err != nil || have < version {
			_, err = p.UpTo(ctx, version)
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		if _, err := p.DownTo(ctx, version); err != nil {
			t.Fatal(err)
		}
	}
	inIndex := func(want int) {
		t.Helper()
		var n int
		if err := conn.QueryRow("SELECT COUNT(*) FROM jobs_prompt WHERE jobs_prompt MATCH 'fox'").Scan(&n); err != nil || n != want {
			t.Errorf("%d of %d are in the index, %v", n, want, err)
		}
	}
	to(3)
	enqueuePrompts(t, db, "fox 0", "fox 1")
	inIndex(2)
	to(4)
	inIndex(2)
	ids := enqueuePrompts(t, db, "fox 2", "fox 3")
	inIndex(2)
	checkIndex(t, db)
	deleteJob(t, db, ids[1])
	to(3)
	inIndex(3)
	deleteJob(t, db, ids[0])
	inIndex(2)
	to(4)
	enqueuePrompts(t, db, "fox 4")
	checkIndex(t, db)
	if diff := cmp.Diff([]string{"fox 4", "fox 1", "fox 0"}, foundPrompts(t, db, Filter{Search: "fox"}, 2)); diff != "" {
		t.Error(diff)
	}
}

// TestImportedPromptsAreIndexed: also where rows with the same numbers were before.
func TestImportedPromptsAreIndexed(t *testing.T) {
	t.Parallel()
	from := unstarted(t, filepath.Join(t.TempDir(), "from.db"))
	enqueuePrompts(t, from, "fox 0", "fox 1", "fox 2")
	indexAll(t, from)
	enqueuePrompts(t, from, "fox 3")
	data, _ := export(t, from)
	to := unstarted(t, filepath.Join(t.TempDir(), "to.db"))
	ids := enqueuePrompts(t, to, "an owl", "another owl")
	indexAll(t, to)
	for _, id := range ids {
		deleteJob(t, to, id)
	}
	for _, table := range []string{"lanes", "events"} { // or they would have rows twice
		if _, err := to.engine.write().Exec(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := to.Import(t.Context(), strings.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	checkIndex(t, to)
	if diff := cmp.Diff([]string{"fox 3", "fox 2", "fox 1", "fox 0"}, foundPrompts(t, to, Filter{Search: "FOX"}, 3)); diff != "" {
		t.Error(diff)
	}
	enqueuePrompts(t, to, "fox 4")
	if n := len(foundPrompts(t, to, Filter{Search: "fox"}, 10)); n != 5 {
		t.Errorf("%d of 5 are found", n)
	}
}
