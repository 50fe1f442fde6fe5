package batch

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/plan"
	"github.com/seed-7d77cb5c/easel/internal/run"
)

// AssetsFile is the lock file of plans beside their outputs. It says what every
// item was made of and which files it is, and is meant to be committed: a clone
// of the repository knows by it what is up to date.
const AssetsFile = "assets.lock"

// assetsForm is the version of the file's form.
const assetsForm = 1

// maxAssets bounds a lock file that is read: 256 MiB.
const maxAssets = 256 << 20

// Assets are what a lock file holds: by the name of each plan its items, by id.
type Assets struct {
	plans map[string]map[string]Asset
}

// An Asset is an item that was made.
type Asset struct {
	Digest string            // of all that decides what is made
	Seed   *run.Seed         // that it ran with; nil = it takes none
	Fields map[string]string // what the digest is over, each as a short digest: they say what has changed
	Files  []AssetFile       // in the order of the run's outputs
}

// An AssetFile is an output by its name in the store.
type AssetFile struct {
	Name   string
	SHA256 string
}

// An AssetsError means a lock file that is not as easel left it.
type AssetsError struct {
	File   string
	Reason string
}

func (e *AssetsError) Error() string { return e.File + " " + e.Reason }

// AssetsPath is where the lock file of a plan lies: beside the outputs; for
// outputs in a store elsewhere beside the plan file. It is "" where there is
// neither.
func AssetsPath(out, planFile string) string {
	switch {
	case isLocal(out):
		return filepath.Join(out, AssetsFile)
	case planFile != "":
		return strings.TrimSuffix(planFile, filepath.Ext(planFile)) + ".lock"
	}
	return ""
}

// ReadAssets reads a lock file. One that is not there has no plans.
func ReadAssets(path string) (*Assets, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Assets{plans: map[string]map[string]Asset{}}, nil
	}
	if err == nil && info.Size() > maxAssets {
		return nil, &AssetsError{path, fmt.Sprintf("is larger than %d MiB", maxAssets>>20)}
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a, err := decodeAssets(f, "")
	if err != nil {
		return nil, &AssetsError{path, err.Error()}
	}
	return a, nil
}

// The form of an item in the file. Maps are written in the order of their keys.
type assetDocument struct {
	Digest string            `json:"digest"`
	Seed   *run.Seed         `json:"seed,omitempty"`
	Files  [][2]string       `json:"files"` // name and SHA-256
	Fields map[string]string `json:"fields"`
}

// lockReason says what is wrong with a lock file that is JSON.
type lockReason string

func (r lockReason) Error() string { return string(r) }

// decodeAssets reads the content of a lock file item by item, without those of the
// plan except. Marks of an unfinished merge are told as what they are.
func decodeAssets(r io.Reader, except string) (*Assets, error) {
	a := &Assets{plans: map[string]map[string]Asset{}}
	marks := &mergeMarks{matched: 1}
	dec := json.NewDecoder(io.TeeReader(r, marks))
	form := 0
	err := eachKey(dec, func(key string) error {
		switch key {
		case "easel_lock":
			return dec.Decode(&form)
		case "plans":
			return eachKey(dec, func(name string) error { return a.decodePlan(dec, name, name == except) })
		}
		return dec.Decode(new(json.RawMessage))
	})
	if err == nil {
		if _, end := dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("it goes on behind its end")
		}
	}
	if err == nil && form != assetsForm {
		return nil, fmt.Errorf("has the form %d, and this easel reads %d", form, assetsForm)
	}
	if err == nil {
		return a, nil
	}
	if _, copying := io.Copy(marks, r); copying == nil && marks.found {
		return nil, errors.New("has the marks of a merge in it")
	}
	if reason, ok := errors.AsType[lockReason](err); ok {
		return nil, reason
	}
	return nil, fmt.Errorf("is no lock file: %w", err)
}

