package batch

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A mirror is what lies beside outputs that are in a bucket: an object of JSON
// lines that says what of a batch is made, as the ledger on the machine that makes
// it does. Another machine goes on by it. The ledger stays the truth: a mirror may
// be some seconds behind.

// MirrorName is the name of a batch's mirror in the store of its outputs.
func MirrorName(name string) string { return StateFolder + "/" + name + ".jsonl" }

// mirrorForm is the version of the mirror's form.
const mirrorForm = 1

// maxMirrorLine bounds a line that is read: 16 MiB.
const maxMirrorLine = 16 << 20

// mirrorHead is the first line; others are a mirrorItem.
type mirrorHead struct {
	Form int    `json:"easel_batch"`
	Name string `json:"name"`
	Plan string `json:"plan"` // digest
}

type mirrorItem struct {
	ID     string            `json:"id"`
	Digest string            `json:"digest"`
	Seed   *run.Seed         `json:"seed,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	Files  [][2]string       `json:"files"` // name and SHA-256
}

// A Mirror is what a mirror says.
type Mirror struct {
	Plan  string           // digest of the plan that it is of
	Items map[string]Asset // that are made, by id
}

// A MirrorError means a mirror that is not as easel left it.
type MirrorError struct {
	Location string
	Reason   string
}

func (e *MirrorError) Error() string { return e.Location + " " + e.Reason }

// ReadMirror reads the mirror of a batch; it has no items when there is none.
func ReadMirror(ctx context.Context, store storage.Store, name string) (Mirror, error) {
	body, _, err := store.Open(ctx, MirrorName(name))
	if errors.Is(err, storage.ErrNotExist) {
		return Mirror{}, nil
	}
	if err != nil {
		return Mirror{}, err
	}
	defer body.Close()
	mirror, err := decodeMirror(body)
	if reason, ok := errors.AsType[mirrorReason](err); ok {
		return Mirror{}, &MirrorError{store.Location(MirrorName(name)), string(reason)}
	}
	return mirror, err
}

type mirrorReason string

func (r mirrorReason) Error() string { return string(r) }

func decodeMirror(r io.Reader) (Mirror, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxMirrorLine)
	m := Mirror{Items: map[string]Asset{}}
	for n := 1; lines.Scan(); n++ {
		if n == 1 {
			var head mirrorHead
			if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.Form == 0 {
				return m, mirrorReason("is not the record of a batch")
			}
			if head.Form > mirrorForm {
				return m, mirrorReason(fmt.Sprintf("has the form %d, and this easel reads %d", head.Form, mirrorForm))
			}
			m.Plan = head.Plan
			continue
		}
		var item mirrorItem
		if err := json.Unmarshal(lines.Bytes(), &item); err != nil || item.ID == "" {
			return m, mirrorReason(fmt.Sprintf("cannot be read in line %d", n))
		}
		asset := Asset{Digest: item.Digest, Seed: item.Seed, Fields: item.Fields}
		for _, f := range item.Files {
			if storage.CheckName(f[0]) != nil {
				return m, mirrorReason(fmt.Sprintf("names a file outside of its place in line %d", n))
			}
			asset.Files = append(asset.Files, AssetFile{f[0], f[1]})
		}
		m.Items[item.ID] = asset
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return m, mirrorReason("has a line that is too long")
	}
	return m, lines.Err()
}

func encodeMirror(b *plan.Batch, assets map[string]Asset) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(mirrorHead{mirrorForm, b.Name, b.Digest}); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(assets)) {
		a := assets[id]
		item := mirrorItem{ID: id, Digest: a.Digest, Seed: a.Seed, Fields: a.Fields, Files: [][2]string{}}
		for _, f := range a.Files {
			item.Files = append(item.Files, [2]string{f.Name, f.SHA256})
		}
		if err := e.Encode(item); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// AdoptMirror takes over from a mirror what a ledger does not know: items that
// another machine has made, whose files are there as they were made. A ledger that
// knows something keeps what it knows; a fresh one is filled as by AdoptAssets,
// save that a mirror of the same plan lacks what is not made yet. It returns how
// many items are done by it.
func AdoptMirror(ctx context.Context, b *plan.Batch, book *ledger.Batch, mirror Mirror, store storage.Store, update bool) (done int, err error) {
	if len(mirror.Items) == 0 {
		return 0, nil
	}
	if book.Untouched() {
		return AdoptAssets(ctx, b, book, mirror.Items, store, update || mirror.Plan == b.Digest)
	}
	elsewhere := map[string]Asset{}
	for i := range b.Items {
		item := &b.Items[i]
		row, ok := book.Standing(item.ID)
		asset, made := mirror.Items[item.ID]
		if ok && made && !row.State.Open() && row.State != ledger.ItemCommitted && row.State != ledger.ItemStored &&
			row.Is(item.Digest) && asset.Digest == item.Digest {
			elsewhere[item.ID] = asset
		}
	}
	if len(elsewhere) == 0 {
		return 0, nil
	}
	reports, _, err := CheckAssets(ctx, b, elsewhere, store)
	if err != nil {
		return 0, err
	}
	for _, r := range reports {
		asset, ok := elsewhere[r.Item.ID]
		if !ok || r.State != AssetCurrent {
			continue
		}
		if err := adoptAsset(book, r, asset); err != nil {
			return done, err
		}
		done++
	}
	return done, book.Sync()
}

// mirrorPace is how far a mirror is behind its ledger, at most, while the store
// takes it at once. A mirror whose writing takes long is written less often.
const mirrorPace = 5 * time.Second

// A Mirroring keeps the mirror of a batch while it runs.
type Mirroring struct {
	batch *plan.Batch
	book  *ledger.Batch
	store storage.Store
	note  func(string)

	mu      sync.Mutex
	known   map[string]Asset
	written []byte

	stop func()
	done chan struct{}
}

// StartMirroring begins to write the mirror of a batch whose outputs are in a
// store elsewhere. note is told, once, when the store does not take it.
func StartMirroring(ctx context.Context, b *plan.Batch, book *ledger.Batch, store storage.Store, note func(string)) *Mirroring {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	m := &Mirroring{batch: b, book: book, store: store, note: note, stop: stop, done: make(chan struct{})}
	go m.run(ctx)
	return m
}

func (m *Mirroring) run(ctx context.Context) {
	defer close(m.done)
	pause, told := mirrorPace, false
	for {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		began := time.Now()
		if err := m.write(ctx); err != nil && !told && ctx.Err() == nil {
			told = true
			m.note("what is made cannot be written down beside the outputs, and is tried again: " + err.Error())
		}
		pause = max(mirrorPace, 10*time.Since(began))
	}
}

// write brings the mirror in line with the ledger.
func (m *Mirroring) write(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.book.Sync(); err != nil { // files are read from the disk
		return err
	}
	assets, err := AssetsOf(m.batch, m.book, m.known)
	if err != nil {
		return err
	}
	m.known = assets
	data, err := encodeMirror(m.batch, assets)
	if err != nil || bytes.Equal(data, m.written) || m.written == nil && len(assets) == 0 {
		return err
	}
	object := storage.Object{Name: MirrorName(m.batch.Name), Replace: true, MediaType: "application/x-ndjson"}
	if _, _, err := storage.Put(ctx, m.store, object, bytes.NewReader(data)); err != nil {
		return err
	}
	m.written = data
	return nil
}

// Close writes the mirror a last time.
func (m *Mirroring) Close(ctx context.Context) error {
	m.stop()
	<-m.done
	return m.write(ctx)
}
