package ledger

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// planOf makes a plan of items; each word is ID or ID=DIGEST.
func planOf(words ...string) Plan {
	return Plan{
		Facts: Facts{Name: "p", Plan: strings.Join(words, " ")},
		Len:   len(words),
		Item: func(n int) Planned {
			id, digest, _ := strings.Cut(words[n], "=")
			return Planned{ID: id, Digest: digest, Fields: func() ([]byte, error) { return json.Marshal(digest) }}
		},
	}
}

func many(n int) Plan {
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("i%05d=d", i)
	}
	return planOf(words...)
}

func lockOf(t testing.TB, path string) *Lock {
	t.Helper()
	lock, err := LockBatch(t.Context(), path, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func newBatch(t testing.TB, p Plan) *Batch {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out", ".easel", "p.db")
	b, err := CreateBatch(path, lockOf(t, path), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// reopen closes a ledger and opens it again.
func reopen(t testing.TB, b *Batch) *Batch {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenBatch(b.path, lockOf(t, b.path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	return again
}

// carry takes an item through its life.
func carry(t testing.TB, b *Batch, id string, to ItemState) {
	t.Helper()
	run := "run-" + id
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.Bind(id, run))
	rec := Record{ID: run, PromptID: "prompt-" + id, Handle: "prompt-" + id, Backend: "studio", Workflow: "w", State: Prepared, Request: json.RawMessage(`{"a":1}`)}
	must(b.Put(rec))
	if to == ItemSubmitted {
		return
	}
	rec.State = Submitted
	must(b.Put(rec))
	must(b.Ended(rec))
	if to == ItemDone {
		return
	}
	must(b.Claim(run, File{Name: id + ".png", SHA256: "s", Bytes: 3}))
	rec.State, rec.Result, rec.ExecutedMS = Done, json.RawMessage(`{"id":"r"}`), 100
	must(b.Put(rec))
	if to == ItemStored {
		return
	}
	must(b.Commit(id, []File{{Name: id + ".png", SHA256: "s", Bytes: 3, Stored: true}}, json.RawMessage(`{}`), 0.5, false))
}

func TestBatchLife(t *testing.T) {
	t.Parallel()
	b := newBatch(t, planOf("a=1", "b=1", "c=1", "d=1", "e=1", "f=1"))
	carry(t, b, "b", ItemSubmitted)
	carry(t, b, "c", ItemDone)
	carry(t, b, "d", ItemStored)
	carry(t, b, "e", ItemCommitted)
	if err := b.Fail("f", "failed", "a reason", 0.25); err != nil {
		t.Fatal(err)
	}
	if err := b.KeepSeed("a", "18446744073709551615"); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, b)
	var states []string
	for _, it := range itemsOf(t, b) {
		states = append(states, string(it.State))
	}
	if want := []string{"planned", "submitted", "done", "stored", "committed", "failed"}; !slices.Equal(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
	it, _ := b.Item("e")
	if it.Attempt != 1 || it.PromptID != "prompt-e" || it.Backend != "studio" || it.ExecutedMS != 100 || it.USD != 0.5 || !it.Accepted {
		t.Errorf("%+v", it)
	}
	if it, _ := b.Item("a"); it.Seed != "18446744073709551615" {
		t.Errorf("seed %q", it.Seed)
	}
	if it, _ := b.Item("f"); it.Error != "a reason" || it.Code != "failed" {
		t.Errorf("%+v", it)
	}
	if files, err := b.Files("e"); err != nil || len(files) != 1 || !files[0].Stored || files[0].Name != "e.png" {
		t.Errorf("%+v, %v", files, err)
	}
	for id, want := range map[string]bool{"b": true, "c": true, "d": true, "e": false} {
		if ticket, err := b.Ticket(id); err != nil || (ticket != nil) != want {
			t.Errorf("ticket of %s: %s, %v", id, ticket, err)
		}
	}
	if result, err := b.Result("e"); err != nil || string(result) != `{"id":"r"}` {
		t.Errorf("result %s, %v", result, err)
	}
}

// A name that was claimed and not used is told apart from a file that was stored.
func TestClaimsAreNotFiles(t *testing.T) {
	t.Parallel()
	b := newBatch(t, planOf("a=1"))
	carry(t, b, "a", ItemDone)
	if err := b.Claim("run-a", File{Name: "a.png", SHA256: "s", Bytes: 3, Stored: true}); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, b)
	if files, err := b.Files("a"); err != nil || len(files) != 1 || files[0].Stored {
		t.Errorf("%+v, %v", files, err)
	}
	if err := b.Requeue("a", true); err != nil {
		t.Fatal(err)
	}
	if it, _ := b.Item("a"); it.State != ItemPlanned || it.Kills != 1 || it.PromptID != "" || it.Run != "run-a" {
		t.Errorf("%+v", it)
	}
}

// itemsOf are the items that the plan has.
func itemsOf(t *testing.T, b *Batch) []Item {
	t.Helper()
	var items []Item
	for it, err := range b.Items() {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	return items
}

func TestChangedPlan(t *testing.T) {
	t.Parallel()
	b := newBatch(t, planOf("a=1", "b=1", "c=1"))
	for _, id := range []string{"a", "b", "c"} {
		carry(t, b, id, ItemCommitted)
	}
	next := planOf("c=2", "a=1", "d=1")
	d, err := b.Compare(next)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Added, []string{"d"}) || !slices.Equal(d.Removed, []string{"b"}) || len(d.Changed) != 1 ||
		d.Changed[0].ID != "c" || string(d.Changed[0].Before) != `"1"` || string(d.Changed[0].After) != `"2"` {
		t.Errorf("%+v", d)
	}
	if err := b.Update(next, false); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, b)
	states := map[string]ItemState{}
	for _, it := range itemsOf(t, b) {
		states[it.ID] = it.State
	}
	if len(states) != 3 || states["a"] != ItemCommitted || states["c"] != ItemPlanned || states["d"] != ItemPlanned {
		t.Errorf("%v", states)
	}
	if files, err := b.Files("c"); err != nil || len(files) != 1 || !files[0].Stored {
		t.Errorf("a changed item has lost its files: %v, %v", files, err)
	}
	if it, err := b.Item("b"); err != nil || !it.Dropped {
		t.Errorf("an item that the plan has no more: %+v, %v", it, err)
	}
	if d, err := b.Compare(next); err != nil || !d.Empty() {
		t.Errorf("%+v, %v", d, err)
	}
	if err := b.Update(planOf("b=1", "a=1"), false); err != nil {
		t.Fatal(err)
	}
	if it, _ := b.Item("b"); it.State != ItemCommitted || it.Dropped {
		t.Errorf("an item that is back: %+v", it)
	}
	if err := b.Update(planOf("b=1", "a=1"), true); err != nil {
		t.Fatal(err)
	}
	for _, it := range itemsOf(t, b) {
		if it.State != ItemPlanned {
			t.Errorf("afresh: %+v", it)
		}
	}
}

// A ledger whose log could not be brought into its file does not get its name: the
// file without the log would lack everything.
func TestLedgerIsWholeWithoutItsLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	var held *sql.DB
	err := fill(path, func(q queryer) error {
		// One who reads what was before keeps the log from being emptied.
		var err error
		if held, err = openDatabase(path); err != nil {
			return err
		}
		reader, err := held.BeginTx(t.Context(), nil)
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = reader.Rollback() })
		var n int
		if err := reader.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM items").Scan(&n); err != nil {
			return err
		}
		return putFacts(q, Facts{Name: "p"})
	})
	if held != nil {
		defer held.Close()
	}
	if err == nil {
		t.Error("the log is not in the file, and nothing says so")
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	lock := lockOf(t, path)
	_, err := LockBatch(t.Context(), path, false, nil)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Owner.PID != os.Getpid() {
		t.Fatalf("%v", err)
	}
	if owner, held := Holder(path); !held || owner.PID != os.Getpid() {
		t.Errorf("%+v, %v", owner, held)
	}
	waiting := make(chan Owner, 1)
	got := make(chan error, 1)
	go func() {
		second, err := LockBatch(t.Context(), path, true, func(o Owner) { waiting <- o })
		second.Release()
		got <- err
	}()
	<-waiting
	lock.Release()
	if err := <-got; err != nil {
		t.Error(err)
	}
	if _, held := Holder(path); held {
		t.Error("the lock is still held")
	}
}