// decodePlan reads the items of a plan, or passes over them.
func (a *Assets) decodePlan(dec *json.Decoder, name string, pass bool) error {
	items := map[string]Asset{}
	err := eachKey(dec, func(id string) error {
		var item assetDocument
		if err := dec.Decode(&item); err != nil || pass {
			return err
		}
		asset := Asset{Digest: item.Digest, Seed: item.Seed, Fields: item.Fields}
		for _, f := range item.Files {
			if !filepath.IsLocal(filepath.FromSlash(f[0])) || strings.Contains(f[0], `\`) {
				return lockReason(fmt.Sprintf("names a file outside of its folder: %q", f[0]))
			}
			asset.Files = append(asset.Files, AssetFile{f[0], f[1]})
		}
		items[id] = asset
		return nil
	})
	if _, told := errors.AsType[lockReason](err); err != nil && !told {
		err = lockReason(fmt.Sprintf("cannot be read for plan %s: %v", name, err))
	}
	if err == nil && !pass {
		a.plans[name] = items
	}
	return err
}

// eachKey reads an object and calls value with each key, to read what follows it.
// null is an object without keys.
func eachKey(dec *json.Decoder, value func(key string) error) error {
	open, err := dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if open == nil {
		return nil
	}
	if open != json.Delim('{') {
		return fmt.Errorf("%v where an object is expected", open)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if err := value(key.(string)); err != nil { // the decoder lets nothing else be a key
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// mergeMarks finds the first mark of an unfinished merge in what is written to it.
type mergeMarks struct {
	matched int // bytes of mergeMark; the begin of a file is the begin of a line
	found   bool
}

const mergeMark = "\n<<<<<<< "

func (m *mergeMarks) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case m.found:
			return len(p), nil
		case c == mergeMark[m.matched]:
			m.matched++
			m.found = m.matched == len(mergeMark)
		case c == '\n':
			m.matched = 1
		default:
			m.matched = 0
		}
	}
	return len(p), nil
}

// Of are the items of a plan by id; nil when it is not in the file. They must not
// be changed.
func (a *Assets) Of(name string) map[string]Asset { return a.plans[name] }

// WriteAssets puts the items of a plan into a lock file, in place of what it said
// of the plan before. Other plans keep what they have, also when another process
// writes theirs at the same time. A file that says the same already is not written.
// items come in the order of their ids; they are asked for again when another
// process has written meanwhile.
func WriteAssets(path, name string, items ItemAssets) error {
	// What a crash leaves of it among the outputs is named as what it leaves of them, and swept with it.
	opts := atomicfile.Options{Mode: 0o644, DirMode: 0o755, Temp: ".easel-*.part"}
	return atomicfile.EditTo(path, opts, func(before io.Reader, after io.Writer) error {
		a := &Assets{plans: map[string]map[string]Asset{}}
		in := bufio.NewReader(before)
		if _, err := in.Peek(1); !errors.Is(err, io.EOF) {
			var err error
			if a, err = decodeAssets(in, name); err != nil {
				return &AssetsError{path, err.Error()}
			}
		}
		return a.encode(after, name, items)
	})
}

// ItemAssets calls yield with assets by the ids of their items, in the order of
// ids, until it returns an error.
type ItemAssets func(yield func(id string, asset Asset) error) error

// inOrder are assets that are held in a map.
func inOrder(assets map[string]Asset) ItemAssets {
	return func(yield func(string, Asset) error) error {
		for _, id := range slices.Sorted(maps.Keys(assets)) {
			if err := yield(id, assets[id]); err != nil {
				return err
			}
		}
		return nil
	}
}

// encode writes a line per item, in the order of ids, so that two versions of
// the file can be compared and merged line by line. The plan of that name has the
// items given, which are never held together: a long batch has many.
func (a *Assets) encode(w io.Writer, name string, items ItemAssets) error {
	plans := map[string]ItemAssets{name: items}
	for other, assets := range a.plans {
		if other != name {
			plans[other] = inOrder(assets)
		}
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "{\n  \"easel_lock\": %d,\n  \"plans\": {", assetsForm)
	for i, name := range slices.Sorted(maps.Keys(plans)) {
		separate(out, i, "    ")
		if err := writeKey(out, name, "{"); err != nil {
			return err
		}
		n := 0
		err := plans[name](func(id string, asset Asset) error {
			separate(out, n, "      ")
			n++
			if err := writeKey(out, id, ""); err != nil {
				return err
			}
			line, err := json.Marshal(asset.document())
			if err != nil {
				return err
			}
			_, err = out.Write(line)
			return err
		})
		if err != nil {
			return err
		}
		_, _ = out.WriteString("\n    }") // a failure stays until Flush
	}
	_, _ = out.WriteString("\n  }\n}\n")
	return out.Flush()
}

func separate(out *bufio.Writer, n int, indent string) {
	if n > 0 {
		_ = out.WriteByte(',')
	}
	_, _ = out.WriteString("\n" + indent)
}

func writeKey(out *bufio.Writer, key, open string) error {
	quoted, err := json.Marshal(key)
	if err != nil {
		return err
	}
	_, _ = out.Write(quoted)
	_, err = out.WriteString(": " + open)
	return err
}

func (a Asset) document() assetDocument {
	d := assetDocument{Digest: a.Digest, Seed: a.Seed, Fields: a.Fields, Files: [][2]string{}}
	for _, f := range a.Files {
		d.Files = append(d.Files, [2]string{f.Name, f.SHA256})
	}
	return d
}

// AssetOf is what a lock file keeps of an item that was made.
func AssetOf(item *plan.Item, seed *run.Seed, files []AssetFile) Asset {
	return Asset{Digest: item.Digest, Seed: seed, Fields: shortFields(item.Fields()), Files: files}
}

// shortFields are the fields as short digests: a lock file says what has changed
// and not what it was, which may not be meant for everybody.
func shortFields(fields run.Values) map[string]string {
	out := make(map[string]string, len(fields))
	for _, f := range fields {
		out[f.Name] = plan.ShortDigest(f.JSON)
	}
	return out
}
