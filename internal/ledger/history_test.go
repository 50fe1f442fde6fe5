package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func history(t testing.TB) *History {
	t.Helper()
	h, err := Open(filepath.Join(t.TempDir(), "data", "history"))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func put(t testing.TB, h *History, recs ...Record) {
	t.Helper()
	for _, rec := range recs {
		if err := h.Put(rec); err != nil {
			t.Fatal(err)
		}
	}
}

func ids(t testing.TB, h *History) []string {
	t.Helper()
	got := []string{}
	for rec, err := range h.List() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rec.ID)
	}
	return got
}

func TestPutGet(t *testing.T) {
	t.Parallel()
	h := history(t)
	if got := ids(t, h); len(got) > 0 {
		t.Errorf("an empty history has %q", got)
	}
	rec := Record{
		ID: "01jd7xabc", PromptID: "5a0e6a52-0f6c-4d55-8d3c-2f5ad1f9a6e2", Handle: "5a0e6a52-0f6c-4d55-8d3c-2f5ad1f9a6e2",
		Workflow: "flux_single", WorkflowDigest: "sha256:1", Backend: "studio", State: Submitted,
		Created: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Updated: time.Date(2026, 11, 24, 12, 0, 1, 5, time.UTC),
		Hashes: []string{strings.Repeat("a", 64)}, Error: "x",
		Request: json.RawMessage(`{"seed":18446744073709551615}`), Result: json.RawMessage(`{"id":1}`),
	}
	put(t, h, rec)
	got, err := h.Get(rec.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rec, got); d != "" {
		t.Error(d)
	}
	rec.State = Done
	put(t, h, rec)
	if got, err := h.Get("last"); err != nil || got.State != Done {
		t.Errorf("%+v, %v", got, err)
	}
	entries, err := os.ReadDir(h.dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	if info, _ := entries[0].Info(); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if info, _ := os.Stat(h.dir); runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("folder mode %v", info.Mode())
	}
}

func TestGetByName(t *testing.T) {
	t.Parallel()
	h := history(t)
	put(t, h,
		Record{ID: "01jd7xaa", PromptID: "11111111-aaaa"}, Record{ID: "01jd7xab", PromptID: "22222222-bbbb"},
		Record{ID: "01jd8zzz", PromptID: "22222222-cccc"})
	for name, want := range map[string]string{
		"last": "01jd8zzz", "01jd8": "01jd8zzz", "01JD7XAB": "01jd7xab", "01jd7xaa": "01jd7xaa",
		"11111111": "01jd7xaa", "22222222-b": "01jd7xab",
	} {
		if got, err := h.Get(name); err != nil || got.ID != want {
			t.Errorf("%s: got %s, %v, want %s", name, got.ID, err, want)
		}
	}
	var ambiguous *AmbiguousError
	if _, err := h.Get("01jd"); !errors.Is(err, ErrAmbiguous) || !errors.As(err, &ambiguous) ||
		!slices.Equal(ambiguous.Candidates, []string{"01jd8zzz", "01jd7xab", "01jd7xaa"}) {
		t.Errorf("a short prefix: %v", err)
	}
	if _, err := h.Get("22222222"); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("a short prompt id: %v", err)
	}
	var missing *NotFoundError
	if _, err := h.Get("01jd7xzz"); !errors.Is(err, ErrNotFound) || !errors.As(err, &missing) ||
		!slices.Equal(missing.Nearest[:2], []string{"01jd7xab", "01jd7xaa"}) {
		t.Errorf("a wrong id: %v, %+v", err, missing)
	}
	for _, name := range []string{"", "../x", "*", strings.Repeat("x", 1000)} {
		if _, err := h.Get(name); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := history(t).Get("last"); !errors.Is(err, ErrNotFound) {
		t.Errorf("last of nothing: %v", err)
	}
}

func TestPutRefusesNames(t *testing.T) {
	t.Parallel()
	h := history(t)
	for _, id := range []string{"", "last", "../x", "a/b", "A", "x.y", strings.Repeat("x", 65)} {
		if err := h.Put(Record{ID: id}); err == nil {
			t.Errorf("%q was recorded", id)
		}
	}
}