// Whatever byte is flipped, and wherever the file is cut: the ledger says that it
// is damaged, or what it says is what was written.
func TestDamagedBatch(t *testing.T) {
	t.Parallel()
	b := newBatch(t, many(40))
	for _, id := range []string{"i00003", "i00004"} {
		carry(t, b, id, ItemCommitted)
	}
	carry(t, b, "i00005", ItemSubmitted)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, data []byte) {
		path := filepath.Join(t.TempDir(), "p.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		damage := &DamagedError{}
		read, err := ReadBatch(path)
		if err != nil {
			if !errors.As(err, &damage) {
				t.Errorf("%s: %v", what, err)
			}
			return
		}
		defer read.Close()
		for _, it := range itemsOf(t, read) {
			want := ItemPlanned
			switch it.ID {
			case "i00003", "i00004":
				want = ItemCommitted
			case "i00005":
				want = ItemSubmitted
			}
			if it.State != want {
				t.Errorf("%s: item %s is %s", what, it.ID, it.State)
			}
			files, err := read.Files(it.ID)
			if err == nil && want == ItemCommitted && (len(files) != 1 || files[0].SHA256 != "s") {
				t.Errorf("%s: %+v", what, files)
			}
		}
		if len(itemsOf(t, read)) != 40 {
			t.Errorf("%s: %d items", what, len(itemsOf(t, read)))
		}
	}
	step := max(1, len(whole)/97)
	for at := 0; at < len(whole); at += step {
		flipped := slices.Clone(whole)
		flipped[at] ^= 0x41
		check(fmt.Sprintf("byte %d flipped", at), flipped)
		check(fmt.Sprintf("cut at %d", at), whole[:at])
	}
}

