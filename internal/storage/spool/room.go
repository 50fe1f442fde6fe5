package spool

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
	"github.com/seed-7d77cb5c/easel/internal/storage"
)

// A room is the folder of what waits for one place.
type room struct{ dir string }

func roomOf(dir string, p Place) room {
	sum := sha256.Sum256([]byte(p.Service + "\n" + p.Address))
	return room{filepath.Join(dir, hex.EncodeToString(sum[:8]))}
}

const (
	placeFile   = "place.json"
	lockFile    = "lock"
	entrySuffix = ".entry"
	dataPrefix  = "out-"  // of an output that waits; behind it a number and what it is called
	partSuffix  = ".part" // an output that is being received

	progressSuffix = ".progress" // how far the transfer of an output is, as its place writes it down
)

func isEntry(name string) bool { return strings.HasSuffix(name, entrySuffix) }
func isData(name string) bool  { return strings.HasPrefix(name, dataPrefix) }

// dataName is what the file of an output is called while it waits, so that people
// and programs see what it is.
func dataName(part, name string) string {
	return dataPrefix + strings.TrimSuffix(part, partSuffix) + "-" + storage.SafeName(path.Base(name))
}

// progressName is where it is written down how far the transfer of an output is, the
// same while it is received and while it waits.
func progressName(part string) string { return strings.TrimSuffix(part, partSuffix) + progressSuffix }