func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	h := history(t)
	put(t, h, Record{ID: "a1", State: Submitted}, Record{ID: "a3", State: Submitted})
	for id, text := range map[string]string{"a2": `{"id":`, "a4": `{"id":"a1"}`} {
		if err := os.WriteFile(h.path(id), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var corrupt *CorruptError
	for _, id := range []string{"a2", "a4"} {
		if _, err := h.Get(id); !errors.As(err, &corrupt) || corrupt.File != h.path(id) {
			t.Errorf("%s: %v", id, err)
		}
	}
	good, bad := 0, 0
	for _, err := range h.List() {
		if err != nil {
			bad++
		} else {
			good++
		}
	}
	if good != 2 || bad != 2 {
		t.Errorf("%d good, %d bad", good, bad)
	}
	if got, err := h.Pending(); err != nil || len(got) != 2 {
		t.Errorf("pending %v, %v", got, err)
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	h := history(t)
	for i, state := range []State{Prepared, Submitted, Cancelling, Done, Failed, Cancelled, Lost} {
		put(t, h, Record{ID: fmt.Sprintf("r%d", i), State: state})
	}
	// Somebody formatted these by hand; the request of the second mentions a state.
	for id, text := range map[string]string{
		"s1": `{ "state" : "done", "id": "s1" }`,
		"s2": `{"id":"s2","request":{"state":"done"},"state":"submitted"}`,
	} {
		if err := os.WriteFile(h.path(id), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Pending()
	if err != nil || len(got) != 4 || got[0].ID != "r0" || got[2].ID != "r2" || got[3].ID != "s2" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestFindByHash(t *testing.T) {
	t.Parallel()
	h := history(t)
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	put(t, h,
		Record{ID: "r1", Hashes: []string{a}}, Record{ID: "r2", Hashes: []string{b, a}},
		Record{ID: "r3", Request: json.RawMessage(`{"image":"` + a + `"}`)})
	if rec, err := h.FindByHash(strings.ToUpper(a)); err != nil || rec == nil || rec.ID != "r2" {
		t.Errorf("%v, %v", rec, err)
	}
	if rec, err := h.FindByHash(strings.Repeat("c", 64)); err != nil || rec != nil {
		t.Errorf("%v, %v", rec, err)
	}
	if _, err := h.FindByHash("short"); err == nil {
		t.Error("a short hash was looked for")
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	h := history(t)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for i := range 6 {
		put(t, h, Record{ID: fmt.Sprintf("r%d", i), State: Done, Updated: now.AddDate(0, 0, i-6)})
	}
	put(t, h, Record{ID: "q", State: Submitted, Updated: now.AddDate(-1, 0, 0)})
	if n, err := h.Prune(now.AddDate(0, 0, -2), 3); n != 3 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	if got := ids(t, h); !slices.Equal(got, []string{"r5", "r4", "r3", "q"}) {
		t.Errorf("left %q", got)
	}
}

// Readers never see a half-written record, and writers of different runs do
// not disturb each other.
func TestConcurrentPut(t *testing.T) {
	t.Parallel()
	h := history(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 10 {
				rec := Record{ID: fmt.Sprintf("r%d", i), Error: strings.Repeat("x", 1000*n)}
				if err := h.Put(rec); err != nil {
					t.Error(err)
				}
				for _, err := range h.List() {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if got := ids(t, h); len(got) != 8 {
		t.Errorf("%q", got)
	}
}

func TestAlive(t *testing.T) {
	t.Parallel()
	h := history(t)
	put(t, h, Record{ID: "me", PID: os.Getpid()}, Record{ID: "nobody"})
	me, err := h.Get("me")
	if err != nil {
		t.Fatal(err)
	}
	if !me.Alive() {
		t.Error("this process is not alive")
	}
	if runtime.GOOS == "linux" {
		if me.Boot == "" || me.PIDStarted == 0 {
			t.Errorf("boot %q, started %d", me.Boot, me.PIDStarted)
		}
		later := me
		later.PIDStarted++
		rebooted := me
		rebooted.Boot = "another"
		if later.Alive() || rebooted.Alive() {
			t.Error("another process with the same number counts as alive")
		}
	}
	if nobody, _ := h.Get("nobody"); nobody.Alive() {
		t.Error("a run without process is alive")
	}
}

func TestOpenRefusesFiles(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(plain); err == nil {
		t.Error("a file was opened as a history")
	}
	h, err := Open(filepath.Join(plain, "below"))
	if err == nil {
		err = h.Put(Record{ID: "x"})
	}
	if err == nil {
		t.Error("a history was made below a file")
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"id":"r","state":"done","request":{"a":1}}`))
	f.Add([]byte(`{"id":"r","pid":-1}`))
	f.Add([]byte(`[]`))
	h := history(f)
	put(f, h, Record{ID: "r"})
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(h.path("r"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		rec, err := h.Get("r")
		var corrupt *CorruptError
		if err != nil && !errors.As(err, &corrupt) {
			t.Errorf("%v", err)
		}
		if err == nil && rec.ID != "r" {
			t.Errorf("id %q", rec.ID)
		}
	})
}

func BenchmarkFirstPageOf10000(b *testing.B) {
	h := history(b)
	data, err := json.Marshal(Record{ID: "x", State: Done, Request: json.RawMessage(`{"prompt":"` + strings.Repeat("word ", 1000) + `"}`)})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		b.Fatal(err)
	}
	for i := range 10_000 {
		id := fmt.Sprintf("r%05d", i)
		if err := os.WriteFile(h.path(id), []byte(strings.Replace(string(data), `"x"`, `"`+id+`"`, 1)), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("list20", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, err := range h.List() {
				if err != nil {
					b.Fatal(err)
				}
				if n++; n == 20 {
					break
				}
			}
		}
	})
	b.Run("pending", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.Pending(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("hash", func(b *testing.B) {
		for b.Loop() {
			if _, err := h.FindByHash(strings.Repeat("f", 64)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPut(b *testing.B) {
	h := history(b)
	for b.Loop() {
		put(b, h, Record{ID: "r", State: Submitted, Request: json.RawMessage(`{"prompt":"x"}`)})
	}
}