func TestReadDamaged(t *testing.T) {
	t.Parallel()
	b := newBatch(t, many(300))
	for n := range 300 {
		if n%3 == 0 {
			carry(t, b, fmt.Sprintf("i%05d", n), ItemCommitted)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[len(data)/2:], strings.Repeat("x", 8192))
	if err := os.WriteFile(b.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var damage *DamagedError
	if _, err := ReadBatch(b.path); !errors.As(err, &damage) || damage.File != b.path {
		t.Fatalf("%v", err)
	}
	s := ReadDamaged(b.path)
	if !s.Known || len(s.Items)+s.Lost != 300 || len(s.Items) == 0 {
		t.Fatalf("%d items, %d lost, %+v", len(s.Items), s.Lost, s.Facts)
	}
	for _, it := range s.Items {
		var n int
		fmt.Sscanf(it.ID, "i%d", &n)
		if (it.State == ItemCommitted) != (n%3 == 0) {
			t.Errorf("%s is %s", it.ID, it.State)
		}
	}
	kept, err := Rebuild(b.path, s)
	if err != nil || !exists(kept) {
		t.Fatalf("%s, %v", kept, err)
	}
	again, err := OpenBatch(b.path, lockOf(t, b.path))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if len(itemsOf(t, again)) != len(s.Items) {
		t.Errorf("%d items", len(itemsOf(t, again)))
	}
}

// A ledger that is not there is not one that was lost: a log without it is.
func TestMissingBatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	if _, err := ReadBatch(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path+"-wal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	var damage *DamagedError
	if _, err := CreateBatch(path, lockOf(t, path), planOf("a=1")); !errors.As(err, &damage) {
		t.Errorf("%v", err)
	}
	empty := filepath.Join(t.TempDir(), "p.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBatch(empty); !errors.As(err, &damage) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestConcurrentItems(t *testing.T) {
	t.Parallel()
	b := newBatch(t, many(64))
	var going sync.WaitGroup
	for n := range 64 {
		going.Go(func() { carry(t, b, fmt.Sprintf("i%05d", n), ItemCommitted) })
	}
	going.Wait()
	b = reopen(t, b)
	for _, it := range itemsOf(t, b) {
		if it.State != ItemCommitted {
			t.Errorf("%+v", it)
		}
	}
}

// What is kept in memory of items that rest is little, and what the file has of them
// can be read and changed all the same.
func TestRestingItems(t *testing.T) {
	t.Parallel()
	b := newBatch(t, planOf("a=1", "b=1", "c=1", "d=1"))
	if !b.Untouched() {
		t.Error("a ledger that was just made is touched")
	}
	carry(t, b, "a", ItemCommitted)
	carry(t, b, "b", ItemDone)
	if err := b.Fail("c", "failed", "a reason", 0.25); err != nil {
		t.Fatal(err)
	}
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	var live []string
	for _, e := range b.entries {
		if e.live != nil {
			live = append(live, e.id)
		}
	}
	if !slices.Equal(live, []string{"b"}) || len(b.byRun) != 1 {
		t.Errorf("live %v with runs %v, want b alone", live, b.byRun)
	}
	if b.Untouched() || b.Count(ItemCommitted) != 1 || b.Count(ItemPlanned) != 1 {
		t.Errorf("%d committed, %d planned", b.Count(ItemCommitted), b.Count(ItemPlanned))
	}
	for id, want := range map[string]Standing{
		"a": {State: ItemCommitted, Touched: true}, "b": {State: ItemDone, Touched: true},
		"c": {State: ItemFailed, Touched: true}, "d": {State: ItemPlanned},
	} {
		got, ok := b.Standing(id)
		if !ok || !got.Is("1") || got.Is("2") || got.State != want.State || got.Touched != want.Touched || got.Dropped {
			t.Errorf("%s stands at %+v", id, got)
		}
	}
	if it, err := b.Item("a"); err != nil || it.Run != "run-a" || it.PromptID != "prompt-a" || it.USD != 0.5 {
		t.Errorf("%+v, %v", it, err)
	}
	if ms, usd, err := b.Spent(); err != nil || ms != 100 || usd != 0.75 {
		t.Errorf("%d ms, %v USD, %v", ms, usd, err)
	}
	if err := b.Retry("c"); err != nil {
		t.Fatal(err)
	}
	carry(t, b, "c", ItemCommitted)
	b = reopen(t, b)
	if it, err := b.Item("c"); err != nil || it.State != ItemCommitted || it.USD != 0.75 || it.Digest != "1" || it.Error != "" {
		t.Errorf("%+v, %v", it, err)
	}
	if b.Untouched() {
		t.Error("it is touched, reopened or not")
	}
}

// An item that has ended and is made again is known by its new run at once, whether
// or not the binding is on the disk before the run is recorded.
func TestBoundItemIsKnownByItsRun(t *testing.T) {
	t.Parallel()
	b := newBatch(t, planOf("a=1", "b=1"))
	carry(t, b, "a", ItemCommitted)
	if err := b.Fail("b", "failed", "a reason", 0); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b"} {
		if err := b.Bind(id, "again-"+id); err != nil {
			t.Fatal(err)
		}
		if err := b.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := b.Put(Record{ID: "again-" + id, State: Prepared, PromptID: "new-" + id, Request: json.RawMessage("{}")}); err != nil {
			t.Fatal(err)
		}
		if it, err := b.Item(id); err != nil || it.State != ItemSubmitted || it.Run != "again-"+id || it.PromptID != "new-"+id {
			t.Errorf("%+v, %v", it, err)
		}
	}
	// Bound, and ended before anything of the run was recorded: it rests again.
	if err := b.Fail("b", "invalid_input", "a file is gone", 0); err != nil {
		t.Fatal(err)
	}
	if err := b.Bind("b", "third-b"); err != nil {
		t.Fatal(err)
	}
	if err := b.Fail("b", "invalid_input", "a file is gone", 0); err != nil {
		t.Fatal(err)
	}
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	if b.entries[1].live != nil || len(b.byRun) != 1 {
		t.Errorf("of the ended item %+v is kept, with runs %v", b.entries[1].live, b.byRun)
	}
}

func BenchmarkOpenBatch10000(b *testing.B) {
	book := newBatch(b, many(10_000))
	if err := book.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		read, err := ReadBatch(book.path)
		if err != nil {
			b.Fatal(err)
		}
		read.Close()
	}
}

func BenchmarkItemLife(b *testing.B) {
	book := newBatch(b, many(100_000))
	n := 0
	for b.Loop() {
		carry(b, book, fmt.Sprintf("i%05d", n), ItemCommitted)
		n++
	}
}
