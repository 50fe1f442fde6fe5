package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, err
	}
	a, err := decodeAssets(data)
	if err != nil {
		return nil, &AssetsError{path, err.Error()}
	}
	return a, nil
}

// The form of the file. Maps are written in the order of their keys.
type (
	assetsDocument struct {
		Form  int                        `json:"easel_lock"`
		Plans map[string]json.RawMessage `json:"plans"`
	}
	assetDocument struct {
		Digest string            `json:"digest"`
		Seed   *run.Seed         `json:"seed,omitempty"`
		Files  [][2]string       `json:"files"` // name and SHA-256
		Fields map[string]string `json:"fields"`
	}
)

// decodeAssets reads the content of a lock file. Marks of an unfinished merge are
// told as what they are.
func decodeAssets(data []byte) (*Assets, error) {
	if bytes.Contains(data, []byte("\n<<<<<<< ")) || bytes.HasPrefix(data, []byte("<<<<<<< ")) {
		return nil, errors.New("has the marks of a merge in it")
	}
	var doc assetsDocument
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, errors.New("is no lock file: " + err.Error())
	}
	if doc.Form != assetsForm {
		return nil, fmt.Errorf("has the form %d, and this easel reads %d", doc.Form, assetsForm)
	}
	a := &Assets{plans: map[string]map[string]Asset{}}
	for name, raw := range doc.Plans {
		var items map[string]assetDocument
		if err := json.Unmarshal(raw, &items); err != nil {
			return nil, fmt.Errorf("cannot be read for plan %s: %w", name, err)
		}
		a.plans[name] = make(map[string]Asset, len(items))
		for id, item := range items {
			asset := Asset{Digest: item.Digest, Seed: item.Seed, Fields: item.Fields}
			for _, f := range item.Files {
				if !filepath.IsLocal(filepath.FromSlash(f[0])) || strings.Contains(f[0], `\`) {
					return nil, fmt.Errorf("names a file outside of its folder: %q", f[0])
				}
				asset.Files = append(asset.Files, AssetFile{f[0], f[1]})
			}
			a.plans[name][id] = asset
		}
	}
	return a, nil
}

// Of are the items of a plan by id; nil when it is not in the file. They must not
// be changed.
func (a *Assets) Of(name string) map[string]Asset { return a.plans[name] }

// WriteAssets puts the items of a plan into a lock file, in place of what it said
// of the plan before. Other plans keep what they have, also when another process
// writes theirs at the same time. A file that says the same already is not written.
func WriteAssets(path, name string, items map[string]Asset) error {
	return atomicfile.Edit(path, atomicfile.Options{Mode: 0o644, DirMode: 0o755}, func(before []byte) ([]byte, error) {
		a := &Assets{plans: map[string]map[string]Asset{}}
		if len(bytes.TrimSpace(before)) > 0 {
			var err error
			if a, err = decodeAssets(before); err != nil {
				return nil, &AssetsError{path, err.Error()}
			}
		}
		a.plans[name] = items
		return a.encode()
	})
}

// encode writes a line per item, in the order of ids, so that two versions of
// the file can be compared and merged line by line.
func (a *Assets) encode() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"easel_lock\": %d,\n  \"plans\": {", assetsForm)
	for i, name := range slices.Sorted(maps.Keys(a.plans)) {
		separate(&b, i, "    ")
		if err := writeKey(&b, name, "{"); err != nil {
			return nil, err
		}
		items := a.plans[name]
		for n, id := range slices.Sorted(maps.Keys(items)) {
			separate(&b, n, "      ")
			if err := writeKey(&b, id, ""); err != nil {
				return nil, err
			}
			line, err := json.Marshal(items[id].document())
			if err != nil {
				return nil, err
			}
			if n == 0 { // all lines are about as long, and a buffer that doubles costs its size twice
				b.Grow(len(items) * (len(line) + 2*len(id)))
			}
			b.Write(line)
		}
		b.WriteString("\n    }")
	}
	b.WriteString("\n  }\n}\n")
	return b.Bytes(), nil
}

func separate(b *bytes.Buffer, n int, indent string) {
	if n > 0 {
		b.WriteByte(',')
	}
	b.WriteString("\n" + indent)
}

func writeKey(b *bytes.Buffer, key, open string) error {
	quoted, err := json.Marshal(key)
	if err != nil {
		return err
	}
	b.Write(quoted)
	b.WriteString(": " + open)
	return nil
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
