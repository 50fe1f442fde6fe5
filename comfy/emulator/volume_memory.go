package emulator

import (
	"bytes"
	"io/fs"
	"path"
	"sync"
	"time"
)

// A memVolume keeps files in memory.
type memVolume struct {
	budget *memBudget // nil = no limit

	mu    sync.Mutex
	files map[string]memFile
	dirs  map[string]map[string]bool // folder -> names in it
}

type memFile struct {
	data []byte
	at   time.Time
}

func newMemVolume(budget *memBudget) *memVolume {
	v := &memVolume{budget: budget}
	v.wipe()
	return v
}

func (v *memVolume) open(name string) (storedFile, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f, ok := v.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return &memReader{Reader: bytes.NewReader(f.data), at: f.at}, nil
}

func (v *memVolume) write(name string, data []byte) error {
	v.mu.Lock()
	v.files[name] = memFile{data, time.Now()}
	for child, dir := name, path.Dir(name); ; child, dir = dir, path.Dir(dir) {
		if v.dirs[dir] == nil {
			v.dirs[dir] = map[string]bool{}
		}
		v.dirs[dir][path.Base(child)] = true
		if dir == "." {
			break
		}
	}
	v.mu.Unlock()
	if v.budget != nil {
		v.budget.add(v, name, int64(len(data)))
	}
	return nil
}

func (v *memVolume) remove(name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.files[name]; !ok {
		return fs.ErrNotExist
	}
	delete(v.files, name)
	delete(v.dirs[path.Dir(name)], path.Base(name))
	return nil
}

func (v *memVolume) list(dir string) ([]string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	names := make([]string, 0, len(v.dirs[path.Clean(dir)]))
	for name := range v.dirs[path.Clean(dir)] {
		names = append(names, name)
	}
	return names, nil
}

func (v *memVolume) isDir(name string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.dirs[path.Clean(name)] != nil
}

func (v *memVolume) wipe() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.files = map[string]memFile{}
	v.dirs = map[string]map[string]bool{".": {}}
}

func (v *memVolume) close() error { return nil }

type memReader struct {
	*bytes.Reader
	at time.Time
}

func (r *memReader) Close() error       { return nil }
func (r *memReader) size() int64        { return r.Size() }
func (r *memReader) modTime() time.Time { return r.at }

// A memBudget bounds what several volumes hold; the oldest files go first.
type memBudget struct {
	limit int64

	mu    sync.Mutex
	used  int64
	files []budgeted
}

type budgeted struct {
	volume *memVolume
	name   string
	size   int64
}

func (b *memBudget) add(v *memVolume, name string, size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += size
	b.files = append(b.files, budgeted{v, name, size})
	for b.used > b.limit && len(b.files) > 1 {
		oldest := b.files[0]
		b.files = b.files[1:]
		b.used -= oldest.size
		_ = oldest.volume.remove(oldest.name) // gone already is as good
	}
}
