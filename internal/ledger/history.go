package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-7d77cb5c/easel/internal/atomicfile"
)

// Last is the name of the newest run.
const Last = "last"

const (
	suffix     = ".json"
	tempSuffix = ".tmp"
)

// History is the runs of this machine: a file per run, named by its id, whose
// order is that of time. There is no lock and no index: each run is written by
// one process, by renaming a complete file into place.
type History struct{ dir string }

// Open uses a folder, making it on the first Put. Files are readable by their
// owner only: prompts are private.
func Open(dir string) (*History, error) {
	info, err := os.Stat(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open history: %w", err)
	}
	if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("open history: %s is not a folder", dir)
	}
	return &History{dir}, nil
}

// Put writes a run down, replacing what was known of it. When it returns nil,
// the record survives a power cut. The process is that of rec.PID.
func (h *History) Put(rec Record) error {
	if !validID(rec.ID) {
		return fmt.Errorf("record run: invalid id %q", rec.ID)
	}
	if rec.PID > 0 && rec.Boot == "" && rec.PIDStarted == 0 {
		rec.Boot, rec.PIDStarted = bootID(), started(rec.PID)
	}
	data, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("record run %s: %w", rec.ID, err)
	}
	if err := h.write(rec.ID, append(data, '\n')); err != nil {
		return &WriteError{Run: rec.ID, Folder: h.dir, Err: err}
	}
	if rec.State == Done && rec.ExecutedMS > 0 {
		h.remember(rec)
	}
	return nil
}

func (h *History) write(id string, data []byte) error {
	if err := makeFolder(h.dir); err != nil {
		return err
	}
	temp := "." + id + "-*" + tempSuffix
	return atomicfile.Write(h.path(id), data, atomicfile.Options{Temp: temp})
}

// makeFolder makes a folder and its parents durable.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return atomicfile.SyncDir(parent)
}

func (h *History) path(id string) string { return filepath.Join(h.dir, id+suffix) }

