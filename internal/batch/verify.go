package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/ledger"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A Kind is what is wrong with a file.
type Kind string

// Kinds of findings. Foreign is no damage: nobody here made the file.
const (
	Missing       Kind = "missing"        // a file that was made is not there
	Changed       Kind = "changed"        // its content is another one: flipped, cut or edited
	RecordMissing Kind = "record_missing" // the record beside a file is not there
	RecordChanged Kind = "record_changed" // it is not what was written, or cannot be read
	Foreign       Kind = "foreign"        // neither a ledger nor a record knows the file
)

// A Finding is one file that is not as it should be.
type Finding struct {
	Kind   Kind   `json:"kind"`
	File   string `json:"file"` // its name in the store
	Path   string `json:"path"`
	Batch  string `json:"batch,omitempty"`
	Item   string `json:"item,omitempty"`
	Detail string `json:"detail,omitempty"`
	Mended string `json:"mended,omitempty"` // refetched, or requeued
}

// Damage reports whether something is lost.
func (f Finding) Damage() bool { return f.Kind != Foreign }

// A Verdict is what verifying a store came to.
type Verdict struct {
	Files    int       `json:"files"` // that were read
	Bytes    int64     `json:"bytes"`
	Findings []Finding `json:"findings"`
}

// Damaged is how many of the findings are damage, and not mended.
func (v Verdict) Damaged() int {
	n := 0
	for _, f := range v.Findings {
		if f.Damage() && f.Mended == "" {
			n++
		}
	}
	return n
}

// LockFile is the name of the file that a plan's results are written down in, to be
// committed to a repository.
const LockFile = "assets.lock"

// ReportFile is the name of the page about a batch, beside its outputs.
const ReportFile = "report.html"

// A made file is one that a ledger or a lock file knows.
type made struct {
	ledger.File
	batch  string
	item   string
	record bool // it is a record, and not an output
}

// Verify reads every file of a store and holds it against the ledgers of its
// batches, for plans without a ledger against their lock file, and against the
// records beside files. assets may be nil.
func Verify(ctx context.Context, store storage.Store, books []*ledger.Batch, assets *Assets) (Verdict, error) {
	v := Verdict{Findings: []Finding{}}
	known, err := knownFiles(books, assets)
	if err != nil {
		return v, err
	}
	there := map[string]bool{}
	var names []string
	for info, err := range store.List(ctx, "") {
		if errors.Is(err, storage.ErrNotExist) {
			break
		}
		if err != nil {
			return v, err
		}
		if info.Name == LockFile || info.Name == ReportFile || strings.HasPrefix(info.Name, StateFolder+"/") {
			continue
		}
		names = append(names, info.Name)
		there[info.Name] = true
	}
	for _, name := range sortedKeys(known) {
		if m := known[name]; !there[name] {
			kind := Missing
			if m.record {
				kind = RecordMissing
			}
			v.Findings = append(v.Findings, m.finding(store, kind, "there is no such file"))
		}
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return v, context.Cause(ctx)
		}
		if err := v.look(ctx, store, name, known, there); err != nil {
			return v, err
		}
	}
	return v, nil
}

