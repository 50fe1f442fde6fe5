package batch

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage/memstore"
	"github.com/seed-7d77cb5c/easel/internal/storage/storagetest"
)

func TestMirrorSaysWhatItWasTold(t *testing.T) {
	t.Parallel()
	seed := run.Seed(18446744073709551615)
	assets := map[string]Asset{
		"b": {Digest: "d2", Files: []AssetFile{{"b.png", "22"}, {"b.png.easel.json", "23"}}},
		"a": {Digest: "d1", Seed: &seed, Fields: map[string]string{"prompt": "ab"}, Files: []AssetFile{{"sub/a <1>.png", "11"}}},
	}
	data, err := encodeMirror(&plan.Batch{Name: "p", Digest: "x"}, assets)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(string(data), "\n"); len(lines) != 4 || !strings.Contains(lines[1], `"sub/a <1>.png"`) {
		t.Errorf("lines:\n%s", data)
	}
	got, err := decodeMirror(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Mirror{"x", assets}, got); diff != "" {
		t.Errorf("(-told +said):\n%s", diff)
	}
}

func FuzzMirror(f *testing.F) {
	f.Add("{\"easel_batch\":1}\n{\"id\":\"a\",\"files\":[[\"x.png\",\"11\"]]}\n")
	f.Add("{\"easel_batch\":2}\n")
	f.Add("{\"easel_batch\":1}\n{\"id\":\"a\",\"files\":[[\"../x\",\"11\"]]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		mirror, err := decodeMirror(strings.NewReader(text))
		if err != nil {
			return
		}
		for id, a := range mirror.Items {
			for _, file := range a.Files {
				if strings.Contains(file.Name, "..") && !filepath.IsLocal(file.Name) {
					t.Errorf("item %s has the file %q", id, file.Name)
				}
			}
		}
	})
}

// Of two machines one has the batch; a killed process of the same machine leaves
// nothing that keeps the next one off.
func TestClaim(t *testing.T) {
	t.Parallel()
	store, dir := memstore.New(), t.TempDir()
	claim := func(machine string) (*Claim, error) {
		return ClaimBatch(t.Context(), store, "p", ClaimOptions{File: filepath.Join(dir, machine)})
	}
	first, err := claim("a")
	if err != nil {
		t.Fatal(err)
	}
	var locked *ledger.LockedError
	if _, err := claim("b"); !errors.As(err, &locked) || locked.Owner.PID != os.Getpid() {
		t.Errorf("another machine: %v", err)
	}
	again, err := claim("a") // as after a kill: the first one was never released
	if err != nil {
		t.Fatalf("the same machine: %v", err)
	}
	first.stop()
	if err := again.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if names := storagetest.Names(t, store, ""); len(names) > 0 {
		t.Errorf("left %q", names)
	}
	if other, err := claim("b"); err != nil {
		t.Errorf("another machine afterwards: %v", err)
	} else if err := other.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// Whose claim was taken over is told, and takes nothing back.
func TestClaimTakenOver(t *testing.T) {
	t.Parallel()
	store, dir := memstore.New(), t.TempDir()
	lost := make(chan error, 1)
	mine, err := ClaimBatch(t.Context(), store, "p", ClaimOptions{File: filepath.Join(dir, "a"), pace: time.Millisecond, Lost: func(err error) { lost <- err }})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Remove(t.Context(), ClaimName("p")); err != nil {
		t.Fatal(err)
	}
	theirs := &Claim{store: store, name: ClaimName("p"), own: claimed{ledger.Owner{PID: 1, Host: "elsewhere"}, "theirs"}}
	if err := theirs.put(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	var locked *ledger.LockedError
	if err := <-lost; !errors.As(err, &locked) || locked.Owner.Host != "elsewhere" {
		t.Errorf("told %v", err)
	}
	if err := mine.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if there, _, err := theirs.read(t.Context()); err != nil || there.Token != "theirs" {
		t.Errorf("there is %+v, %v", there, err)
	}
}

// A second machine makes only what the first one has not.
func TestMirrorCarriesABatchElsewhere(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	there := newBench(t, rows(3))
	b := there.plan()
	open := func(dir string) *ledger.Batch {
		book, err := OpenLedger(t.Context(), b, LedgerOptions{Path: filepath.Join(dir, "p.db")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { book.Close() })
		return book
	}
	book := open(t.TempDir())
	storagetest.Put(t, store, "i0000.png", "a picture")
	storagetest.Put(t, store, "i0001.png", "another one")
	for name, content := range map[string]string{"i0000": "a picture", "i0001": "a picture that was edited"} {
		sum, err := sumOf(t.Context(), storeOf(t, content), "x")
		if err != nil {
			t.Fatal(err)
		}
		if err := book.Commit(name, []ledger.File{{Name: name + ".png", SHA256: sum, Bytes: 1, Stored: true}}, []byte("{}"), 0, false); err != nil {
			t.Fatal(err)
		}
	}
	mirroring := StartMirroring(t.Context(), b, book, store, func(string) {})
	if err := mirroring.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	mirror, err := ReadMirror(t.Context(), store, b.Name)
	if err != nil || len(mirror.Items) != 2 {
		t.Fatalf("the mirror has %v, %v", mirror, err)
	}
	second := open(t.TempDir())
	if done, err := AdoptMirror(t.Context(), b, second, mirror, store, false); done != 1 || err != nil {
		t.Fatalf("%d were taken over, %v", done, err)
	}
	for id, want := range map[string]ledger.ItemState{"i0000": ledger.ItemCommitted, "i0001": ledger.ItemPlanned, "i0002": ledger.ItemPlanned} {
		if row, _ := second.Item(id); row.State != want {
			t.Errorf("%s is %s, want %s", id, row.State, want)
		}
	}
}

func storeOf(t *testing.T, content string) *memstore.Store {
	t.Helper()
	s := memstore.New()
	storagetest.Put(t, s, "x", content)
	return s
}