// validID allows what makes a safe file name everywhere.
func validID(id string) bool {
	if id == "" || len(id) > 64 || id == Last {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

// Get finds a run by its id, by a prefix that fits only one, or by Last. The
// prefix may also be one of its prompt id, of at least 8 characters. Failures
// are *NotFoundError, *AmbiguousError and *CorruptError.
func (h *History) Get(name string) (Record, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if validID(name) {
		rec, err := h.read(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return rec, err
		}
	}
	ids, err := h.ids()
	if err != nil {
		return Record{}, err
	}
	if name == Last && len(ids) > 0 {
		return h.read(ids[0])
	}
	var fit []string
	if name != "" {
		for _, id := range ids {
			if strings.HasPrefix(id, name) {
				fit = append(fit, id)
			}
		}
	}
	if len(fit) == 0 && len(name) >= 8 && name != Last {
		if fit, err = h.byPromptID(name); err != nil {
			return Record{}, err
		}
	}
	switch {
	case len(fit) == 1:
		return h.read(fit[0])
	case len(fit) > 1:
		return Record{}, &AmbiguousError{Prefix: name, Candidates: fit[:min(10, len(fit))], More: len(fit) > 10}
	}
	return Record{}, &NotFoundError{Name: name, Nearest: nearest(name, ids)}
}

func (h *History) byPromptID(prefix string) ([]string, error) {
	var fit []string
	for rec, err := range h.List() {
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(rec.PromptID, prefix) {
			fit = append(fit, rec.ID)
		}
	}
	return fit, nil
}

func (h *History) read(id string) (Record, error) {
	data, err := os.ReadFile(h.path(id))
	if err != nil {
		return Record{}, fmt.Errorf("read run %s: %w", id, err)
	}
	var rec Record
	if err := json.Unmarshal(data, &rec); err != nil {
		return Record{}, &CorruptError{File: h.path(id), Err: err}
	}
	if rec.ID != id {
		return Record{}, &CorruptError{File: h.path(id), Err: fmt.Errorf("it is of run %q", rec.ID)}
	}
	return rec, nil
}

// ids lists the runs, newest first, without reading them.
func (h *History) ids() ([]string, error) {
	d, err := os.Open(h.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list history: %w", err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list history: %w", err)
	}
	ids := names[:0]
	for _, name := range names {
		if id, ok := strings.CutSuffix(name, suffix); ok && validID(id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	return ids, nil
}

// List yields the runs, newest first; each is read when its turn comes. A
// damaged one is yielded as a *CorruptError and the list goes on if the caller
// does; one that is pruned meanwhile is left out.
func (h *History) List() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		ids, err := h.ids()
		if err != nil {
			yield(Record{}, err)
			return
		}
		for _, id := range ids {
			rec, err := h.read(id)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// Pending are the runs that have not ended as far as this machine knows,
// oldest first. Damaged records are left out.
func (h *History) Pending() ([]Record, error) {
	ids, err := h.ids()
	if err != nil {
		return nil, err
	}
	var found []Record
	for _, id := range slices.Backward(ids) {
		if h.endedAtSight(id) {
			continue
		}
		rec, err := h.read(id)
		var corrupt *CorruptError
		switch {
		case errors.As(err, &corrupt), errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case !rec.State.Ended():
			found = append(found, rec)
		}
	}
	return found, nil
}

// endedAtSight looks at the beginning of a file only: Put writes the state
// before anything long. A file that somebody formatted anew is not recognised
// and must be read.
func (h *History) endedAtSight(id string) bool {
	f, err := os.Open(h.path(id))
	if err != nil {
		return false
	}
	defer f.Close()
	var b [1024]byte
	n, _ := f.Read(b[:])
	head, _, _ := strings.Cut(string(b[:n]), `"created":`)
	before, rest, ok := strings.Cut(head, `"state":"`) // no string of JSON contains this: its quotes are escaped
	state, _, closed := strings.Cut(rest, `"`)
	return ok && closed && strings.LastIndexByte(before, '{') == 0 && State(state).Ended() // and not that of an inner object
}

// searchLimit bounds FindByHash on a history of many years.
const searchLimit = 100_000

// FindByHash finds the newest run that made a file of this SHA-256 (lower-case
// hex) among the newest 100 000; nil when there is none.
func (h *History) FindByHash(sha256 string) (*Record, error) {
	sha256 = strings.ToLower(sha256)
	if len(sha256) != 64 {
		return nil, fmt.Errorf("find a run by hash: %q is no SHA-256", sha256)
	}
	ids, err := h.ids()
	if err != nil {
		return nil, err
	}
	for _, id := range ids[:min(len(ids), searchLimit)] {
		data, err := os.ReadFile(h.path(id))
		if err != nil || !strings.Contains(string(data), sha256) { // decoding is the costly part
			continue
		}
		rec, err := h.read(id)
		if err == nil && slices.Contains(rec.Hashes, sha256) {
			return &rec, nil
		}
	}
	return nil, nil
}

// Prune removes the records of runs that ended before a time, apart from the
// newest keep ones, and returns how many. A run that has not ended is kept
// until resume has dealt with it.
func (h *History) Prune(before time.Time, keep int) (int, error) {
	removed, seen := 0, 0
	for rec, err := range h.List() {
		var corrupt *CorruptError
		if errors.As(err, &corrupt) {
			continue
		}
		if err != nil {
			return removed, err
		}
		seen++
		if seen <= keep || !rec.State.Ended() || !rec.Updated.Before(before) {
			continue
		}
		if err := os.Remove(h.path(rec.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, fmt.Errorf("prune history: %w", err)
		}
		removed++
	}
	h.sweep(time.Now().Add(-24 * time.Hour))
	return removed, nil
}

// sweep removes what a killed Put left behind.
func (h *History) sweep(before time.Time) {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), tempSuffix) {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			_ = os.Remove(filepath.Join(h.dir, e.Name()))
		}
	}
}

// nearest are the ids that share the longest beginning with a name, at most 3.
func nearest(name string, ids []string) []string {
	const least = 3
	shared := func(id string) int {
		n := 0
		for n < len(id) && n < len(name) && id[n] == name[n] {
			n++
		}
		return n
	}
	near := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return shared(id) < least })
	slices.SortStableFunc(near, func(a, b string) int { return shared(b) - shared(a) })
	return near[:min(3, len(near))]
}