// An entry is one output that waits.
type entry struct {
	Name    string    `json:"name"`
	Data    string    `json:"data"` // the file beside the entry
	Size    int64     `json:"size"`
	SHA256  string    `json:"sha256"`
	Since   time.Time `json:"since"`
	Reason  string    `json:"reason"` // why it waits
	Replace bool      `json:"replace,omitempty"`
	// Progress is the file beside the entry that says how far the transfer is; it need
	// not be there.
	Progress string `json:"progress,omitempty"`

	MediaType    string            `json:"media_type,omitempty"`
	CacheControl string            `json:"cache_control,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// object is what is told of an output when it is delivered.
func (r room) object(e entry) storage.Object {
	o := storage.Object{Name: e.Name, Replace: e.Replace, MediaType: e.MediaType, CacheControl: e.CacheControl, Metadata: e.Metadata}
	if e.Progress != "" {
		o.Progress = filepath.Join(r.dir, e.Progress)
	}
	return o
}

// discard removes the files of an output that does not wait any more.
func (r room) discard(e entry) error {
	if e.Progress != "" {
		_ = os.Remove(filepath.Join(r.dir, e.Progress)) // what stays is swept a day later
	}
	return os.Remove(filepath.Join(r.dir, e.Data))
}

func (r room) info(e entry) storage.Info {
	return storage.Info{
		Name: e.Name, Size: e.Size, Modified: e.Since, Local: filepath.Join(r.dir, e.Data), Reason: e.Reason,
		MediaType: e.MediaType, CacheControl: e.CacheControl, SHA256: e.SHA256, Metadata: e.Metadata,
	}
}

// file is where the entry of a name is. There is one of each name.
func (r room) file(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(r.dir, hex.EncodeToString(sum[:16])+entrySuffix)
}

// create begins the file of an output.
func (r room) create(place Place) (*os.File, error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, err
	}
	said := filepath.Join(r.dir, placeFile)
	if _, err := os.Stat(said); errors.Is(err, fs.ErrNotExist) {
		data, err := json.Marshal(place)
		if err != nil {
			return nil, err
		}
		if err := atomicfile.Write(said, append(data, '\n'), atomicfile.Options{}); err != nil {
			return nil, err
		}
	}
	return os.CreateTemp(r.dir, "*"+partSuffix)
}

// unfinished is how old an entry without content is that no living process is
// about to write any more.
const unfinished = time.Minute

// put makes an entry, durably. A name that waits already is storage.ErrExist unless
// the new one replaces it.
func (r room) put(e entry) error {
	file := r.file(e.Name)
	old, oldErr := r.read(file)
	if !e.Replace {
		if err := r.claim(file); err != nil {
			return err
		}
	}
	data, err := json.Marshal(e)
	if err == nil {
		err = atomicfile.Write(file, append(data, '\n'), atomicfile.Options{})
	}
	if err != nil {
		if !e.Replace {
			_ = os.Remove(file)
		}
		return err
	}
	if oldErr == nil && old.Data != e.Data {
		_ = r.discard(old)
	}
	return nil
}

// claim makes an empty entry, of which only one can be.
func (r room) claim(file string) error {
	for {
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err := os.Stat(file)
		if err != nil || info.Size() > 0 || time.Since(info.ModTime()) < unfinished {
			return storage.ErrExist
		}
		if err := os.Remove(file); err != nil { // the process died that claimed it
			return err
		}
	}
}

// update writes an entry anew that is still the same one.
func (r room) update(e entry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = r.same(e, func(file string) error { return atomicfile.Write(file, append(data, '\n'), atomicfile.Options{}) })
	return err
}

// remove ends an entry: it has arrived, or is not wanted any more. One that was
// replaced meanwhile stays.
func (r room) remove(e entry) error {
	same, err := r.same(e, os.Remove)
	if err != nil || !same {
		return err
	}
	return r.discard(e)
}

// same does something with the entry's file unless it is of another output by now.
func (r room) same(e entry, do func(file string) error) (bool, error) {
	file := r.file(e.Name)
	now, err := r.read(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && now.Data != e.Data {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, do(file)
}

// any reports whether something waits, without reading it.
func (r room) any() (bool, error) {
	names, err := r.files(isEntry)
	return len(names) > 0, err
}

// files are the names in the room that fit. A room that is not there is empty.
func (r room) files(fits func(name string) bool) ([]fs.DirEntry, error) {
	all, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return slices.DeleteFunc(all, func(f fs.DirEntry) bool {
		return strings.HasPrefix(f.Name(), ".") || !fits(f.Name())
	}), err
}

// list reads what waits, the oldest first. Entries that are being written are left
// out; what cannot be read is told to the caller with the rest.
func (r room) list() ([]entry, error) {
	files, err := r.files(isEntry)
	if err != nil {
		return nil, err
	}
	var all []entry
	var errs []error
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Size() == 0 {
			continue
		}
		e, err := r.read(filepath.Join(r.dir, f.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // it has arrived meanwhile
		case err != nil:
			errs = append(errs, err)
		default:
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.Name, b.Name)) })
	return all, errors.Join(errs...)
}

// abandoned is how old a file without entry is that no living process is about to
// write any more.
const abandoned = 24 * time.Hour

// sweep removes files of outputs that processes were still receiving when they died.
func (r room) sweep(waiting []entry) {
	files, err := r.files(func(name string) bool {
		return isData(name) || strings.HasSuffix(name, partSuffix) || strings.HasSuffix(name, progressSuffix)
	})
	if err != nil {
		return
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || time.Since(info.ModTime()) < abandoned || slices.ContainsFunc(waiting, func(e entry) bool { return e.Data == f.Name() || e.Progress == f.Name() }) {
			continue
		}
		_ = os.Remove(filepath.Join(r.dir, f.Name()))
	}
}

// get reads the entry of a name; fs.ErrNotExist when it does not wait.
func (r room) get(name string) (entry, error) { return r.read(r.file(name)) }

func (r room) read(file string) (entry, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return entry{}, err
	}
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("read %s: %w", file, err)
	}
	if storage.CheckName(e.Name) != nil || filepath.Base(e.Data) != e.Data || !strings.HasPrefix(e.Data, dataPrefix) ||
		e.Progress != "" && (filepath.Base(e.Progress) != e.Progress || !strings.HasSuffix(e.Progress, progressSuffix)) {
		return e, fmt.Errorf("read %s: it is no entry of a spool", file)
	}
	return e, nil
}