// knownFiles are what ledgers have stored, and what a lock file says of plans that
// have none. A later batch of the same store wins.
func knownFiles(books []*ledger.Batch, assets *Assets) (map[string]made, error) {
	known := map[string]made{}
	if assets != nil {
		for plan, items := range assets.plans {
			if slices.ContainsFunc(books, func(b *ledger.Batch) bool { return b.Facts().Name == plan }) {
				continue
			}
			for id, asset := range items {
				for _, f := range asset.Files {
					known[f.Name] = made{File: ledger.File{Name: f.Name, SHA256: f.SHA256}, batch: plan, item: id}
				}
			}
		}
	}
	for _, book := range books {
		name := book.Facts().Name
		err := book.AllFiles(func(id string, f ledger.File) error {
			if it, ok := book.Standing(id); ok && f.Stored && it.State != ledger.ItemPlanned {
				known[f.Name] = made{File: f, batch: name, item: id, record: strings.HasSuffix(f.Name, run.RecordSuffix)}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

func (m made) finding(store storage.Store, kind Kind, detail string) Finding {
	return Finding{Kind: kind, File: m.Name, Path: store.Location(m.Name), Batch: m.batch, Item: m.item, Detail: detail}
}

// look judges one file that is there.
func (v *Verdict) look(ctx context.Context, store storage.Store, name string, known map[string]made, there map[string]bool) error {
	sum, n, err := digestOf(ctx, store, name)
	if errors.Is(err, storage.ErrNotExist) {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	v.Files++
	v.Bytes += n
	m, ours := known[name]
	of, isRecord := strings.CutSuffix(name, run.RecordSuffix)
	add := func(kind Kind, detail string) {
		f := Finding{Kind: kind, File: name, Path: store.Location(name), Detail: detail}
		if ours {
			f = m.finding(store, kind, detail)
		}
		v.Findings = append(v.Findings, f)
	}
	switch {
	case ours && sum != m.SHA256:
		kind := Changed
		if isRecord {
			kind = RecordChanged
		}
		detail := "its content is another one"
		if n < m.Bytes {
			detail = "it is shorter than it was"
		}
		add(kind, detail)
	case ours:
	case isRecord:
		rec, err := readRecord(ctx, store, name)
		switch {
		case err != nil || rec.Record == 0:
			add(RecordChanged, "it cannot be read")
		case !there[of]:
			v.Findings = append(v.Findings, Finding{Kind: Missing, File: of, Path: store.Location(of), Detail: "its record is there, and it is not"})
		}
	case there[name+run.RecordSuffix]:
		rec, err := readRecord(ctx, store, name+run.RecordSuffix)
		if err == nil && rec.File != nil && (rec.File.SHA256 != sum || rec.File.Bytes != n) {
			add(Changed, "it is not the file that its record tells of")
		}
	default:
		add(Foreign, "")
	}
	return nil
}

func digestOf(ctx context.Context, store storage.Store, name string) (string, int64, error) {
	body, _, err := store.Open(ctx, name)
	if err != nil {
		return "", 0, err
	}
	defer body.Close()
	h := sha256.New()
	n, err := io.Copy(h, body)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

// Mend gets back what Verify found missing or changed of items in ledgers, which
// must be open for writing: from the backend that made it, when it still has the
// very same file; else the item is planned again, so that the next run of the batch
// makes it. open opens a backend by the address that a ledger keeps.
func Mend(ctx context.Context, store storage.Store, books []*ledger.Batch, v *Verdict, open func(address string) (comfy.Backend, error)) error {
	byName := map[string]*ledger.Batch{}
	for _, b := range books {
		byName[b.Facts().Name] = b
	}
	backends := map[string]comfy.Backend{}
	requeued := map[string]bool{}
	for i := range v.Findings {
		f := &v.Findings[i]
		book := byName[f.Batch]
		if book == nil || f.Item == "" || !f.Damage() {
			continue
		}
		if f.Kind == Missing || f.Kind == Changed {
			ok, err := refetch(ctx, store, book, *f, func(address string) comfy.Backend {
				be, known := backends[address]
				if !known {
					be, _ = open(address) // one that cannot be opened has nothing
					backends[address] = be
				}
				return be
			})
			if err != nil {
				return err
			}
			if ok {
				f.Mended = "refetched"
				continue
			}
		}
		if key := f.Batch + "\n" + f.Item; !requeued[key] {
			requeued[key] = true
			if err := replan(ctx, store, book, f.Item); err != nil {
				return err
			}
		}
		f.Mended = "requeued"
	}
	return nil
}

// replan makes an item planned again. What is left of its files is replaced then,
// whatever became of it.
func replan(ctx context.Context, store storage.Store, book *ledger.Batch, id string) error {
	files, err := book.Files(id)
	if err != nil {
		return err
	}
	var left []ledger.File
	for _, f := range files {
		sum, n, err := digestOf(ctx, store, f.Name)
		if errors.Is(err, storage.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		left = append(left, ledger.File{Name: f.Name, SHA256: sum, Bytes: n, Stored: true})
	}
	if err := book.Own(id, left); err != nil {
		return err
	}
	return book.Retry(id)
}

// refetch puts a file back that its backend still has. What does not have the
// content that was stored is not taken.
func refetch(ctx context.Context, store storage.Store, book *ledger.Batch, f Finding, open func(string) comfy.Backend) (bool, error) {
	data, err := book.Made(f.Item)
	if err != nil || data == nil {
		return false, err
	}
	var at remote
	if json.Unmarshal(data, &at) != nil || at.Address == "" {
		return false, nil
	}
	result, err := book.Result(f.Item)
	if err != nil {
		return false, err
	}
	var res run.Result
	if json.Unmarshal(result, &res) != nil || len(res.Outputs) != len(at.Outputs) {
		return false, nil
	}
	files, err := book.Files(f.Item)
	if err != nil {
		return false, err
	}
	nameOutputs(&res, files)
	for i, o := range res.Outputs {
		if o.Name != f.File || o.Original != "" {
			continue
		}
		be := open(at.Address)
		if be == nil {
			return false, nil
		}
		return restore(ctx, store, be, at.Outputs[i], o)
	}
	return false, nil
}

// restore writes an output anew. Any failure but one of the store means that the
// backend does not have it.
func restore(ctx context.Context, store storage.Store, be comfy.Backend, from comfy.Output, o run.Output) (bool, error) {
	body, _, err := be.Open(ctx, from)
	if err != nil {
		return false, nil
	}
	defer body.Close()
	w, err := store.Create(ctx, storage.Object{Name: o.Name, Replace: true, MediaType: o.MediaType})
	if err != nil {
		return false, err
	}
	defer w.Abort()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), body)
	if err != nil || n != o.Bytes || hex.EncodeToString(h.Sum(nil)) != o.SHA256 {
		return false, nil
	}
	_, err = w.Commit(ctx, o.Name)
	return err == nil, err
}

// kindOf is the kind of an output by its media type.
func kindOf(mediaType string) comfy.OutputKind {
	kind, _, _ := strings.Cut(mediaType, "/")
	switch kind {
	case "image":
		return comfy.OutputImage
	case "video":
		return comfy.OutputVideo
	case "audio":
		return comfy.OutputAudio
	case "text":
		return comfy.OutputText
	}
	return comfy.OutputOther
}
