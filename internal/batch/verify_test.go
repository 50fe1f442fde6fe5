package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/emulator"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/storage"
	"github.com/seed-7d77cb5c/easel/internal/storage/stores"
)

func TestRepairRebuilds(t *testing.T) {
	t.Parallel()
	h, b := newHost(t, emulator.Options{StepTime: time.Millisecond}), newBench(t, rows(25))
	if _, err := b.run(t.Context(), "a="+h.url); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.out, "i0003.png")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.path(), []byte(strings.Repeat("not a ledger", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	var damage *ledger.DamagedError
	if _, err := b.run(t.Context()); !errors.As(err, &damage) {
		t.Fatalf("%v", err)
	}
	store, err := (&stores.Opener{}).Open(b.out)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	lock, err := ledger.LockBatch(t.Context(), b.path(), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Repair(t.Context(), b.path(), store)
	lock.Release()
	if err != nil || r.Committed != 24 {
		t.Fatalf("%+v, %v", r, err)
	}
	sum, err := b.run(t.Context(), "a="+h.url)
	if err != nil || sum.Committed != 25 || sum.Executed != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	b.audit(25)
}

// P-F7: every flipped, cut, missing and foreign file is found, and only what is
// damaged is made again.
func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	h, b := newHost(t, emulator.Options{StepTime: time.Millisecond}), newBench(t, rows(12))
	if _, err := b.run(t.Context(), "a="+h.url); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(b.out, name) }
	change := func(name string, edit func([]byte) []byte) {
		data, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), edit(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(d []byte) []byte { d[len(d)/2] ^= 1; return d }
	change("i0001.png", flip)
	change("i0002.png", func(d []byte) []byte { return d[:len(d)-10] })
	os.Remove(at("i0003.png"))
	change("i0004.png.easel.json", flip)
	os.Remove(at("i0005.png.easel.json"))
	os.WriteFile(at("mine.txt"), []byte("x"), 0o600)

	store, err := (&stores.Opener{}).Open(b.out)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	lock, err := ledger.LockBatch(t.Context(), b.path(), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.OpenBatch(b.path(), lock)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Verify(t.Context(), store, []*ledger.Batch{book}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Kind{}
	for _, f := range v.Findings {
		got[f.File] = f.Kind
	}
	want := map[string]Kind{
		"i0001.png": Changed, "i0002.png": Changed, "i0003.png": Missing,
		"i0004.png.easel.json": RecordChanged, "i0005.png.easel.json": RecordMissing, "mine.txt": Foreign,
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	for file, kind := range want {
		if got[file] != kind {
			t.Errorf("%s: %q, want %q", file, got[file], kind)
		}
	}
	err = Mend(t.Context(), store, []*ledger.Batch{book}, &v, func(address string) (comfy.Backend, error) { return comfy.NewClient(address) })
	book.Close()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Findings {
		if want := map[Kind]string{Changed: "refetched", Missing: "refetched", RecordChanged: "requeued", RecordMissing: "requeued", Foreign: ""}[f.Kind]; f.Mended != want {
			t.Errorf("%s: %q, want %q", f.File, f.Mended, want)
		}
	}
	os.Remove(at("mine.txt"))
	sum, err := b.run(t.Context(), "a="+h.url)
	if err != nil || sum.Executed != 2 {
		t.Errorf("%+v, %v", sum, err)
	}
	b.audit(12)
}

// The summary is what --json prints: its names are a contract.
// A clone of a repository has files and assets.lock, and no ledger: what the lock
// names is missed, and what is another file is found.
func TestVerifyByTheLock(t *testing.T) {
	t.Parallel()
	store, err := (&stores.Opener{}).Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	sum := func(text string) string {
		h := sha256.Sum256([]byte(text))
		return hex.EncodeToString(h[:])
	}
	for name, text := range map[string]string{"good.png": "good", "changed.png": "edited", "foreign.png": "x"} {
		if _, _, err := storage.Put(t.Context(), store, storage.Object{Name: name}, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), AssetsFile)
	err = WriteAssets(path, "p", inOrder(map[string]Asset{
		"a": {Files: []AssetFile{{"good.png", sum("good")}}},
		"b": {Files: []AssetFile{{"changed.png", sum("made")}, {"gone.png", sum("gone")}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	assets, err := ReadAssets(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Verify(t.Context(), store, nil, assets)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Kind{}
	for _, f := range v.Findings {
		got[f.File] = f.Kind
		if f.Damage() && (f.Batch != "p" || f.Item != "b") {
			t.Errorf("%+v", f)
		}
	}
	if want := map[string]Kind{"changed.png": Changed, "gone.png": Missing, "foreign.png": Foreign}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
